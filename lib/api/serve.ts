/** The API over node's own HTTP server: for the node image and the laptop. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import { EscaleError } from '../core/errors.ts'
import type { Deps } from '../control/deps.ts'
import { problemResponse } from './answer.ts'
import { createApi } from './app.ts'
import type { ApiOptions } from './app.ts'
import { attachExec } from './exec-socket.ts'

export interface ServeOptions {
  readonly api: Omit<ApiOptions, 'closing'>
  /** Absent: this machine alone may call. */
  readonly host?: string
  /** 0: any free one. */
  readonly port: number
}

export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Ends waiting requests and streams, lets the others finish for `graceMs`, then cuts them off. */
  close(graceMs?: number): Promise<void>
}

/** The longest cursor, in the longest encoding, fits. */
const maxHeaderBytes = 32 * 1024

const listen = (server: Server, port: number, host: string): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new EscaleError('in-use', `Port ${String(port)} of ${host} is taken by another process.`, { cause: error })
          : error,
      )
    })
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })

const urlOf = ({ address, family, port }: AddressInfo): string => {
  const isAny = address === '0.0.0.0' || address === '::'
  const host = isAny ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${String(port)}`
}

/** Answers what node could not read as a request the way everything else is answered. */
async function refuseUnread(deps: Deps, error: NodeJS.ErrnoException, socket: Duplex): Promise<void> {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const told =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new EscaleError('headers-too-large', `Address and headers exceed ${String(maxHeaderBytes)} bytes.`)
      : new EscaleError('usage', 'This is no HTTP request.')
  const response = problemResponse(told, Buffer.from(deps.random.bytes(16)).toString('hex'))
  const body = Buffer.from(await response.arrayBuffer())
  const headers = [...response.headers, ['content-length', String(body.length)], ['connection', 'close']]
  const head = headers.map(([name, value]) => `${name ?? ''}: ${value ?? ''}\r\n`).join('')
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${String(response.status)} Refused\r\n${head}\r\n`), body]))
}

export async function serveApi(options: ServeOptions): Promise<RunningServer> {
  const closing = new AbortController()
  const app = createApi({ ...options.api, closing: closing.signal })
  // Longer than a balancer's idle time, so that it is never us who close a connection in use (ruling E4).
  const serverOptions = {
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: 65_000,
    headersTimeout: 66_000,
    requestTimeout: 300_000,
  }
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    void refuseUnread(options.api.deps, error, socket)
  })
  const exec = attachExec(server, {
    deps: options.api.deps,
    useCases: options.api.useCases,
    closing: closing.signal,
  })
  const address = await listen(server, options.port, options.host ?? '127.0.0.1')

  return {
    url: urlOf(address),
    port: address.port,
    async close(graceMs = 5_000) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      closing.abort()
      server.closeIdleConnections()
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs)
      exec.close()
      await closed
      clearTimeout(cutOff)
    },
  }
}
