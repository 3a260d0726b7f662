/** Keys: do they exist, are they names? */
import type * as z from 'zod'
import { hintsOf } from '../grammar/hints.ts'
import type { ObjectView } from '../grammar/view.ts'
import type { Entry } from '../text/tree.ts'
import { visible } from '../text/words.ts'
import { isHole } from './context.ts'
import type { Walk } from './context.ts'
import { below, pathOf } from './place.ts'
import type { Place } from './place.ts'
import { suggest } from './suggest.ts'

export function unknownKey(key: string, entry: Entry, object: ObjectView, place: Place, context: Walk): void {
  const allowed = [...object.fields.keys()]
  const meant = suggest(key, allowed)
  context.report({
    code: 'unknown-key',
    message: `\`${visible(key)}\` is no key that exists here`,
    path: pathOf(below(place, visible(key))),
    at: entry.keyAt,
    value: visible(key),
    allowed,
    fix:
      meant === undefined ? 'remove it, or begin it with `x-` to keep it for yourself' : `did you mean \`${meant}\`?`,
  })
}

export function checkKey(schema: z.ZodType, key: string, entry: Entry, place: Place, context: Walk): void {
  const at = { path: pathOf(below(place, visible(key))), at: entry.keyAt, value: visible(key) }
  if (entry.ambiguousKey === true) {
    context.report({
      ...at,
      code: 'yaml-ambiguous-word',
      message: `the key \`${key}\` is read as a boolean by YAML 1.1 readers`,
      fix: `write "${key}"`,
    })
  } else if (context.mode !== 'complete' && isHole(key)) {
    context.report({
      ...at,
      code: 'invalid-name',
      message: `parameters work in values, not in keys: \`${visible(key)}\``,
      fix: 'write the key out',
    })
  } else if (!schema.safeParse(key).success) {
    const { code, expected } = hintsOf(schema)
    context.report({
      ...at,
      code: code ?? 'invalid-name',
      message: `\`${visible(key)}\` is not ${expected ?? 'allowed as a key'}`,
      fix: nameFix(key, schema),
    })
  }
}

function nameFix(key: string, schema: z.ZodType): string | undefined {
  const meant = key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  return meant !== key && schema.safeParse(meant).success ? `write \`${meant}\`` : undefined
}
