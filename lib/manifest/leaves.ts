/** Which leaves count. */
import type { Leaf } from '../model/leaf.ts'
import type { CompleteManifest } from './sections/manifest.ts'
import { httpOnlyRouteKeys } from './sections/routes.ts'

const httpOnly: ReadonlySet<string> = new Set(httpOnlyRouteKeys)

/** Leaves out the defaults of http on routes that carry none: nothing there is defaulted. */
export function relevantLeaves(leaves: readonly Leaf[], manifest: CompleteManifest): readonly Leaf[] {
  return leaves.filter((leaf) => {
    const [section, owner = '', key, route = '', field = ''] = leaf.path
    if (leaf.written || key !== 'routes' || !httpOnly.has(field)) return true
    const holder = section === 'services' ? manifest.services?.[owner] : manifest.external?.[owner]
    const routes = holder !== undefined && 'routes' in holder ? holder.routes : undefined
    return routes?.[route]?.protocol === 'http'
  })
}
