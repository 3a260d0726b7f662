/** HTTP to one engine: a connection pool, deadlines, and errors that say whether the engine can have acted. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { callText, defaultTimeoutMs, headersOf, queryText, writeBody } from './call.ts'
import type { Call } from './call.ts'
import type { Endpoint } from './endpoint.ts'
import { classifyAnswer, EngineError } from './errors.ts'
import type { Delivery, EngineErrorKind } from './errors.ts'

export interface OpenStream {
  readonly response: IncomingMessage
  /** Turns a failure while reading into the typed error. */
  readonly fail: (cause: unknown) => EngineError
}

export interface Transport {
  readonly endpoint: Endpoint
  json<T>(call: Call): Promise<T>
  done(call: Call): Promise<void>
  /** The body as it comes; after the head only the signal ends it. */
  stream(call: Call): Promise<OpenStream>
  /** A raw connection both ways (exec, attach). */
  hijack(call: Call): Promise<Duplex>
  close(): void
}

/** Answers are objects in memory, so the engine's word on its size is not trusted beyond this. */
const maxJsonBytes = 256 * 1024 * 1024

interface Attempt {
  readonly request: ClientRequest
  readonly fail: (cause: unknown) => EngineError
  readonly release: () => void
}

export function createTransport(endpoint: Endpoint, versionPrefix: () => string): Transport {
  const agent =
    endpoint.kind === 'tls'
      ? new HttpsAgent({ keepAlive: true, maxFreeSockets: 8 })
      : new HttpAgent({ keepAlive: true, maxFreeSockets: 8 })
  const start = (call: Call, extra: RequestOptions): Attempt =>
    beginAttempt(endpoint, versionPrefix(), call, { agent, ...extra })

  const send = (call: Call): Promise<OpenStream & { release: () => void }> =>
    new Promise((resolve, reject) => {
      const attempt = start(call, {})
      let answered = false
      attempt.request.once('response', (response) => {
        answered = true
        resolve({ response, fail: attempt.fail, release: attempt.release })
      })
      attempt.request.on('error', (cause) => {
        // An upload that the engine cut short by answering early is not a failure of its own.
        if (!answered) {
          attempt.release()
          reject(attempt.fail(cause))
        }
      })
      writeBody(attempt.request, call.body)
    })

  const accepted = async (call: Call): Promise<OpenStream & { release: () => void }> => {
    const open = await send(call)
    const status = open.response.statusCode ?? 0
    if (status >= 200 && status < 400) return open
    const text = await collect(open, maxJsonBytes)
    throw refusal(endpoint, call, status, text)
  }

  return {
    endpoint,
    json: async <T>(call: Call): Promise<T> => {
      const open = await accepted(call)
      return parseAnswer<T>(await collect(open, maxJsonBytes), open.fail)
    },
    done: async (call) => {
      await collect(await accepted(call), maxJsonBytes)
    },
    stream: async (call) => {
      const open = await accepted(call)
      open.release()
      const stop = (): void => void open.response.destroy(new Error(String(call.signal?.reason ?? 'given up')))
      call.signal?.addEventListener('abort', stop, { once: true })
      open.response.once('close', () => call.signal?.removeEventListener('abort', stop))
      if (call.signal?.aborted === true) stop()
      return open
    },
    hijack: (call) => hijack(endpoint, call, (extra) => start(call, extra)),
    close: () => agent.destroy(),
  }
}

