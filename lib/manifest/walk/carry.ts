/** What keeps its text and place when a short form becomes the long one. */
import type { Entry, Node, ScalarNode } from '../text/tree.ts'

/** Puts the scalar that a short form was in its place of the long form, with its source text and its place. */
export function carry(node: Node, short: ScalarNode): Node {
  switch (node.kind) {
    case 'scalar':
      return node.value === short.value ? short : node
    case 'list':
      return { ...node, items: node.items.map((item) => carry(item, short)) }
    case 'map': {
      const entries = new Map<string, Entry>()
      for (const [key, entry] of node.entries) entries.set(key, { ...entry, node: carry(entry.node, short) })
      return { ...node, entries }
    }
  }
}
