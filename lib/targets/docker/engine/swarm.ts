import { segment } from './path.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Filters } from './types/common.ts'
import type { NodeSpec, Swarm, SwarmInitRequest, SwarmJoinRequest, SwarmNode, SwarmSpec } from './types/swarm.ts'

export interface SwarmUpdate {
  readonly version: number
  readonly rotateWorkerToken?: boolean
  readonly rotateManagerToken?: boolean
}

export interface SwarmApi {
  /** Answers the new node's id. */
  init(request: SwarmInitRequest, options?: CallOptions): Promise<string>
  inspect(options?: CallOptions): Promise<Swarm>
  join(request: SwarmJoinRequest, options?: CallOptions): Promise<void>
  leave(options?: CallOptions & { readonly force?: boolean }): Promise<void>
  update(spec: SwarmSpec, update: SwarmUpdate, options?: CallOptions): Promise<void>
}

/** The engine itself waits up to 20 s when it joins or starts a swarm. */
const membershipTimeoutMs = 60_000

export function swarmApi(transport: Transport): SwarmApi {
  return {
    init: (request, options = {}) =>
      transport.json({
        method: 'POST',
        path: '/swarm/init',
        body: { json: { ListenAddr: '0.0.0.0:2377', ...request } },
        timeoutMs: membershipTimeoutMs,
        ...options,
      }),
    inspect: (options = {}) => transport.json({ method: 'GET', path: '/swarm', ...options }),
    join: (request, options = {}) =>
      transport.done({
        method: 'POST',
        path: '/swarm/join',
        body: { json: { ListenAddr: '0.0.0.0:2377', ...request } },
        timeoutMs: membershipTimeoutMs,
        ...options,
      }),
    leave: ({ force = false, ...options } = {}) =>
      transport.done({
        method: 'POST',
        path: '/swarm/leave',
        query: { force },
        timeoutMs: membershipTimeoutMs,
        ...options,
      }),
    update: (spec, query, options = {}) =>
      transport.done({ method: 'POST', path: '/swarm/update', query: { ...query }, body: { json: spec }, ...options }),
  }
}

export interface NodesApi {
  list(options?: CallOptions & { readonly filters?: Filters }): Promise<SwarmNode[]>
  inspect(id: string, options?: CallOptions): Promise<SwarmNode>
  update(id: string, version: number, spec: NodeSpec, options?: CallOptions): Promise<void>
  remove(id: string, options?: CallOptions & { readonly force?: boolean }): Promise<void>
}

export function nodesApi(transport: Transport): NodesApi {
  return {
    list: ({ filters, ...options } = {}) =>
      transport.json({ method: 'GET', path: '/nodes', query: { filters: filterText(filters) }, ...options }),
    inspect: (id, options = {}) => transport.json({ method: 'GET', path: `/nodes/${segment(id)}`, ...options }),
    update: (id, version, spec, options = {}) =>
      transport.done({
        method: 'POST',
        path: `/nodes/${segment(id)}/update`,
        query: { version },
        body: { json: spec },
        ...options,
      }),
    remove: (id, { force = false, ...options } = {}) =>
      transport.done({ method: 'DELETE', path: `/nodes/${segment(id)}`, query: { force }, ...options }),
  }
}
