import type { Frame } from './frames.ts'
import { logs } from './logs.ts'
import type { LogOptions } from './logs.ts'
import { segment } from './path.ts'
import { jsonStream } from './system.ts'
import type { StreamOptions } from './system.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Filters } from './types/common.ts'
import type {
  Container,
  ContainerCreated,
  ContainerCreateRequest,
  ContainerStats,
  ContainerSummary,
  ContainerTop,
} from './types/container.ts'

export interface ContainersApi {
  list(
    options?: CallOptions & { readonly all?: boolean; readonly filters?: Filters; readonly limit?: number },
  ): Promise<ContainerSummary[]>
  inspect(id: string, options?: CallOptions): Promise<Container>
  create(request: ContainerCreateRequest, options?: CallOptions & { readonly name?: string }): Promise<ContainerCreated>
  start(id: string, options?: CallOptions): Promise<void>
  /** `graceSeconds` is what the container gets before it is killed; the deadline is longer by itself. */
  stop(id: string, options?: CallOptions & { readonly graceSeconds?: number }): Promise<void>
  kill(id: string, options?: CallOptions & { readonly killSignal?: string }): Promise<void>
  /** Answers the exit status. */
  wait(
    id: string,
    options?: CallOptions & { readonly condition?: 'not-running' | 'next-exit' | 'removed' },
  ): Promise<number>
  remove(id: string, options?: CallOptions & { readonly force?: boolean; readonly volumes?: boolean }): Promise<void>
  logs(id: string, options?: LogOptions): AsyncIterable<Frame>
  /** One sample; `oneShot` does not wait for a second one to compare processor time with. */
  stats(id: string, options?: CallOptions & { readonly oneShot?: boolean }): Promise<ContainerStats>
  /** A sample per second. */
  statsStream(id: string, options: StreamOptions): Promise<AsyncIterable<ContainerStats>>
  top(id: string, options?: CallOptions & { readonly psArgs?: string }): Promise<ContainerTop>
}

/** Waiting is bounded too; who needs longer says so. */
const waitTimeoutMs = 10 * 60_000

export function containersApi(transport: Transport): ContainersApi {
  const at = (id: string, rest = ''): string => `/containers/${segment(id)}${rest}`
  const inspect: ContainersApi['inspect'] = (id, options = {}) =>
    transport.json({ method: 'GET', path: at(id, '/json'), ...options })
  return {
    inspect,
    list: ({ all, filters, limit, ...options } = {}) =>
      transport.json({
        method: 'GET',
        path: '/containers/json',
        query: { all, limit, filters: filterText(filters) },
        ...options,
      }),
    create: (request, { name, ...options } = {}) =>
      transport.json({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body: { json: request },
        ...options,
      }),
    start: (id, options = {}) => transport.done({ method: 'POST', path: at(id, '/start'), ...options }),
    stop: (id, { graceSeconds, ...options } = {}) =>
      transport.done({
        method: 'POST',
        path: at(id, '/stop'),
        query: { t: graceSeconds },
        timeoutMs: ((graceSeconds ?? 10) + 30) * 1000,
        ...options,
      }),
    kill: (id, { killSignal, ...options } = {}) =>
      transport.done({ method: 'POST', path: at(id, '/kill'), query: { signal: killSignal }, ...options }),
    wait: async (id, { condition, ...options } = {}) => {
      const answer = await transport.json<{ StatusCode: number }>({
        method: 'POST',
        path: at(id, '/wait'),
        query: { condition },
        timeoutMs: waitTimeoutMs,
        ...options,
      })
      return answer.StatusCode
    },
    remove: (id, { force, volumes, ...options } = {}) =>
      transport.done({ method: 'DELETE', path: at(id), query: { force, v: volumes }, ...options }),
    logs: (id, options = {}) =>
      logs(transport, at(id, '/logs'), options, async (asked) => (await inspect(id, asked)).Config.Tty ?? false),
    stats: (id, { oneShot, ...options } = {}) =>
      transport.json({
        method: 'GET',
        path: at(id, '/stats'),
        query: { stream: false, 'one-shot': oneShot },
        ...options,
      }),
    statsStream: async (id, options) =>
      jsonStream<ContainerStats>(
        await transport.stream({ method: 'GET', path: at(id, '/stats'), query: { stream: true }, ...options }),
      ),
    top: (id, { psArgs, ...options } = {}) =>
      transport.json({ method: 'GET', path: at(id, '/top'), query: { ps_args: psArgs }, ...options }),
  }
}
