/** What a schema expects, in words. */
import type * as z from 'zod'
import { hintsOf } from '../grammar/hints.ts'
import { peel } from '../grammar/view.ts'
import type { View } from '../grammar/view.ts'

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`

/** The values of an enumeration; undefined for everything else. */
export function choices(schema: z.ZodType): readonly string[] | undefined {
  const { def } = peel(schema)
  if (def.type === 'enum') return Object.values((def as unknown as { entries: Record<string, string> }).entries)
  if (def.type === 'literal') return (def as unknown as { values: readonly unknown[] }).values.map(String)
  if (def.type === 'boolean') return ['true', 'false']
  return undefined
}

export function expectedLeaf(schema: z.ZodType): string {
  const { expected } = hintsOf(peel(schema))
  if (expected !== undefined) return expected
  const words = choices(schema)
  if (words !== undefined) return list(words.map((word) => `\`${word}\``))
  const { def } = peel(schema)
  if (def.type !== 'number') return 'text'
  return (def as unknown as { format?: string }).format === 'safeint' ? 'a whole number' : 'a number'
}

export function expectedOf(schema: z.ZodType, view: View): string {
  const { expected } = hintsOf(peel(schema))
  if (expected !== undefined) return expected
  const words = [...new Set(view.leaves.map(expectedLeaf))]
  const { sugar } = view
  if (sugar !== undefined && peel(sugar.short).def.type !== 'object') words.push(expectedLeaf(sugar.short))
  if (view.list !== undefined) words.push('a list')
  if (view.objects.length > 0 || view.record !== undefined) words.push('a map')
  return list([...new Set(words)])
}
