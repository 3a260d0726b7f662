/** What a walk carries along. */
import type * as z from 'zod'
import { viewOf } from '../grammar/view.ts'
import type { View } from '../grammar/view.ts'
import type { Finding } from '../text/reporter.ts'
import type { ListNode, ScalarNode } from '../text/tree.ts'
import type { Place } from './place.ts'

export interface Walk {
  /**
   * `base` and `overlay` expand short forms; nothing is required yet, because an environment may bring it, and
   * an overlay may say `null`. `complete` demands what is required, fills the defaults in and shows each leaf.
   */
  readonly mode: 'base' | 'overlay' | 'complete'
  /** Parameters are still in the values: such a value is taken as it is. */
  readonly holes: boolean
  /** Leaves out what is wrong. Before that it stays in the tree, so that the last walk knows it was there. */
  readonly prune: boolean
  readonly report: (finding: Finding) => void
  readonly view: (schema: z.ZodType) => View
  readonly leaf?: (place: Place, node: ScalarNode | ListNode) => void
  readonly opaqueLeaf?: (place: Place, value: unknown, at: number) => void
}

/** Reads each schema once. */
export function createViews(): (schema: z.ZodType) => View {
  const known = new Map<z.ZodType, View>()
  return (schema) => {
    const found = known.get(schema)
    if (found !== undefined) return found
    const made = viewOf(schema)
    known.set(schema, made)
    return made
  }
}

/** A value that only a parameter will complete. */
export const isHole = (text: string): boolean => text.includes('${')
