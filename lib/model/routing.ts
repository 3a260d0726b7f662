/** Routes as a proxy serves them now: what a manifest asks for, joined with the instances that run. */
import type { AppKey } from './app.ts'
import type { Check, Port, Route } from './unit.ts'

export interface RouteBackend {
  /** An IP address; names are resolved before. */
  readonly address: string
  readonly port: number
  /** Share of the route's requests, relative to the other backends; 0 takes none. */
  readonly weight: number
  /** `draining`: takes no new request, those under way go on. */
  readonly state: 'ready' | 'draining'
  /** `stable`, or `next` while a release is tried. */
  readonly track: string
  readonly node?: string
}

export interface ActiveRoute {
  readonly key: AppKey
  readonly service: string
  readonly route: string
  /** Absent: answers for every host that no other route names. */
  readonly host?: string
  readonly path: string
  readonly match: Route['match']
  /** Replaces the matched prefix. */
  readonly rewrite?: string
  readonly protocol: Route['protocol']
  /** A port of its own; absent: the shared port of the ingress. */
  readonly listen?: number
  readonly timeoutMs?: number
  readonly sticky: boolean
  /** CIDR ranges; empty: everybody. */
  readonly allow: readonly string[]
  readonly redirectHttp: boolean
  readonly tls: Route['tls']
  readonly public: boolean
  /** What the instances speak. */
  readonly app: Port['app']
  /** Native id of the network over which the backends are reached; absent where none is needed. */
  readonly networkId?: string
  readonly backends: readonly RouteBackend[]
  /** `ready` of the instances: one that fails it takes no traffic until it succeeds again. */
  readonly check?: Check
}

export const routeText = ({ key, service, route }: Pick<ActiveRoute, 'key' | 'service' | 'route'>): string =>
  `${key.project}/${key.app}/${key.environment}/${service}.${route}`
