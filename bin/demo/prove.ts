/** What the proofs of the examples have in common: how they reach an app, and how they report. */
import { request } from 'node:http'
import type { Client } from '../../lib/client/client.ts'
import type { AppAddress } from '../../lib/client/types.ts'
import type { Screen } from './screen.ts'

export interface WebAnswer {
  readonly status: number
  readonly body: string
}

export interface WebRequest {
  readonly path: string
  readonly method?: 'GET' | 'POST'
  readonly json?: unknown
}

export interface Scene {
  readonly screen: Screen
  readonly client: Client
  readonly app: AppAddress
  /** Asks the app by its route, as a browser would. */
  readonly ask: (request: WebRequest) => Promise<WebAnswer>
  /** Aborted when the demo is to end. */
  readonly signal: AbortSignal
}

/** Shows the app at work; true where it did what it is for. Keeps on until the signal on a terminal, ends by itself elsewhere. */
export type Prove = (scene: Scene) => Promise<boolean>

const requestTimeoutMs = 5_000

/** By address and `Host`: names below `localhost` are not known to every resolver. */
export function askRoute(route: URL, address: string, { path, method = 'GET', json }: WebRequest): Promise<WebAnswer> {
  const body = json === undefined ? undefined : JSON.stringify(json)
  const headers = {
    host: route.host,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: address, port: route.port || 80, path, method, headers, timeout: requestTimeoutMs },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
        )
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`${route.href} did not answer within ${requestTimeoutMs} ms`)))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Asks until the answer is good: right after a deployment the way in may need a moment. */
export async function askUntil<T>(
  scene: Scene,
  request: WebRequest,
  read: (answer: WebAnswer) => T | undefined,
  withinMs = 30_000,
): Promise<T> {
  const untilMs = Date.now() + withinMs
  for (;;) {
    let last: string
    try {
      const answer = await scene.ask(request)
      const value = read(answer)
      if (value !== undefined) return value
      last = `status ${answer.status}: ${answer.body.slice(0, 200).trim()}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    if (scene.signal.aborted) throw new Error('interrupted')
    if (Date.now() > untilMs)
      throw new Error(`${request.path} did not answer as it should within ${withinMs} ms; last: ${last}`)
    await pause(200, scene.signal)
  }
}

/** Ends early, without an error, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

/** On a terminal people look around until they have seen enough. */
export async function stay({ screen, signal }: Scene): Promise<void> {
  if (!screen.isTerminal) return
  screen.line('Ctrl-C ends it and takes everything away.')
  while (!signal.aborted) await pause(3_600_000, signal)
}
