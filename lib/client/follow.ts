/** Following: what goes on until it ends, over a connection that may break (ruling B10). */
import { ApiError } from './errors.ts'
import { operations } from './operations.ts'
import { send } from './request.ts'
import type { Connection } from './request.ts'
import { readServerSentEvents } from './sse.ts'
import type { Operation } from '../api/routes/table.ts'
import type { Answer, AppAddress, Arguments, Deployment, Event, LogLine } from './types.ts'

type Call = <K extends Operation>(operation: K, ...input: Arguments<K>) => Promise<Answer<K>>
type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

export interface LogFilter {
  readonly unit?: string
  readonly instance?: string
  readonly run?: string
  /** RFC 3339. */
  readonly since?: string
  readonly tail?: number
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

const stepMs = 2_000
const longestPauseMs = 15_000
/** About two minutes: as long as a server may be away without losing those who follow. */
const mostTries = 12

const passing = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504)

/** Repeats a read while the server is away. */
async function patiently<T>(read: () => Promise<T>, sleep: Sleep, signal: AbortSignal | undefined): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read()
    } catch (error) {
      if (!passing(error) || tries === mostTries || signal?.aborted === true) throw error
      await sleep(Math.min(250 * 2 ** tries, longestPauseMs), signal)
    }
  }
}

const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })
const paramsOf = (app: AppAddress) => ({ project: app.project, app: app.app })
const environmentOf = (app: AppAddress) => (app.environment === undefined ? {} : { environment: app.environment })

export async function* followDeployment(
  call: Call,
  sleep: Sleep,
  app: AppAddress,
  deployment: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Deployment> {
  let last = ''
  for (let waitSeconds = 0; ; waitSeconds = stepMs / 1000) {
    const query = { ...environmentOf(app), wait: waitSeconds }
    const input = { params: { ...paramsOf(app), deployment }, query, ...withSignal(signal) }
    const now = await patiently(() => call('getDeployment', input), sleep, signal)
    const text = JSON.stringify(now)
    if (text !== last) yield now
    last = text
    if (now.ended) return
    // A deployment that waits for an approval is answered at once, however long one is willing to wait.
    if (now.state === 'waiting') await sleep(stepMs, signal)
    if (signal?.aborted === true) return
  }
}

export async function* followEvents(
  call: Call,
  sleep: Sleep,
  scope: AppAddress | { readonly project: string },
  from: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event> {
  let after = from ?? 0
  while (signal?.aborted !== true) {
    const page = await patiently(
      () =>
        'app' in scope
          ? call('readEvents', {
              params: paramsOf(scope),
              query: { ...environmentOf(scope), after, wait: 20 },
              ...withSignal(signal),
            })
          : call('readProjectEvents', {
              params: { project: scope.project },
              query: { after, wait: 20 },
              ...withSignal(signal),
            }),
      sleep,
      signal,
    )
    yield* page.items
    after = page.next
  }
}

function logInput(app: AppAddress, filter: LogFilter, after: string | undefined) {
  const { signal, follow: _follow, ...rest } = filter
  return {
    params: paramsOf(app),
    query: { ...environmentOf(app), ...rest, ...(after !== undefined && { after }) },
    ...withSignal(signal),
  }
}

export async function* followLogs(
  connection: Connection,
  call: Call,
  sleep: Sleep,
  app: AppAddress,
  filter: LogFilter,
): AsyncGenerator<LogLine> {
  if (filter.follow !== true) {
    const first = await call('readLogs', logInput(app, filter, undefined))
    yield* first.items
    let { next, items } = first
    while (items.length > 0) {
      ;({ next, items } = await call('readLogs', logInput(app, filter, next)))
      yield* items
    }
    return
  }
  const [method, path] = operations.readLogs
  let after: string | undefined
  const aborted = (): boolean => filter.signal?.aborted === true
  while (!aborted()) {
    const input = logInput(app, filter, after)
    const query = { ...input.query, wait: 20 }
    const accept = { accept: 'text/event-stream, application/json;q=0.5' }
    const response = await patiently(
      () => send(connection, method, path, { ...input, query }, accept),
      sleep,
      filter.signal,
    )
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      try {
        for await (const event of readServerSentEvents(response)) {
          if (event.id !== undefined) after = event.id
          yield JSON.parse(event.data) as LogLine
        }
      } catch (error) {
        if (aborted()) return
        // The connection broke in the middle: go on from the last line that came.
        if (!(error instanceof TypeError)) throw error
      }
      await sleep(250, filter.signal)
    } else {
      // A server that cannot stream answers a page after at most `wait`.
      const page = (await response.json()) as Answer<'readLogs'>
      yield* page.items
      after = page.next
    }
  }
}
