/** Quantities in human units. They stay the text that was written; lowering makes integers of them. */
import * as z from 'zod'
import { parseCpu } from '../../core/units/cpu.ts'
import { parseDuration } from '../../core/units/duration.ts'
import { parseMemory } from '../../core/units/memory.ts'
import { parsePercent } from '../../core/units/percent.ts'
import { hinted } from './hints.ts'

const quantity = (regex: RegExp, parse: (text: string) => number | undefined, expected: string): z.ZodString =>
  hinted(
    z
      .string()
      .regex(regex)
      .refine((value) => parse(value) !== undefined),
    { code: 'invalid-unit', expected, plain: true },
  )

const notZero =
  (parse: (text: string) => number | undefined) =>
  (text: string): number | undefined => {
    const value = parse(text)
    return value === 0 ? undefined : value
  }

export const cpu = quantity(/^\d{1,6}(?:\.\d{1,9})?m?$/, notZero(parseCpu), 'CPUs such as `0.5` or `500m`')

export const memory = quantity(
  /^\d{1,15}(?:\.\d{1,9})?(?:[KMGTP]i|[kMGTP]|B)$/,
  notZero(parseMemory),
  'an amount such as `512Mi` or `1Gi` (powers of two), or `512M` (powers of ten)',
)

export const duration = quantity(
  /^\d{1,12}(?:ms|s|m|h|d)$/,
  parseDuration,
  'a duration such as `500ms`, `90s`, `5m`, `24h` or `30d`',
)

export const percent = quantity(/^\d{1,4}(?:\.\d{1,3})?%$/, parsePercent, 'a percentage such as `25%`')

/** At most the whole. */
export const share = hinted(
  percent.refine((value) => (parsePercent(value) ?? 0) <= 100, { params: { code: 'out-of-range' } }),
  { code: 'invalid-unit', expected: 'a percentage from `0%` to `100%`', plain: true },
)

export const count = z.int().min(0).max(100_000)
export const atLeastOne = z.int().min(1).max(100_000)
export const portNumber = z.int().min(1).max(65_535)

export const countOrPercent = hinted(z.union([count, share]), {
  code: 'invalid-unit',
  expected: 'a count such as `1` or a percentage such as `25%`',
})
