/** Short forms to the one long form, for manifests that were never text. */
import { base as baseSchema, layered } from './sections/manifest.ts'
import type { ManifestInput } from './sections/manifest.ts'
import { emptyMap, nowhere, plainOf, treeOf } from './text/tree.ts'
import type { Entry, MapNode, Node } from './text/tree.ts'
import { createViews } from './walk/context.ts'
import type { Walk } from './walk/context.ts'
import { topPlace } from './walk/place.ts'
import { walk } from './walk/walk.ts'

const asMap = (node: Node | undefined): MapNode => (node?.kind === 'map' ? node : emptyMap(nowhere))

/** What is wrong stays as it is: whoever reads the result will say so, with its place. */
export function longTree(input: ManifestInput): MapNode {
  const root = asMap(treeOf(input, nowhere))
  const context: Walk = { mode: 'base', holes: true, prune: false, report: () => {}, view: createViews() }
  const { environments, ...rest } = Object.fromEntries(root.entries)
  const long = asMap(walk(baseSchema, { ...root, entries: new Map(Object.entries(rest)) }, topPlace, nowhere, context))
  if (environments?.node.kind !== 'map') return long
  const overlays = new Map<string, Entry>()
  for (const [name, entry] of environments.node.entries) {
    const overlay = walk(layered, entry.node, topPlace, nowhere, { ...context, mode: 'overlay' })
    overlays.set(name, { ...entry, node: overlay ?? entry.node })
  }
  return {
    ...long,
    entries: new Map([
      ...long.entries,
      ['environments', { ...environments, node: { ...environments.node, entries: overlays } }],
    ]),
  }
}

export const longForm = (input: ManifestInput): ManifestInput => plainOf(longTree(input)) as ManifestInput
