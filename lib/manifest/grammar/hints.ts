/**
 * What a schema says about itself beyond its type: how a mismatch is reported and how a value is read and
 * printed. Plain data, kept in zod's own metadata, so that the schema stays the one source.
 */
import type * as z from 'zod'
import type { Code } from '../../core/codes.ts'

export interface Hints {
  /** Code of the problem when the text does not fit. */
  readonly code?: Code
  /** What is expected, as in "expected …". */
  readonly expected?: string
  /** What to do about it. */
  readonly fix?: string
  /** A quantity such as `0.5`: printed without quotes though it is text. */
  readonly plain?: boolean
  /** A bare number is an error though its text would fit (file modes). */
  readonly mustQuote?: boolean
  /** A list of words that people tend to write as one line of shell. */
  readonly commandLine?: boolean
  /** Native fragments: carried as they are. */
  readonly opaque?: boolean
  /** Parameters are not replaced in it. */
  readonly literal?: boolean
  /** Keys that stand for each other: an overlay with one of them takes the place of the others. */
  readonly instead?: readonly string[]
  /** With this key the object lies over another one, so that `null` in it deletes. */
  readonly layeredBy?: string
  /** Keys are data (labels), so `x-` keys are kept. */
  readonly dataKeys?: boolean
}

const own = [
  'code',
  'expected',
  'fix',
  'plain',
  'mustQuote',
  'commandLine',
  'opaque',
  'literal',
  'instead',
  'layeredBy',
  'dataKeys',
] as const

export const hintKeys: readonly string[] = own

export const hinted = <T extends z.ZodType>(schema: T, hints: Hints): T => schema.meta({ ...schema.meta(), ...hints })

export const hintsOf = (schema: z.ZodType): Hints => (schema.meta() ?? {}) as Hints
