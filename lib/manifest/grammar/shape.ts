/** How sections put their parts together. */
import * as z from 'zod'

/**
 * A short form: `short` is sugar for the one long form. `expand` only moves values into place; it must not
 * compute with them, because a parameter may still stand where a number will.
 */
export const sugar = <Long extends z.ZodType, Short extends z.ZodType>(
  long: Long,
  short: Short,
  expand: (value: z.output<Short>) => z.input<Long>,
): z.ZodUnion<readonly [Long, z.ZodType<z.output<Long>, z.input<Short>>]> => {
  const expanded = short.transform((value): unknown => expand(value))
  return z.union([long, expanded.pipe(long as unknown as z.ZodType<z.output<Long>, unknown>)])
}

/** A map keyed by name. */
export const named = <Key extends z.ZodString, Value extends z.ZodType>(
  key: Key,
  value: Value,
): z.ZodRecord<Key, Value> => z.record(key, value)
