/** Names that refer to something: do they? */
import { suggest } from '../walk/suggest.ts'
import type { Report } from './input.ts'

/** What names can refer to: by key of a section, or as a set. */
export type Known = Readonly<Record<string, unknown>> | ReadonlySet<string> | readonly string[]

const isIn = (name: string, known: Known): boolean => {
  if (known instanceof Set) return known.has(name)
  return Array.isArray(known) ? known.includes(name) : Object.hasOwn(known, name)
}

const namesOf = (known: Known): readonly string[] => {
  if (known instanceof Set) return [...(known as ReadonlySet<string>)]
  return Array.isArray(known) ? (known as readonly string[]) : Object.keys(known)
}

/** An answer lists what there is, not a thousand names. */
const mostListed = 30

/** Reports an `unknown-reference` unless `name` is among `known`. */
export function mustExist(
  name: string,
  known: Known,
  what: string,
  path: readonly string[],
  report: Report,
  part: 'key' | 'value' = 'value',
): boolean {
  if (isIn(name, known)) return true
  const names = namesOf(known)
  const meant = suggest(name, names)
  report(path, 'unknown-reference', `there is no ${what} \`${name}\``, {
    value: name,
    allowed: names.slice(0, mostListed),
    part,
    fix: meant !== undefined ? `did you mean \`${meant}\`?` : `define it, or name one that exists`,
  })
  return false
}
