/** The short form of a long one, found by trying what would expand to it: it needs no inverse of its own. */
import { stableStringify } from '../core/hash.ts'
import type { Sugar } from './grammar/view.ts'
import type { Node, ScalarNode } from './text/tree.ts'
import { plainOf } from './text/tree.ts'

/** Scalars in a small tree: one of them is the short form, if there is one. */
function scalarsIn(node: Node, depth: number): readonly ScalarNode[] {
  if (node.kind === 'scalar') return [node]
  if (depth === 0) return []
  if (node.kind === 'list')
    return node.items.length === 1 ? node.items.flatMap((item) => scalarsIn(item, depth - 1)) : []
  return node.entries.size > 2 ? [] : [...node.entries.values()].flatMap((entry) => scalarsIn(entry.node, depth - 1))
}

/** The node that expands to `long`; `long` itself where nothing shorter does. */
export function shorten(long: Node, sugar: Sugar): Node {
  if (long.kind === 'scalar') return long
  const wanted = stableStringify(plainOf(long))
  if (stableStringify(sugar.expand({})) === wanted && sugar.short.safeParse({}).success) {
    return { kind: 'map', entries: new Map(), at: long.at }
  }
  for (const candidate of scalarsIn(long, 3)) {
    if (!sugar.short.safeParse(candidate.value).success) continue
    if (stableStringify(sugar.expand(candidate.value)) === wanted) return candidate
  }
  return long
}
