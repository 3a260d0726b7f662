/**
 * The translation ledger: beside every result, one row for every leaf of the input, so that nothing is
 * lost silently (DESIGN §7). A leaf without a row is a bug.
 */
import type { Code } from '../core/codes.ts'
import type { SourcePosition } from '../core/problems.ts'

export type Disposition = 'exact' | 'equivalent' | 'approximated' | 'deferred' | 'refused' | 'defaulted'

export const dispositions = ['exact', 'equivalent', 'approximated', 'deferred', 'refused', 'defaulted'] as const

export interface LedgerRow {
  /** Dotted path into the input, as problems print it. */
  readonly path: string
  readonly source?: SourcePosition
  /** The input's value as text, masked where it looks secret. */
  readonly value: string
  /** Name of the target or format the row speaks of. */
  readonly target: string
  readonly disposition: Disposition
  /** Native places the value went to, e.g. `service/web:TaskTemplate.ContainerSpec.Env`. */
  readonly native: readonly string[]
  /** For `approximated`: what was asked → what is given, e.g. `0.3 vCPU → 0.5 vCPU`. */
  readonly delta?: string
  readonly code?: Code
  readonly note?: string
}

/** A class of rows that `--strict` turns into errors; without a class: approximated, deferred and refused. */
export const strictByDefault: readonly Disposition[] = ['approximated', 'deferred', 'refused']
