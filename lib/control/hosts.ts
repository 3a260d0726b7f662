/** The host a route answers under: its own, or one derived from the cluster's domain (ruling B7, MANIFEST "Ports and routes"). Pure. */
import { shortHash } from '../core/hash.ts'
import { type AppKey, defaultEnvironment } from '../model/app.ts'
import type { Route } from '../model/unit.ts'

const maxLabel = 63

/** Undefined where neither the route nor the cluster gives one: the route answers at the root. */
export function hostOf(key: AppKey, service: string, route: Route, domain: string | undefined): string | undefined {
  if (route.host !== undefined) return route.host
  if (domain === undefined) return undefined
  const app = key.environment === defaultEnvironment ? key.app : `${key.app}-${key.environment}`
  const front = route.name === 'main' ? service : `${route.name}-${service}`
  const label = `${front}-${app}-${key.project}`
  // The names are joined by what may stand inside them; where that could mean two things, a hash tells them apart.
  const ambiguous =
    [front, app, key.project].some((part) => part.includes('-')) &&
    label.split('-').length > 3 + (route.name === 'main' ? 0 : 1)
  if (label.length <= maxLabel && !ambiguous) return `${label}.${domain}`
  const hash = shortHash([service, route.name, key], 6)
  return `${label.slice(0, maxLabel - hash.length - 1).replace(/-+$/, '')}-${hash}.${domain}`
}
