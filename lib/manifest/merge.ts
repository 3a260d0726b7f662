/**
 * The merge rules of overlays, on the long form: maps merge by key, lists are replaced whole, `null` deletes,
 * and an entry of another kind takes the place of what was there.
 */
import type * as z from 'zod'
import { hintsOf } from './grammar/hints.ts'
import { peel } from './grammar/view.ts'
import type { View } from './grammar/view.ts'
import type { Entry, MapNode, Node } from './text/tree.ts'
import { kindsOf } from './walk/walk.ts'

type Views = (schema: z.ZodType) => View

export const isNull = (node: Node): boolean => node.kind === 'scalar' && node.value === null && !node.quoted

/** What `null` in an overlay found nothing to delete. */
export type OnNothingDeleted = (path: readonly string[], at: number) => void

export interface MergeOptions {
  readonly views: Views
  readonly nothingDeleted?: OnNothingDeleted
}

/** `overlay` over `base`; undefined when nothing is left. */
export function merge(
  schema: z.ZodType,
  base: Node | undefined,
  overlay: Node,
  options: MergeOptions,
  path: readonly string[] = [],
): Node | undefined {
  if (isNull(overlay)) return undefined
  if (overlay.kind !== 'map') return overlay
  const view = options.views(schema)
  const below = base?.kind === 'map' && !isOtherKind(view, base, overlay) ? base : undefined
  return mergeMaps(schema, view, below, overlay, options, path)
}

function isOtherKind(view: View, base: MapNode, overlay: MapNode): boolean {
  if (view.objects.length < 2) return false
  const [next] = kindsOf(view.objects, overlay)
  const [current] = kindsOf(view.objects, base)
  return next !== undefined && current !== undefined && next.kindKey !== current.kindKey
}

function mergeMaps(
  schema: z.ZodType,
  view: View,
  base: MapNode | undefined,
  overlay: MapNode,
  options: MergeOptions,
  path: readonly string[],
): MapNode {
  const entries = new Map<string, Entry>(base?.entries)
  const { instead } = hintsOf(peel(schema))
  if (instead !== undefined) {
    const chosen = instead.filter(
      (key) => overlay.entries.has(key) && !isNull(overlay.entries.get(key)?.node ?? overlay),
    )
    if (chosen.length > 0) for (const key of instead) if (!chosen.includes(key)) entries.delete(key)
  }
  for (const [key, entry] of overlay.entries) {
    const field = fieldOf(view, key)
    const current = entries.get(key)
    if (isNull(entry.node)) {
      if (current === undefined && view.record !== undefined) options.nothingDeleted?.([...path, key], entry.keyAt)
      entries.delete(key)
      continue
    }
    const merged =
      field === undefined
        ? mergeOpaque(current?.node, entry.node)
        : merge(field, current?.node, entry.node, options, [...path, key])
    // A key keeps its place; what the overlay adds comes last.
    if (merged !== undefined) entries.set(key, { node: merged, keyAt: current?.keyAt ?? entry.keyAt })
  }
  return { kind: 'map', entries, at: overlay.at }
}

function fieldOf(view: View, key: string): z.ZodType | undefined {
  if (view.record !== undefined) return view.record.value
  for (const object of view.objects) {
    const field = object.fields.get(key)
    if (field !== undefined) return field
  }
  return undefined
}

/** Native fragments merge like maps too; nothing in them has a kind. */
function mergeOpaque(base: Node | undefined, overlay: Node): Node | undefined {
  if (isNull(overlay)) return undefined
  if (overlay.kind !== 'map') return overlay
  const entries = new Map<string, Entry>(base?.kind === 'map' ? base.entries : [])
  for (const [key, entry] of overlay.entries) {
    const current = entries.get(key)
    const merged = mergeOpaque(current?.node, entry.node)
    if (merged === undefined) entries.delete(key)
    else entries.set(key, { node: merged, keyAt: current?.keyAt ?? entry.keyAt })
  }
  return { kind: 'map', entries, at: overlay.at }
}
