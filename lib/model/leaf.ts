/**
 * Leaves: what the ledger counts. Each scalar and each list (whole, also an empty one) of the resolved manifest
 * is one leaf, and so is each native fragment of `override`, with the pattern of its place, so that a target's
 * table can be total over patterns. An empty map says what its absence says, and is none.
 */
import type { SourcePosition } from '../core/problems.ts'
import type { FieldPattern } from './fields.ts'

export interface Leaf {
  /** E.g. `['services', 'web', 'ports', 'http', 'port']`. */
  readonly path: readonly string[]
  /** The same with names replaced by `*`, e.g. `services.*.ports.*.port`. */
  readonly pattern: FieldPattern
  readonly value: unknown
  /** True where the author wrote it (perhaps in short form); false where a default filled it in. */
  readonly written: boolean
  readonly source?: SourcePosition
}
