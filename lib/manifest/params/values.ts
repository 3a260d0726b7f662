/** The value of each parameter: given, from the environment, or its default. */
import type { Reporter } from '../text/reporter.ts'
import type { MapNode, Node, ScalarNode } from '../text/tree.ts'
import { nowhere } from '../text/tree.ts'
import { shown } from '../../core/secrecy.ts'
import { suggest } from '../walk/suggest.ts'

export interface ResolvedParams {
  readonly values: ReadonlyMap<string, ScalarNode>
  readonly declared: ReadonlySet<string>
}

/** `params` in the long form, with the environment's laid over it. */
export function paramValues(
  params: Node | undefined,
  given: Readonly<Record<string, string>>,
  reporter: Reporter,
): ResolvedParams {
  const values = new Map<string, ScalarNode>()
  const entries = params?.kind === 'map' ? params.entries : new Map<string, never>()
  for (const [name, entry] of entries) {
    if (entry.node.kind !== 'map') continue
    const value = valueOf(name, entry.node, entry.keyAt, given, reporter)
    if (value !== undefined) values.set(name, value)
  }
  for (const [name, value] of Object.entries(given)) {
    if (entries.has(name)) continue
    const meant = suggest(name, entries.keys())
    reporter.report({
      code: 'unused-param-value',
      message: `a value was given for the parameter \`${name}\`, which the manifest does not define`,
      path: ['params', name],
      at: nowhere,
      value: shown(name, value),
      allowed: [...entries.keys()],
      fix: meant === undefined ? 'leave it out, or define it under `params`' : `did you mean \`${meant}\`?`,
    })
  }
  return { values, declared: new Set(entries.keys()) }
}

function valueOf(
  name: string,
  param: MapNode,
  keyAt: number,
  given: Readonly<Record<string, string>>,
  reporter: Reporter,
): ScalarNode | undefined {
  const found = param.entries.get('default')?.node
  const standard = found?.kind === 'scalar' && found.value !== null ? found : undefined
  const text = Object.hasOwn(given, name) ? given[name] : undefined
  const value = text === undefined ? standard : givenValue(name, text, standard, reporter)
  if (value === undefined) {
    if (text === undefined) {
      reporter.report({
        code: 'missing-param',
        message: `the parameter \`${name}\` has no default and was given no value`,
        path: ['params', name],
        at: keyAt,
        fix: `give it with \`--set ${name}=…\` or \`ESCALE_PARAM_${name.toUpperCase().replaceAll('-', '_')}\``,
      })
    }
    return undefined
  }
  return isAllowed(name, value, param, reporter) ? value : undefined
}

/** What comes from outside is text; it has the type of the default, or the one YAML would read. */
function givenValue(
  name: string,
  text: string,
  standard: ScalarNode | undefined,
  reporter: Reporter,
): ScalarNode | undefined {
  const type = standard === undefined ? undefined : typeof standard.value
  const asText: ScalarNode = { kind: 'scalar', value: text, text, quoted: true, at: nowhere }
  if (type === 'string') return asText
  const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)
  if (isNumber && type !== 'boolean') return { ...asText, value: Number(text), quoted: false }
  if ((text === 'true' || text === 'false') && type !== 'number')
    return { ...asText, value: text === 'true', quoted: false }
  if (type === undefined) return asText
  reporter.report({
    code: 'wrong-type',
    message: `\`${shown(name, text)}\` was given for the parameter \`${name}\`, whose default is a ${type}`,
    path: ['params', name],
    at: nowhere,
    value: shown(name, text),
    fix: `give a ${type}`,
  })
  return undefined
}

function isAllowed(name: string, value: ScalarNode, param: MapNode, reporter: Reporter): boolean {
  const allowed = param.entries.get('allowed')?.node
  if (allowed?.kind !== 'list') return true
  const texts = allowed.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : []))
  if (texts.includes(value.text)) return true
  const meant = suggest(value.text, texts)
  reporter.report({
    code: 'not-allowed',
    message: `\`${shown(name, value.text)}\` is not among the values that the parameter \`${name}\` allows`,
    path: ['params', name],
    at: value.at === nowhere ? allowed.at : value.at,
    value: shown(name, value.text),
    allowed: texts,
    fix: meant === undefined ? undefined : `did you mean \`${meant}\`?`,
  })
  return false
}
