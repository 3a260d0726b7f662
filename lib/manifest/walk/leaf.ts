/** One scalar against its schema. */
import type * as z from 'zod'
import type { Code } from '../../core/codes.ts'
import { suggestMemory } from '../../core/units/memory.ts'
import { hintsOf } from '../grammar/hints.ts'
import type { Hints } from '../grammar/hints.ts'
import { peel } from '../grammar/view.ts'
import type { ScalarNode, ScalarValue } from '../text/tree.ts'
import { isAmbiguousWord } from '../text/words.ts'
import { isHole } from './context.ts'
import type { Walk } from './context.ts'
import { choices, expectedLeaf } from './expected.ts'
import { pathOf } from './place.ts'
import type { Place } from './place.ts'
import { shown } from '../../core/secrecy.ts'
import { suggest } from './suggest.ts'

/** The value as this schema would read it; undefined where the scalar is of another type. */
function read(schema: z.ZodType, node: ScalarNode): ScalarValue | undefined {
  const type: string = schema.def.type
  switch (type) {
    case 'string':
    case 'enum':
      return node.value === null ? undefined : node.text
    case 'number':
      return typeof node.value === 'number' ? node.value : undefined
    case 'boolean':
      return typeof node.value === 'boolean' ? node.value : undefined
    case 'literal':
      return (schema.def as unknown as { values: readonly unknown[] }).values.some((value) => typeof value === 'string')
        ? node.text
        : node.value
    default:
      return node.value
  }
}

type Verdict =
  | { readonly ok: true; readonly value: ScalarValue }
  | { readonly ok: false; readonly code: Code; readonly allowed?: string[] }

function check(schema: z.ZodType, node: ScalarNode): Verdict {
  const value = read(schema, node)
  if (value === undefined) return { ok: false, code: 'wrong-type' }
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data as ScalarValue }
  const words = choices(schema)
  if (words !== undefined) return { ok: false, code: 'not-allowed' }
  const issue = result.error.issues[0]
  if (issue?.code === 'custom' && issue.params?.['code'] === 'out-of-range') return { ok: false, code: 'out-of-range' }
  if (issue?.code === 'invalid_type') return { ok: false, code: 'wrong-type' }
  if (schema.def.type === 'number') {
    const bound =
      issue?.code === 'too_small'
        ? `at least ${issue.minimum}`
        : issue?.code === 'too_big'
          ? `at most ${issue.maximum}`
          : undefined
    return { ok: false, code: 'out-of-range', allowed: bound === undefined ? undefined : [bound] }
  }
  return { ok: false, code: hintsOf(schema).code ?? 'invalid-format' }
}

/** Whether plain YAML 1.1 words would be read otherwise by other tools: refused where text is meant. */
function isAmbiguous(schema: z.ZodType, node: ScalarNode): boolean {
  return schema.def.type === 'string' && !node.quoted && typeof node.value === 'string' && isAmbiguousWord(node.text)
}

/** The scalar with its value as the schema means it; undefined after a problem was reported. */
export function walkLeaf(schema: z.ZodType, node: ScalarNode, place: Place, walk: Walk): ScalarNode | undefined {
  if (node.unresolved === true || (walk.holes && isHole(node.text))) return { ...node, value: node.text, quoted: true }
  const { hints, leaves } = walk.view(schema)
  if (hints.mustQuote === true && typeof node.value === 'number') {
    const octal = /^0?[0-7]{3}$/.test(node.text) ? node.text.padStart(4, '0') : undefined
    report(node, place, walk, {
      code: hints.code ?? 'invalid-format',
      message: `\`${node.text}\` is a bare number; expected ${hints.expected ?? 'quoted text'}`,
      fix: octal === undefined ? 'write the mode as quoted octal' : `write "${octal}"`,
    })
    return undefined
  }
  const verdicts: { readonly schema: z.ZodType; readonly verdict: Verdict }[] = []
  for (const each of leaves) {
    const verdict = check(each, node)
    if (verdict.ok) {
      if (!isAmbiguous(each, node)) return { ...node, value: verdict.value, quoted: typeof verdict.value === 'string' }
      report(node, place, walk, {
        code: 'yaml-ambiguous-word',
        message: `\`${node.text}\` stands where text is meant, and YAML 1.1 readers take it for a boolean`,
        fix: `write "${node.text}", or "true" or "false" if that is what is meant`,
      })
      return undefined
    }
    verdicts.push({ schema: each, verdict })
  }
  refuse(schema, node, place, walk, verdicts)
  return undefined
}

function refuse(
  schema: z.ZodType,
  node: ScalarNode,
  place: Place,
  walk: Walk,
  verdicts: readonly { readonly schema: z.ZodType; readonly verdict: Verdict }[],
): void {
  const hints = hintsOf(peel(schema))
  // The alternative of the value's own type says best what is wrong with it.
  const closest =
    verdicts.find(({ verdict }) => !verdict.ok && verdict.code !== 'wrong-type')?.verdict ?? verdicts[0]?.verdict
  const words = verdicts.flatMap((each) => choices(each.schema) ?? [])
  const code = closest === undefined || closest.ok ? 'wrong-type' : closest.code
  const bound = closest !== undefined && !closest.ok ? closest.allowed : undefined
  const expected = hints.expected ?? [...new Set(verdicts.map((each) => expectedLeaf(each.schema)))].join(' or ')
  const meant = words.length > 0 ? suggest(node.text, words) : undefined
  const value = node.value === null ? 'nothing' : `\`${shown(place.key, node.text)}\``
  const isQuotedNumber =
    node.quoted && verdicts.some((each) => each.schema.def.type === 'number') && /^\d+(?:\.\d+)?$/.test(node.text)
  const isWordForBoolean = verdicts.some((each) => each.schema.def.type === 'boolean') && isAmbiguousWord(node.text)
  report(node, place, walk, {
    code: code === 'not-allowed' || code === 'wrong-type' || code === 'out-of-range' ? code : (hints.code ?? code),
    message: `${value} stands where ${expected} is expected${bound === undefined ? '' : ` (${bound.join(', ')})`}`,
    allowed: words.length > 0 ? words : bound,
    fix: isQuotedNumber
      ? `write ${node.text} without quotes`
      : isWordForBoolean
        ? `write ${/^(?:y|on)/i.test(node.text) ? 'true' : 'false'}`
        : meant !== undefined
          ? `did you mean \`${meant}\`?`
          : (hints.fix ?? quantityFix(hints, node.text)),
  })
}

function quantityFix(hints: Hints, text: string): string | undefined {
  if (hints.code !== 'invalid-unit') return undefined
  const memory = hints.expected?.includes('Mi') === true ? suggestMemory(text) : undefined
  if (memory !== undefined) return `write ${memory}`
  return /^\d+(?:\.\d+)?$/.test(text) ? 'write the unit with the number' : undefined
}

interface LeafFinding {
  readonly code: Code
  readonly message: string
  readonly allowed?: readonly string[]
  readonly fix?: string
}

function report(node: ScalarNode, place: Place, walk: Walk, finding: LeafFinding): void {
  walk.report({ ...finding, path: pathOf(place), at: node.at, value: shown(place.key, node.text) })
}
