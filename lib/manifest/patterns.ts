/** The pattern of every leaf that a resolved manifest can have, read off the schema. */
import type * as z from 'zod'
import { hintsOf } from './grammar/hints.ts'
import { peel, viewOf } from './grammar/view.ts'

/** Dotted patterns below `prefix`; names stand as `*`. Lists are one leaf, and so is what is opaque. */
export function leafPatterns(schema: z.ZodType, prefix = ''): readonly string[] {
  const found = new Set<string>()
  collect(schema, prefix, found)
  return [...found]
}

const join = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}.${key}`)

function collect(schema: z.ZodType, prefix: string, found: Set<string>): void {
  if (hintsOf(peel(schema)).opaque === true) {
    found.add(prefix)
    return
  }
  const view = viewOf(schema)
  if (view.leaves.length > 0 || view.list !== undefined) found.add(prefix)
  if (view.record !== undefined) collect(view.record.value, join(prefix, '*'), found)
  for (const object of view.objects) {
    for (const [key, value] of object.fields) collect(value, join(prefix, key), found)
  }
}
