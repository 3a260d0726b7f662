/** An HTTP service with good manners: a truthful /healthz, patient connections, and an end that drops nobody. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { jsonLog, textOf } from './log.ts'
import type { WriteLog } from './log.ts'

export type Handle = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export interface ServiceOptions {
  readonly name: string
  readonly handle: Handle
  /** Whether a request would be answered well now; true where nothing else is needed. */
  readonly isHealthy?: () => Promise<boolean>
  readonly log?: WriteLog
}

export interface Service {
  readonly server: Server
  /** Takes no new connection, and resolves when what was under way has been answered. */
  stop(): Promise<void>
}

/** Longer than proxies keep theirs, so that it is never we who close a connection with a request on its way. */
const keepAliveMs = 75_000

export function createService({ name, handle, isHealthy, log = jsonLog(name) }: ServiceOptions): Service {
  let stopping = false
  const underWay = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    underWay.add(response)
    response.once('close', () => underWay.delete(response))
    if (stopping) response.setHeader('connection', 'close')
    answer(request, response).catch((error: unknown) => {
      log('error', 'a request failed', { method: request.method, path: request.url, error: textOf(error) })
      if (response.headersSent) response.destroy()
      else send(response, 500, 'text/plain', 'it failed; the log says why\n')
    })
  })
  server.keepAliveTimeout = keepAliveMs
  server.headersTimeout = keepAliveMs + 5_000

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== '/healthz') return handle(request, response)
    const well = !stopping && (isHealthy === undefined || (await isHealthy()))
    send(response, well ? 200 : 503, 'text/plain', well ? 'ok\n' : 'unavailable\n')
  }

  return {
    server,
    stop: () => {
      stopping = true
      // Their callers would come back over the same connection otherwise.
      for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close')
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
    },
  }
}

export function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/** Serves until it is told to stop. */
export function run(options: ServiceOptions & { readonly close?: () => void }): void {
  const log = options.log ?? jsonLog(options.name)
  const port = Number(process.env['PORT'] ?? 80)
  const service = createService({ ...options, log })
  service.server.listen(port, () => log('info', 'listening', { port }))
  const end = (signal: string): void => {
    log('info', 'stopping', { signal })
    void service.stop().then(() => {
      options.close?.()
      log('info', 'stopped')
      // A look-up of a name that is gone too would hold the process for seconds.
      process.exit()
    })
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
