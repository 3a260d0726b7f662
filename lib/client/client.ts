/** The typed client: one call for each operation of the API, and what is more than one call. */
import { openExec } from './exec.ts'
import type { ExecCommand, ExecStream } from './exec.ts'
import { followDeployment, followEvents, followLogs } from './follow.ts'
import type { LogFilter } from './follow.ts'
import { operations } from './operations.ts'
import { send } from './request.ts'
import type { Connection, PlainInput } from './request.ts'
import type { Operation } from '../api/routes/table.ts'
import type { Answer, AppAddress, Arguments, Deployment, Event, LogLine } from './types.ts'

export interface ClientOptions extends Connection {
  readonly webSocket?: typeof WebSocket
  /** Resolves after `ms`, or when the signal aborts; tests pass their own. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

export interface Client {
  /** Calls one operation; throws an `ApiError` where the answer is no success. */
  call<K extends Operation>(operation: K, ...input: Arguments<K>): Promise<Answer<K>>
  /** The deployment, again whenever it changed, until it has ended. */
  followDeployment(app: AppAddress, deployment: string, options?: { signal?: AbortSignal }): AsyncIterable<Deployment>
  /** Events from `after` on, without an end; survives a server that goes and comes back. */
  events(
    scope: AppAddress | { readonly project: string },
    options?: { after?: number; signal?: AbortSignal },
  ): AsyncIterable<Event>
  /** Log lines; with `follow` without an end. */
  logs(app: AppAddress, filter?: LogFilter): AsyncIterable<LogLine>
  /** Runs a command in an instance. */
  exec(app: AppAddress, command: ExecCommand): Promise<ExecStream>
}

const sleepFor = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })

export function createClient(options: ClientOptions): Client {
  const sleep = options.sleep ?? sleepFor
  const call = async <K extends Operation>(operation: K, ...[input]: Arguments<K>): Promise<Answer<K>> => {
    const [method, path] = operations[operation]
    const response = await send(options, method, path, (input ?? {}) as PlainInput)
    // The server validates its answers' types; the records are what both sides share.
    return (response.status === 204 ? undefined : await response.json()) as Answer<K>
  }
  return {
    call,
    followDeployment: (app, deployment, { signal } = {}) => followDeployment(call, sleep, app, deployment, signal),
    events: (scope, { after, signal } = {}) => followEvents(call, sleep, scope, after, signal),
    logs: (app, filter = {}) => followLogs(options, call, sleep, app, filter),
    exec: async (app, command) => {
      const ticket = await call('openExec', {
        params: { project: app.project, app: app.app },
        query: app.environment === undefined ? {} : { environment: app.environment },
        body: command,
      })
      return openExec(ticket.url, options.webSocket ?? WebSocket)
    },
  }
}
