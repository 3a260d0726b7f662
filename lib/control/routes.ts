/** Where the routes of a release answer, for people; and what a proxy must serve now. */
import type { Release } from '../model/release.ts'
import { serviceUnits } from '../model/unit.ts'
import type { Deps } from './deps.ts'
import { hostOf } from './hosts.ts'
import { findCluster } from './load.ts'

export interface RouteUrl {
  readonly service: string
  readonly route: string
  readonly url: string
}

export async function routeUrls(deps: Deps, release: Release): Promise<readonly RouteUrl[]> {
  const cluster = await findCluster(deps, release.cluster)
  const target = await deps.target(release.cluster)
  const entry = (await target.ingress?.entry()) ?? { host: 'localhost', httpPort: 80, httpsPort: 443 }
  return serviceUnits(release.spec).flatMap((unit) =>
    unit.routes.map((route) => {
      const host = hostOf(release.key, unit.name, route, cluster?.domain) ?? entry.host
      const at = (scheme: string, port: number | undefined, plain?: number): string =>
        `${scheme}://${host}${port === undefined || port === plain ? '' : `:${port}`}${route.protocol === 'http' ? route.path : ''}`
      const listen = typeof route.listen === 'number' ? route.listen : undefined
      const url = route.protocol === 'http' ? at('http', listen ?? entry.httpPort, 80) : at(route.protocol, listen)
      return { service: unit.name, route: route.name, url }
    }),
  )
}
