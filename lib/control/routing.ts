/** What the proxy of a cluster must serve now: routes of what stands, joined with the instances that run. */
import { appKeyText } from '../model/app.ts'
import type { Observed, ObservedInstance } from '../model/observed.ts'
import type { Release } from '../model/release.ts'
import type { ActiveRoute, RouteBackend } from '../model/routing.ts'
import { type Route, type ServiceUnit, serviceUnits } from '../model/unit.ts'
import type { Target } from '../targets/target.ts'
import { pathClaim, rootSpace } from './claims.ts'
import { allApps } from './clusters.ts'
import type { Deps } from './deps.ts'
import { hostOf } from './hosts.ts'
import { findCluster, findDeployment, findRelease } from './load.ts'
import type { AppRecord } from './records.ts'

export async function activeRoutes(deps: Deps, cluster: string, target: Target): Promise<readonly ActiveRoute[]> {
  const domain = (await findCluster(deps, cluster))?.domain
  const routes: ActiveRoute[] = []
  for (const app of await allApps(deps)) {
    if (app.cluster !== cluster || app.removedAtMs !== undefined) continue
    const release = await routedRelease(deps, app)
    if (release === undefined || !serviceUnits(release.spec).some((unit) => unit.routes.length > 0)) continue
    const site = { installId: deps.installId, cluster }
    const observed = await target.observe(
      site,
      app.key,
      app.identity,
      AbortSignal.timeout(deps.settings.callDeadlineMs),
    )
    const roots = new Set(await deps.store.claims(`${rootSpace}/${cluster}`, appKeyText(app.key)))
    routes.push(...routesOf(release, observed, domain, roots))
  }
  return routes
}

/** While a deployment goes forward its release's routes count, for its instances come up behind them. */
async function routedRelease(deps: Deps, app: AppRecord): Promise<Release | undefined> {
  const active = app.active === undefined ? undefined : (await findDeployment(deps, app.key, app.active))?.value
  if (active !== undefined && active.kind === 'remove') return undefined
  const forward = active !== undefined && active.progress.direction === 'forward' && active.accepted !== undefined
  const number = forward ? active.release : (active?.fallback ?? app.current)
  return number === undefined ? undefined : await findRelease(deps, app.key, number)
}

/** Pure. */
export function routesOf(
  release: Release,
  observed: Observed,
  domain: string | undefined,
  roots: ReadonlySet<string>,
): readonly ActiveRoute[] {
  return serviceUnits(release.spec).flatMap((unit) =>
    unit.routes.flatMap((route): ActiveRoute[] => {
      if (route.protocol === 'udp' || route.listen === 'auto') return []
      const base = routeBase(release, unit, route, observed)
      const host = route.listen === undefined ? hostOf(release.key, unit.name, route, domain) : route.host
      // A name that no route of a manifest can have.
      const atRoot = route.host === undefined && host !== undefined && roots.has(pathClaim(route))
      const named = host === undefined ? base : { ...base, host }
      return atRoot ? [named, { ...base, route: `x-${route.name}` }] : [named]
    }),
  )
}

function routeBase(release: Release, unit: ServiceUnit, route: Route, observed: Observed): ActiveRoute {
  const port = [unit.main, ...unit.sidecars]
    .flatMap((container) => container.ports)
    .find((candidate) => candidate.name === route.port)
  const instances = observed.units.filter((item) => item.unit === unit.name).flatMap((item) => item.instances)
  const network = reachableNetwork(unit, instances)
  const networkId = observed.resources.find((resource) => resource.id === `network/${network}`)?.nativeId
  const check = unit.main.health?.ready
  return {
    key: release.key,
    service: unit.name,
    route: route.name,
    path: route.path,
    match: route.match,
    ...(route.rewrite === undefined ? {} : { rewrite: route.rewrite }),
    protocol: route.protocol,
    ...(typeof route.listen === 'number' ? { listen: route.listen } : {}),
    ...(route.timeoutMs === undefined ? {} : { timeoutMs: route.timeoutMs }),
    sticky: route.sticky,
    allow: route.allow,
    redirectHttp: route.redirectHttp,
    tls: route.tls,
    public: route.public,
    app: port?.app ?? 'http',
    ...(networkId === undefined ? {} : { networkId }),
    backends: port === undefined ? [] : backendsOf(instances, network, port.port),
    ...(check === undefined ? {} : { check }),
  }
}

/** The first network of the service on which an instance has an address. */
const reachableNetwork = (unit: ServiceUnit, instances: readonly ObservedInstance[]): string =>
  unit.networks.find((name) => instances.some((instance) => instance.addresses?.[name] !== undefined)) ??
  unit.networks[0] ??
  'default'

function backendsOf(instances: readonly ObservedInstance[], network: string, port: number): readonly RouteBackend[] {
  return instances.flatMap((instance): RouteBackend[] => {
    const address = instance.addresses?.[network]
    if (address === undefined) return []
    // One that was told to stop takes nothing new while it drains; one that is not ready yet takes nothing at all.
    const stops = instance.state === 'stopping' || (instance.state === 'ready' && !instance.wanted)
    if (instance.state !== 'ready' && !stops) return []
    return [
      {
        address,
        port,
        weight: 1,
        state: stops ? 'draining' : 'ready',
        track: 'stable',
        ...(instance.node === undefined ? {} : { node: instance.node }),
      },
    ]
  })
}
