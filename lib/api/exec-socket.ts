/**
 * Exec over a WebSocket, at the node server's edge: the ticket in the address opens it, every frame begins
 * with one channel byte (DESIGN §13). 0 input (an empty frame ends it), 1 and 2 output, 3 how it ended, 4 size.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import { redeemTicket } from '../control/access/tickets.ts'
import type { ExecTicket } from '../control/access/tickets.ts'
import type { Deps } from '../control/deps.ts'
import { asEscaleError } from './answer.ts'
import { execPath } from './routes/exec.ts'
import type { UseCases } from './use-cases.ts'
import type { ExecSession } from '../targets/target.ts'

export const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const

export interface ExecSocketOptions {
  readonly deps: Deps
  readonly useCases: UseCases
  readonly closing?: AbortSignal
}

const maxFrameBytes = 1024 * 1024
const pingMs = 30_000
const maxColumns = 10_000
/** Closing codes of RFC 6455. */
const normalClosure = 1000
const badFrame = 1003

const frame = (channel: number, data: Uint8Array): Buffer => Buffer.concat([Buffer.of(channel), data])

const statusFrame = (status: object): Buffer => frame(channels.status, Buffer.from(JSON.stringify(status)))

/** Resolves when the frame is on its way, so that a slow reader slows the command and not our memory. */
const send = (socket: WebSocket, data: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    // An error here is told by the socket's own `close`.
    socket.send(data, () => resolve())
  })

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

function sizeOf(payload: Buffer): { columns: number; rows: number } | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(payload.toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || !('columns' in parsed) || !('rows' in parsed)) return undefined
  const { columns, rows } = parsed
  const fits = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxColumns
  return fits(columns) && fits(rows) ? { columns, rows } : undefined
}

/** Passes one frame on; false where it is none of ours. */
async function take(session: ExecSession, data: Buffer): Promise<boolean> {
  const payload = data.subarray(1)
  switch (data.at(0) ?? -1) {
    case channels.stdin:
      if (payload.length === 0) session.endInput()
      else session.write(payload)
      return true
    case channels.resize: {
      const size = sizeOf(payload)
      if (size === undefined) return false
      await session.resize(size.columns, size.rows)
      return true
    }
    default:
      return false
  }
}

async function serve(options: ExecSocketOptions, socket: WebSocket, ticket: ExecTicket): Promise<void> {
  const { deps, useCases, closing } = options
  const gone = new AbortController()
  const signal = closing === undefined ? gone.signal : AbortSignal.any([gone.signal, closing])
  // Frames may come before the command runs: they wait.
  const early: Buffer[] = []
  let session: ExecSession | undefined

  const pass = (data: Buffer): void => {
    if (session === undefined) {
      early.push(data)
      return
    }
    take(session, data).then(
      (known) => {
        if (!known) socket.close(badFrame, 'a frame of no known channel')
      },
      (error: unknown) =>
        deps.log.warn('a frame of a command could not be passed on', { trace: ticket.traceId, error }),
    )
  }
  socket.on('message', (data) => pass(bytesOf(data)))
  socket.on('error', (error) => deps.log.warn('the stream of a command broke', { trace: ticket.traceId, error }))
  socket.on('close', () => {
    gone.abort()
    session?.close()
  })
  const ping = setInterval(() => socket.ping(), pingMs)
  const stop = (): void => session?.close()
  signal.addEventListener('abort', stop)

  try {
    const actor = { subject: ticket.subject, traceId: ticket.traceId }
    session = await useCases.openExec(actor, ticket.key, ticket.request, signal)
    if (signal.aborted) session.close()
    for (const data of early) pass(data)
    for await (const { stream, data } of session.output) {
      await send(socket, frame(stream === 'stdout' ? channels.stdout : channels.stderr, data))
    }
    await send(socket, statusFrame({ exitCode: await session.exitCode }))
  } catch (thrown) {
    const error = asEscaleError(thrown)
    if (error.code === 'internal-error') {
      deps.log.error('a command could not be run', { trace: ticket.traceId, error })
    }
    const message =
      error.code === 'internal-error'
        ? `Something went wrong inside Escale; see trace ${ticket.traceId}.`
        : error.message
    await send(socket, statusFrame({ code: error.code, message }))
  } finally {
    clearInterval(ping)
    signal.removeEventListener('abort', stop)
    socket.close(normalClosure)
  }
}

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

/** Lets the server take WebSockets at `/v1/exec/{ticket}`; answers how many streams are open. */
export function attachExec(server: Pick<Server, 'on'>, options: ExecSocketOptions): { open(): number; close(): void } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false })

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (!path.startsWith(execPath)) return refuse(socket, '404 Not Found')
    const ticket = await redeemTicket(options.deps, path.slice(execPath.length))
    if (ticket === undefined) return refuse(socket, '404 Not Found')
    sockets.handleUpgrade(request, socket, head, (opened) => {
      void serve(options, opened, ticket)
    })
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => options.deps.log.debug('a connection broke before its upgrade', { error }))
    upgrade(request, socket, head).catch((error: unknown) => {
      options.deps.log.error('a stream could not be opened', { error })
      refuse(socket, '500 Internal Server Error')
    })
  })
  return {
    open: () => sockets.clients.size,
    close() {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
    },
  }
}
