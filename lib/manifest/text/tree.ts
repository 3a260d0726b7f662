/**
 * The manifest as a tree that remembers where each part was written. Every stage (short forms, parameters,
 * overlays, defaults) makes a new tree of it, so a problem found at the last stage still points into the file.
 */

export type ScalarValue = string | number | boolean | null

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: ScalarValue
  /** The source text: `1.10` stays `1.10`. */
  readonly text: string
  /** Quoted, or a block: certainly meant as text. */
  readonly quoted: boolean
  readonly at: number
  /** A default filled it in. */
  readonly filled?: boolean
  /** A parameter in it has no value, which has its problem: the text is no value that could be checked. */
  readonly unresolved?: boolean
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly Node[]
  readonly at: number
  readonly filled?: boolean
}

export interface Entry {
  readonly node: Node
  readonly keyAt: number
  /** The key is a plain word that YAML 1.1 reads as a boolean. */
  readonly ambiguousKey?: boolean
}

export interface MapNode {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
  readonly at: number
}

export type Node = ScalarNode | ListNode | MapNode

/** Offset of what stands in no file. */
export const nowhere = -1

export const emptyMap = (at: number): MapNode => ({ kind: 'map', entries: new Map(), at })

export const textNode = (text: string, at: number): ScalarNode => ({
  kind: 'scalar',
  value: text,
  text,
  quoted: true,
  at,
})

/** A tree of plain data; all of it stands at `at`. `undefined` members are left out. */
export function treeOf(value: unknown, at: number): Node {
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => treeOf(item, at)), at }
  if (typeof value === 'object' && value !== null) {
    const entries = new Map<string, Entry>()
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) entries.set(key, { node: treeOf(member, at), keyAt: at })
    }
    return { kind: 'map', entries, at }
  }
  if (typeof value === 'string') return textNode(value, at)
  if (typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', value, text: String(value), quoted: false, at }
  }
  return { kind: 'scalar', value: null, text: 'null', quoted: false, at }
}

/** The plain data of a tree. */
export function plainOf(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(plainOf)
    case 'map': {
      const record: Record<string, unknown> = {}
      for (const [key, entry] of node.entries) define(record, key, plainOf(entry.node))
      return record
    }
  }
}

/** Sets a key that may be `__proto__`, which plain assignment would swallow. */
function define(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true })
  else record[key] = value
}

/** The node at a path, or undefined. */
export function nodeAt(root: Node | undefined, path: readonly string[]): Node | undefined {
  let node = root
  for (const key of path) {
    if (node?.kind === 'map') node = node.entries.get(key)?.node
    else if (node?.kind === 'list') node = node.items[Number(key)]
    else return undefined
  }
  return node
}

/** Where the deepest existing part of a path stands; its key where it has one. */
export function offsetOf(root: Node, path: readonly string[], part: 'key' | 'value'): number {
  let node: Node = root
  let at = root.at
  for (const [index, key] of path.entries()) {
    const isLast = index === path.length - 1
    if (node.kind === 'map') {
      const entry = node.entries.get(key)
      if (entry === undefined) return at
      at = isLast && part === 'value' ? entry.node.at : entry.keyAt
      node = entry.node
    } else if (node.kind === 'list') {
      const item = node.items[Number(key)]
      if (item === undefined) return at
      at = item.at
      node = item
    } else return at
  }
  return at
}
