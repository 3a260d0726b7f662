/** The public address of a route, as the ingress of this cluster serves it (ruling B7). */
import type { AppKey } from '../../../model/app.ts'
import { defaultEnvironment } from '../../../model/app.ts'
import type { Route } from '../../../model/unit.ts'
import type { DockerFacts } from '../facts.ts'

export type UrlFacts = Pick<DockerFacts, 'domain' | 'httpPort' | 'httpsPort'>

export function routeHost(route: Route, service: string, key: AppKey, domain: string | undefined): string | undefined {
  if (route.host !== undefined) return route.host
  if (domain === undefined) return undefined
  const parts = [service, key.app, ...(key.environment === defaultEnvironment ? [] : [key.environment]), key.project]
  return `${parts.join('-')}.${domain}`
}

export function routeUrl(route: Route, service: string, key: AppKey, facts: UrlFacts): string {
  const host = routeHost(route, service, key, facts.domain) ?? 'localhost'
  if (route.protocol !== 'http')
    return typeof route.listen === 'number'
      ? `${route.protocol}://${host}:${route.listen}`
      : `${route.protocol}://${host}`
  // With `auto`, a name of one's own gets a certificate; the answer at the root of a machine does not.
  const secure = route.tls === 'none' ? false : route.tls !== 'auto' || route.host !== undefined
  const port = typeof route.listen === 'number' ? route.listen : secure ? facts.httpsPort : facts.httpPort
  const shown = port === (secure ? 443 : 80) ? '' : `:${port}`
  return `${secure ? 'https' : 'http'}://${host}${shown}${route.path === '/' ? '' : route.path}`
}
