/** Replaces `${name}` in values. Keys, `params`, `config.*.files` and `x-` keys are left alone. */
import type { Reporter } from '../text/reporter.ts'
import type { Entry, MapNode, Node, ScalarNode } from '../text/tree.ts'
import { suggest } from '../walk/suggest.ts'

export type ParamValues = ReadonlyMap<string, ScalarNode>

export interface Substitution {
  readonly values: ParamValues
  /** Parameters that exist but have no value: reported once, elsewhere. */
  readonly declared: ReadonlySet<string>
  readonly reporter: Reporter
}

// `$${` is a literal; everything else that begins with `${` must be a reference.
const token = /\$\$\{|\$\{([^{}]*)\}?/g

const whole = /^\$\{([A-Za-z][A-Za-z0-9_-]*)\}$/

/** Whether the text refers to a parameter, or holds an escaped `${`. */
const isAffected = (text: string): boolean => text.includes('${')

/** Writes `${` so that it stays what it is. */
export const escapeParams = (text: string): string => text.replaceAll('${', () => '$${')

function substituteScalar(node: ScalarNode, path: readonly string[], substitution: Substitution): ScalarNode {
  if (typeof node.value !== 'string' || !isAffected(node.text)) return node
  const alone = whole.exec(node.text)?.[1]
  if (alone !== undefined) {
    const value = substitution.values.get(alone)
    // The parameter's type, at this place.
    if (value !== undefined) return { ...value, at: node.at }
    undefinedParam(alone, node.text, node, path, substitution)
    return { ...node, unresolved: true }
  }
  let unresolved = false
  const text = node.text.replaceAll(token, (found, name: string | undefined) => {
    if (name === undefined) return '${'
    const value = found.endsWith('}') ? substitution.values.get(name) : undefined
    if (value !== undefined) return value.text
    undefinedParam(name, found, node, path, substitution)
    unresolved = true
    return found
  })
  return { ...node, value: text, text, quoted: true, unresolved }
}

function undefinedParam(
  name: string,
  found: string,
  node: ScalarNode,
  path: readonly string[],
  substitution: Substitution,
): void {
  if (substitution.declared.has(name)) return
  const meant = suggest(name, substitution.declared)
  substitution.reporter.report({
    code: 'undefined-param',
    message: `\`${found}\` names a parameter that is not defined`,
    path,
    at: node.at,
    value: found,
    allowed: [...substitution.declared],
    fix: `${meant === undefined ? `define it under \`params\`` : `did you mean \`\${${meant}}\`?`}; a literal is written \`$${found}\``,
  })
}

/** The tree with its parameters replaced; the same tree where there was none. */
export function substitute(root: MapNode, substitution: Substitution): MapNode {
  return substituteMap(root, [], substitution, isKeptLiteral)
}

/** Keys of labels and native fragments are data, also where they begin with `x-`. */
const isData = (path: readonly string[]): boolean => dataMaps.has(path.at(-1) ?? '') || path.includes('override')

const dataMaps: ReadonlySet<string> = new Set(['labels', 'annotations', 'require', 'prefer', 'tolerate'])

type Skip = (path: readonly string[], key: string) => boolean

function isKeptLiteral(path: readonly string[], key: string): boolean {
  if (path.length === 0) return key === 'params' || key === 'environments'
  return key === 'files' && path.length === 2 && path[0] === 'config'
}

function substituteMap(node: MapNode, path: readonly string[], substitution: Substitution, skip: Skip): MapNode {
  let changed = false
  const entries = new Map<string, Entry>()
  for (const [key, entry] of node.entries) {
    const kept = (key.startsWith('x-') && !isData(path)) || skip(path, key)
    const next = kept ? entry.node : substituteNode(entry.node, [...path, key], substitution, skip)
    if (next !== entry.node) changed = true
    entries.set(key, next === entry.node ? entry : { ...entry, node: next })
  }
  return changed ? { ...node, entries } : node
}

function substituteNode(node: Node, path: readonly string[], substitution: Substitution, skip: Skip): Node {
  switch (node.kind) {
    case 'scalar':
      return substituteScalar(node, path, substitution)
    case 'map':
      return substituteMap(node, path, substitution, skip)
    case 'list': {
      const items = node.items.map((item, index) => substituteNode(item, [...path, String(index)], substitution, skip))
      return items.every((item, index) => item === node.items[index]) ? node : { ...node, items }
    }
  }
}
