/** What the schemas find wrong, as problems with codes of the catalogue and the place in the request. */
import type * as z from 'zod'
import { catalogue } from '../../core/codes.ts'
import type { Code } from '../../core/codes.ts'
import { requestProblem } from '../present/problems.ts'
import type { RequestProblem } from '../present/problems.ts'
import * as text from '../schemas/text.ts'

export type Place = 'body' | 'query'

interface PatternRule {
  readonly code: Code
  readonly expected: string
}

/** Patterns that are more than a format: what a text that does not match is told. */
const patternRules: ReadonlyMap<string, PatternRule> = new Map(
  (
    [
      [text.plainText, 'control-character', 'text without control characters'],
      [text.plainLine, 'control-character', 'one line of text without control characters'],
      [text.manifestText, 'control-character', 'text without NUL characters'],
      [text.namePattern, 'invalid-name', 'lower-case letters, digits and hyphens, beginning with a letter, at most 40'],
      [text.secretNamePattern, 'invalid-name', 'letters, digits, dots, hyphens and underscores, at most 100'],
      [text.envNamePattern, 'invalid-name', 'letters, digits and underscores, not beginning with a digit'],
      [text.relativePathPattern, 'path-outside', 'a relative path with forward slashes that stays inside the folder'],
      [text.contextPathPattern, 'path-outside', 'a relative path with forward slashes that stays inside the folder'],
      [text.base64Pattern, 'invalid-format', 'base64 with padding'],
      [text.timePattern, 'invalid-format', 'a time such as 2030-01-31T12:00:00Z'],
      [text.subjectPattern, 'invalid-format', '`user:NAME` or `group:NAME`'],
      [text.collectionPattern, 'invalid-format', '`*`, a project, or `project/app`'],
      [text.hostPattern, 'invalid-format', 'a host name in lower case'],
    ] as const
  ).map(([pattern, code, expected]) => [String(pattern), { code, expected }]),
)

const escapePointer = (segment: PropertyKey): string => String(segment).replaceAll('~', '~0').replaceAll('/', '~1')

export const pointerOf = (path: readonly PropertyKey[]): string =>
  `#${path.map((segment) => `/${encodeURIComponent(escapePointer(segment))}`).join('')}`

/** Where a problem stands: a pointer into the body, or the name of a query parameter. */
export const placeOf = (
  place: Place,
  path: readonly PropertyKey[],
): { readonly pointer: string } | { readonly parameter: string } =>
  place === 'body' ? { pointer: pointerOf(path) } : { parameter: String(path[0] ?? '') }

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const segment of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.hasOwn(value, segment) ? (value as Record<PropertyKey, unknown>)[segment] : undefined
  }
  return value
}

const quote = (value: unknown): string => {
  const whole = JSON.stringify(value) ?? 'undefined'
  return whole.length > 80 ? `${whole.slice(0, 77)}…` : whole
}

const typeName = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value)

const label = (place: Place, path: readonly PropertyKey[]): string =>
  path.length === 0 ? (place === 'body' ? 'The body' : 'The query') : `\`${path.map(String).join('.')}\``

interface Reader {
  readonly place: Place
  readonly input: unknown
  /** Values are not quoted: they may be secret. */
  readonly secret: boolean
}

type Issue = z.core.$ZodIssue

export function problemsOf(issues: readonly Issue[], reader: Reader): readonly RequestProblem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, [], reader))
}