/** Sends the request's head and arms its deadline. The body is the caller's to write. */
function beginAttempt(endpoint: Endpoint, prefix: string, call: Call, extra: RequestOptions): Attempt {
  const target: RequestOptions =
    endpoint.kind === 'socket' ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port }
  const options: RequestOptions = {
    ...target,
    method: call.method,
    path: `${prefix}${call.path}${queryText(call.query)}`,
    headers: headersOf(endpoint, call),
    ...extra,
  }
  const request =
    endpoint.kind === 'tls'
      ? httpsRequest({
          ...options,
          ca: endpoint.tls.ca,
          cert: endpoint.tls.cert,
          key: endpoint.tls.key,
          rejectUnauthorized: endpoint.tls.verify,
        })
      : httpRequest(options)

  let connected = false
  request.once('socket', (socket) => {
    if (!socket.connecting) connected = true
    else socket.once(endpoint.kind === 'tls' ? 'secureConnect' : 'connect', () => (connected = true))
  })
  const timeoutMs = call.timeoutMs ?? defaultTimeoutMs
  let ended: 'timeout' | 'aborted' | undefined
  let answer: IncomingMessage | undefined
  request.once('response', (response) => (answer = response))
  const end = (why: 'timeout' | 'aborted'): void => {
    ended ??= why
    const reason = new Error(
      why === 'timeout' ? `no complete answer within ${timeoutMs} ms` : 'its caller stopped waiting',
    )
    answer?.destroy(reason)
    request.destroy(reason)
  }
  const onAbort = (): void => end('aborted')
  const timer = setTimeout(() => end('timeout'), timeoutMs)
  call.signal?.addEventListener('abort', onAbort, { once: true })
  if (call.signal?.aborted === true) end('aborted')

  return {
    request,
    release: () => {
      clearTimeout(timer)
      call.signal?.removeEventListener('abort', onAbort)
    },
    fail: (cause) =>
      cause instanceof EngineError
        ? cause
        : transportError(endpoint, call, ended ?? (call.signal?.aborted ? 'aborted' : undefined), connected, cause),
  }
}

function transportError(
  endpoint: Endpoint,
  call: Call,
  ended: 'timeout' | 'aborted' | undefined,
  connected: boolean,
  cause: unknown,
): EngineError {
  const delivery: Delivery = connected ? 'unknown' : 'notSent'
  const kind: EngineErrorKind = ended ?? (connected ? 'lostAnswer' : 'unreachable')
  return new EngineError({
    kind,
    delivery,
    reason: messageOf(cause),
    call: callText(call),
    endpoint: endpoint.text,
    cause,
  })
}

function hijack(endpoint: Endpoint, call: Call, start: (extra: RequestOptions) => Attempt): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // A connection of its own: after the switch it is no longer HTTP and must not return to the pool.
    const attempt = start({
      agent: false,
      headers: { ...headersOf(endpoint, call), Connection: 'Upgrade', Upgrade: 'tcp' },
    })
    const hand = (socket: Duplex, head: Buffer): void => {
      attempt.release()
      if (head.length > 0) socket.unshift(head)
      const stop = (): void => void socket.destroy()
      call.signal?.addEventListener('abort', stop, { once: true })
      socket.once('close', () => call.signal?.removeEventListener('abort', stop))
      resolve(socket)
    }
    attempt.request.once('upgrade', (_response, socket, head) => hand(socket, head))
    attempt.request.once('response', (response) => {
      collect({ response, fail: attempt.fail, release: attempt.release }, maxJsonBytes).then(
        (text) => reject(refusal(endpoint, call, response.statusCode ?? 0, text)),
        reject,
      )
    })
    attempt.request.once('error', (cause) => {
      attempt.release()
      reject(attempt.fail(cause))
    })
    writeBody(attempt.request, call.body)
  })
}

async function collect(open: OpenStream & { release: () => void }, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of open.response) {
      const part = chunk as Buffer
      bytes += part.length
      if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`)
      chunks.push(part)
    }
  } catch (cause) {
    throw open.fail(cause)
  } finally {
    open.release()
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseAnswer<T>(text: string, fail: (cause: unknown) => EngineError): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw fail(cause)
  }
}

const messageOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  // Node reports several failed addresses as one AggregateError without a text of its own.
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}

export function refusal(endpoint: Endpoint, call: Call, status: number, text: string): EngineError {
  const reason = refusalText(text) || `HTTP ${status} without a message`
  return new EngineError({
    kind: classifyAnswer(status, reason),
    delivery: 'answered',
    status,
    reason,
    call: callText(call),
    endpoint: endpoint.text,
  })
}

/** The engine answers refusals as `{"message": …}`; proxies before it do not. */
function refusalText(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message)
  } catch {
    return text.trim().slice(0, 500)
  }
  return text.trim().slice(0, 500)
}
