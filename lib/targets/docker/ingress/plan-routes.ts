/** Which proxy serves a route, and what of the routes cannot be served. Pure. */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import { routeText } from '../../../model/routing.ts'
import type { ActiveRoute } from '../../../model/routing.ts'
import {
  backendAddress,
  canonicalHost,
  canonicalPath,
  canonicalRange,
  everybody,
  isProxyName,
  prefixPath,
  privateRanges,
} from './text.ts'

/** A route whose texts are in the form the proxy compares with. */
export interface ServedRoute {
  readonly source: ActiveRoute
  /** Names the backend section; unique, as its parts cannot hold a dot. */
  readonly section: string
  /** `*`: every host that is not named. */
  readonly host: string
  readonly path: string
  readonly rewrite?: string
  /** Empty: everybody. */
  readonly allow: readonly string[]
}

/** One proxy service: the shared one, or one for each port of its own, so that a new port disturbs nobody. */
export interface ProxyPlan {
  /** `http`, or `listen-5432`. */
  readonly name: string
  readonly kind: 'http' | 'tcp'
  /** Absent: the shared port. */
  readonly listen?: number
  readonly routes: readonly ServedRoute[]
  readonly networkIds: readonly string[]
}

export interface IngressPlan {
  readonly proxies: readonly ProxyPlan[]
  /** UDP routes: ports of the machine, which the target publishes on the service itself. */
  readonly published: readonly ActiveRoute[]
  readonly problems: readonly Problem[]
}

export const sharedProxy = 'http'

export function planRoutes(routes: readonly ActiveRoute[]): IngressPlan {
  const problems: Problem[] = []
  const published = routes.filter(({ protocol }) => protocol === 'udp')
  const served = routes.flatMap((route) => {
    if (route.protocol === 'udp') return []
    const found = canonicalRoute(route)
    problems.push(...found.problems)
    return found.route === undefined ? [] : [found.route]
  })
  const byProxy = new Map<string, Map<string, ServedRoute>>([[sharedProxy, new Map()]])
  for (const route of [...served].sort((a, b) => (a.section < b.section ? -1 : 1))) {
    const name = proxyOf(route.source)
    const places = byProxy.get(name) ?? new Map<string, ServedRoute>()
    byProxy.set(name, places)
    const holder = holderOf(route, places)
    if (holder === undefined) for (const place of placesOf(route)) places.set(place, route)
    else problems.push(taken(route.source, holder.source))
  }
  const proxies = [...byProxy].map(([name, places]) => proxyPlan(name, [...new Set(places.values())]))
  return { proxies, published, problems }
}

const proxyOf = ({ listen }: ActiveRoute): string => (listen === undefined ? sharedProxy : `listen-${listen}`)

function proxyPlan(name: string, routes: readonly ServedRoute[]): ProxyPlan {
  const first = routes[0]?.source
  const networkIds = [...new Set(routes.flatMap(({ source }) => source.networkId ?? []))].sort()
  return {
    name,
    kind: first?.protocol === 'tcp' ? 'tcp' : 'http',
    ...(first?.listen === undefined ? {} : { listen: first.listen }),
    routes,
    networkIds,
  }
}

/** What only one route of a proxy can have. Claims are taken long before (D9); here they only must not make an ambiguous file. */
const placesOf = ({ section, source, host, path }: ServedRoute): readonly string[] =>
  source.protocol === 'tcp' ? [section, 'tcp'] : [section, `${source.match} ${host}${path}`]

/** A port that speaks tcp speaks nothing else. */
function holderOf(route: ServedRoute, places: ReadonlyMap<string, ServedRoute>): ServedRoute | undefined {
  const [first] = places.values()
  if (route.source.protocol === 'tcp' && first !== undefined) return first
  return [...placesOf(route), 'tcp'].map((place) => places.get(place)).find((holder) => holder !== undefined)
}

const taken = (route: ActiveRoute, other: ActiveRoute): Problem =>
  problem('name-taken', `the route ${routeText(route)} wants the host, path or port that ${routeText(other)} has`, {
    value: routeText(route),
    fix: 'give one of them another host, path or listen',
  })

function canonicalRoute(route: ActiveRoute): { readonly route?: ServedRoute; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const refuse = (what: string, value: string): void => {
    problems.push(
      problem('invalid-format', `the route ${routeText(route)} cannot be served: ${JSON.stringify(value)} ${what}`, {
        value,
      }),
    )
  }
  const { key } = route
  const names = [key.project, key.app, key.environment, route.service, route.route]
  for (const name of names) if (!isProxyName(name)) refuse('is no name', name)
  const host = route.host === undefined ? '*' : canonicalHost(route.host)
  if (host === undefined) refuse('is no host name', route.host ?? '')
  const path = canonicalPath(route.path)
  if (path === undefined)
    refuse('is no path: it begins with "/", and holds no white space, quotes or dot segments', route.path)
  const rewrite = route.rewrite === undefined ? undefined : canonicalPath(route.rewrite)
  if (route.rewrite !== undefined && rewrite === undefined) refuse('is no path to rewrite to', route.rewrite)
  const ranges = route.allow.map((range) => ({ range, canonical: canonicalRange(range) }))
  for (const { range, canonical } of ranges) if (canonical === undefined) refuse('is no address range', range)
  for (const { address, port } of route.backends)
    if (backendAddress(address, port) === undefined) refuse('is no address the proxy can reach', `${address}:${port}`)
  if (route.listen !== undefined && !isPort(route.listen)) refuse('is no port', String(route.listen))
  if (route.protocol === 'tcp' && route.listen === undefined)
    refuse('has no listen, which a tcp route needs', routeText(route))
  if (typeof route.tls === 'object' || route.tls === 'passthrough')
    problems.push(
      problem('backend-cannot', `the route ${routeText(route)} asks for TLS, which this ingress does not serve`, {
        fix: 'use `tls: auto` or `tls: none`',
      }),
    )
  if (host === undefined || path === undefined || problems.length > 0) return { problems }
  const section = names.join('.')
  const allow = allowed(
    ranges.flatMap(({ canonical }) => canonical ?? []),
    route.public,
  )
  return {
    route: {
      source: route,
      section,
      host,
      path: route.match === 'prefix' ? prefixPath(path) : path,
      ...(rewrite === undefined ? {} : { rewrite }),
      allow,
    },
    problems,
  }
}

/** A written range narrows; a route that is not public is for private addresses. */
function allowed(ranges: readonly string[], isPublic: boolean): readonly string[] {
  const narrow = ranges.length > 0 && !ranges.some((range) => everybody.includes(range))
  if (narrow) return ranges
  return isPublic ? [] : privateRanges
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535