function problemsOfIssue(issue: Issue, base: readonly PropertyKey[], reader: Reader): readonly RequestProblem[] {
  const path = [...base, ...issue.path]
  const { place } = reader
  const where = label(place, path)
  const value = valueAt(reader.input, path)
  const shown = reader.secret ? '' : `, not ${quote(value)}`
  const at = placeOf(place, path)
  const missing = value === undefined && path.length > 0

  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        requestProblem('unknown-key', `${label(place, [...path, key])} is not known here.`, {
          ...placeOf(place, [...path, key]),
          fix: 'Leave it out, or look at /openapi.json for the fields there are.',
        }),
      )
    case 'invalid_key':
      return issue.issues.flatMap((inner) => keyProblem(inner, path, reader))
    case 'invalid_type':
      if (missing) return [missingProblem(where, at)]
      return [requestProblem('wrong-type', `${where} must be of type ${issue.expected}, not ${typeName(value)}.`, at)]
    case 'invalid_value': {
      if (missing) return [missingProblem(where, at)]
      const allowed = issue.values.map(String)
      return [
        requestProblem('not-allowed', `${where} must be one of ${allowed.join(', ')}${shown}.`, { ...at, allowed }),
      ]
    }
    case 'invalid_union':
      if (missing) return [missingProblem(where, at)]
      return closestAlternative(issue, path, reader)
    case 'too_small':
      return [
        requestProblem(
          'out-of-range',
          `${where} must have at least ${sizeText(issue.origin, issue.minimum)}${numeric(issue.origin, shown)}.`,
          at,
        ),
      ]
    case 'too_big':
      return [
        requestProblem(
          'out-of-range',
          `${where} must have at most ${sizeText(issue.origin, issue.maximum)}${numeric(issue.origin, shown)}.`,
          at,
        ),
      ]
    case 'invalid_format': {
      const rule = patternRules.get(issue.pattern ?? '')
      const expected =
        rule?.expected ?? (issue.pattern === undefined ? issue.format : `text that matches ${issue.pattern}`)
      return [requestProblem(rule?.code ?? 'invalid-format', `${where} must be ${expected}${shown}.`, at)]
    }
    case 'custom': {
      const { code, expected } = ruleOf(issue.params)
      return [requestProblem(code, `${where} must ${expected}.`, at)]
    }
    case 'not_multiple_of':
    case 'invalid_element':
      return [requestProblem('invalid-format', `${where} is not valid${shown}.`, at)]
  }
}

/** A refinement of ours says by its parameters what it asks for. */
function ruleOf(params: Readonly<Record<string, unknown>> | undefined): { code: Code; expected: string } {
  const code = params?.['code']
  const expected = params?.['expected']
  const isCode = (value: unknown): value is Code => typeof value === 'string' && Object.hasOwn(catalogue, value)
  return {
    code: isCode(code) ? code : 'invalid-format',
    expected: typeof expected === 'string' ? expected : 'be valid',
  }
}

const numeric = (origin: string, shown: string): string => (origin === 'number' ? shown : '')

function sizeText(origin: string, bound: number | bigint): string {
  switch (origin) {
    case 'string':
      return `${String(bound)} characters`
    case 'array':
      return `${String(bound)} items`
    default:
      return `the value ${String(bound)}`
  }
}

const missingProblem = (where: string, at: ReturnType<typeof placeOf>): RequestProblem =>
  requestProblem('missing-key', `${where} is missing.`, at)

function keyProblem(issue: Issue, path: readonly PropertyKey[], reader: Reader): readonly RequestProblem[] {
  const key = String(path.at(-1))
  const rule = issue.code === 'invalid_format' ? patternRules.get(issue.pattern ?? '') : undefined
  const expected = rule?.expected ?? 'a key of the form that is documented'
  return [
    requestProblem(
      rule?.code ?? 'invalid-name',
      `The key ${quote(key)} must be ${expected}.`,
      placeOf(reader.place, path),
    ),
  ]
}

/** Of several forms, the one whose keys the input shares most is what its author meant. */
function closestAlternative(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly PropertyKey[],
  reader: Reader,
): readonly RequestProblem[] {
  const weight = (issues: readonly Issue[]): number =>
    issues.reduce((sum, inner) => sum + (inner.code === 'unrecognized_keys' ? inner.keys.length * 2 : 1), 0)
  const closest = [...issue.errors].sort((a, b) => weight(a) - weight(b))[0]
  if (closest === undefined || closest.length === 0) {
    return [
      requestProblem(
        'wrong-type',
        `${label(reader.place, path)} has none of the forms allowed here.`,
        placeOf(reader.place, path),
      ),
    ]
  }
  return closest.flatMap((inner) => problemsOfIssue(inner, path, reader))
}
