/** YAML text to a tree: YAML 1.2 core, with positions, limits and every syntax problem at once. */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Alias, Document, Node as YamlNode, Pair, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml'
import { findFlowParam } from './flow-param.ts'
import type { Limits } from './limits.ts'
import { isHopelesslyDeep } from './nesting.ts'
import type { Locate, Reporter } from './reporter.ts'
import { createReporter } from './reporter.ts'
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts'
import { emptyMap } from './tree.ts'
import { controlCharacter, isAmbiguousWord, visible } from './words.ts'

export interface ReadText {
  /** Absent where the text is no tree at all. */
  readonly root?: Node
  readonly locate: Locate
  readonly reporter: Reporter
}

/** Leaves the conversion at once; the problem is reported before. */
class LimitExceeded extends Error {}

export function readYaml(text: string, file: string | undefined, limits: Limits): ReadText {
  const counter = new LineCounter()
  const locate: Locate = (offset) => {
    if (offset < 0) return undefined
    const { line, col } = counter.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const reporter = createReporter(locate, limits.maxProblems)
  const bytes = Buffer.byteLength(text)
  if (bytes > limits.maxBytes) {
    reporter.report({
      code: 'too-large',
      message: `the manifest has ${bytes} bytes; at most ${limits.maxBytes} are read`,
      at: -1,
      fix: 'move large files out of the manifest and name them by `path:`',
    })
    return { locate, reporter }
  }
  if (isHopelesslyDeep(text)) {
    reporter.report({
      code: 'too-deep',
      message: `the manifest is nested more than ${limits.maxDepth} levels deep`,
      at: -1,
    })
    return { locate, reporter }
  }
  // Duplicate keys and merge keys are ours to handle: yaml's own would lose the position or the second value.
  const document = parseDocument(text, {
    lineCounter: counter,
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    version: '1.2',
  })
  reportSyntax(document.errors, text, counter, reporter)
  // A tree with holes in it would only lead to problems that are none.
  if (document.errors.length > 0) return { locate, reporter }
  const root = convertDocument(document, limits, reporter)
  return { root, locate, reporter }
}

function reportSyntax(errors: readonly YAMLError[], text: string, counter: LineCounter, reporter: Reporter): void {
  const linesDone = new Set<number>()
  for (const error of errors) {
    const [start] = error.pos
    const { line } = counter.linePos(start)
    // One slip makes several errors on its line; the first one says it.
    if (linesDone.has(line)) continue
    linesDone.add(line)
    if (error.message.startsWith('Maximum call stack')) {
      reporter.report({ code: 'too-deep', message: 'the manifest is nested too deeply to be read', at: start })
      continue
    }
    const param = findFlowParam(text, start)
    if (param !== undefined) {
      reporter.report({
        code: 'yaml-flow-param',
        message: `\`${param.text}\` stands unquoted in flow style, where YAML reads its braces as a map`,
        at: param.at,
        value: param.text,
        fix: `quote it: "${param.scalar}"`,
      })
      continue
    }
    reporter.report({
      code: error.code === 'DUPLICATE_KEY' ? 'yaml-duplicate-key' : 'yaml-syntax',
      message:
        error.code === 'MULTIPLE_DOCS'
          ? 'the text holds several YAML documents; a manifest is one'
          : `the text is not valid YAML: ${error.message.split('\n')[0] ?? ''}`,
      at: start,
      fix: error.code === 'TAB_AS_INDENT' ? 'indent with spaces' : undefined,
    })
  }
}

interface Conversion {
  readonly limits: Limits
  readonly reporter: Reporter
  nodes: number
  /** The latest node of each anchor so far, as YAML means it. yaml's own look-up searches the whole document. */
  readonly anchors: Map<string, YamlNode>
  /** Inside the target of an alias, whose anchors are known already. */
  aliased: number
  /** An alias led nowhere: the tree has a hole. */
  broken: boolean
}

function convertDocument(document: Document.Parsed, limits: Limits, reporter: Reporter): Node | undefined {
  const conversion: Conversion = { limits, reporter, nodes: 0, anchors: new Map(), aliased: 0, broken: false }
  if (document.contents === null) return undefined
  try {
    const root = convert(document.contents, 0, conversion)
    return conversion.broken ? undefined : root
  } catch (error) {
    if (error instanceof LimitExceeded) return undefined
    throw error
  }
}

const allowedTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
)

function convert(node: YamlNode, depth: number, conversion: Conversion): Node {
  const at = node.range?.[0] ?? 0
  conversion.nodes += 1
  if (conversion.nodes > conversion.limits.maxNodes) {
    conversion.reporter.report({
      code: 'too-many-aliases',
      message: `the manifest has more than ${conversion.limits.maxNodes} values once its aliases are written out`,
      at,
    })
    throw new LimitExceeded()
  }
  if (depth > conversion.limits.maxDepth) {
    conversion.reporter.report({
      code: 'too-deep',
      message: `the manifest is nested more than ${conversion.limits.maxDepth} levels deep`,
      at,
    })
    throw new LimitExceeded()
  }
  if (isAlias(node)) return convertAlias(node, depth, conversion)
  if (node.anchor !== undefined && conversion.aliased === 0) conversion.anchors.set(node.anchor, node)
  if (node.tag !== undefined && !allowedTags.has(node.tag)) {
    conversion.reporter.report({
      code: 'yaml-tag',
      message: `the tag \`${node.tag}\` is not allowed in a manifest`,
      at,
      value: node.tag,
      fix: 'remove the tag',
    })
  }
  if (isMap(node)) return convertMap(node, depth, conversion)
  if (isSeq(node)) return convertList(node, depth, conversion)
  if (isScalar(node)) return convertScalar(node, at, conversion)
  return emptyMap(at)
}

function convertAlias(alias: Alias, depth: number, conversion: Conversion): Node {
  const target = conversion.anchors.get(alias.source)
  if (target === undefined) {
    const at = alias.range?.[0] ?? 0
    conversion.broken = true
    conversion.reporter.report({
      code: 'yaml-syntax',
      message: `the alias \`*${alias.source}\` names no anchor that stands before it`,
      at,
      value: `*${alias.source}`,
    })
    return { kind: 'scalar', value: null, text: '', quoted: false, at }
  }
  conversion.aliased += 1
  const converted = convert(target, depth + 1, conversion)
  conversion.aliased -= 1
  return converted
}

function convertList(list: YAMLSeq, depth: number, conversion: Conversion): Node {
  const at = list.range?.[0] ?? 0
  const items = list.items.map((item): Node => {
    // `[a: 1]` is a list of one pair: a map.
    if (isPair(item)) return mapOfPairs([item as Pair<YamlNode, YamlNode | null>], at, depth + 1, conversion)
    return convert(item as YamlNode, depth + 1, conversion)
  })
  return { kind: 'list', items, at }
}

const convertMap = (map: YAMLMap, depth: number, conversion: Conversion): MapNode =>
  mapOfPairs(map.items as Pair<YamlNode, YamlNode | null>[], map.range?.[0] ?? 0, depth, conversion)

function mapOfPairs(
  pairs: readonly Pair<YamlNode, YamlNode | null>[],
  at: number,
  depth: number,
  conversion: Conversion,
): MapNode {
  const entries = new Map<string, Entry>()
  const merged = new Map<string, Entry>()
  for (const pair of pairs) {
    const key = keyOf(pair.key, conversion)
    if (key === undefined) continue
    const node: Node =
      pair.value === null
        ? { kind: 'scalar', value: null, text: '', quoted: false, at: key.at }
        : convert(pair.value, depth + 1, conversion)
    if (key.text === '<<' && !key.quoted) {
      mergeInto(merged, node, key.at, conversion)
      continue
    }
    if (entries.has(key.text)) {
      conversion.reporter.report({
        code: 'yaml-duplicate-key',
        message: `the key \`${visible(key.text)}\` stands twice in one map`,
        at: key.at,
        value: visible(key.text),
        fix: 'keep one of the two',
      })
      continue
    }
    entries.set(key.text, { node, keyAt: key.at, ambiguousKey: !key.quoted && isAmbiguousWord(key.text) })
  }
  // Own keys beat merged ones, and keep their order after them, as YAML's merge key says.
  for (const [key, entry] of entries) merged.set(key, entry)
  return { kind: 'map', entries: merged, at }
}

interface Key {
  readonly text: string
  readonly quoted: boolean
  readonly at: number
}

function keyOf(node: YamlNode | null, conversion: Conversion): Key | undefined {
  const at = node?.range?.[0] ?? 0
  const target = node !== null && isAlias(node) ? conversion.anchors.get(node.source) : node
  if (target !== null && target !== undefined && isScalar(target)) {
    const scalar = convertScalar(target, at, conversion)
    if (scalar.value !== null) return { text: scalar.text, quoted: scalar.quoted, at }
  }
  conversion.reporter.report({
    code: 'yaml-syntax',
    message: 'a key must be a word or a quoted text',
    at,
    fix: 'write the key as text',
  })
  return undefined
}

function mergeInto(merged: Map<string, Entry>, node: Node, at: number, conversion: Conversion): void {
  const sources = node.kind === 'list' ? node.items : [node]
  for (const source of sources) {
    if (source.kind !== 'map') {
      conversion.reporter.report({
        code: 'yaml-syntax',
        message: 'the merge key `<<` takes a map, or a list of maps',
        at,
        fix: 'name an anchor of a map: `<<: *name`',
      })
      continue
    }
    // Of several maps the first one wins.
    for (const [key, entry] of source.entries) if (!merged.has(key)) merged.set(key, entry)
  }
}

function convertScalar(scalar: Scalar, at: number, conversion: Conversion): ScalarNode {
  const { value } = scalar
  const plain = scalar.type === 'PLAIN' || scalar.type === undefined
  const source = scalar.source ?? ''
  const text = typeof value === 'string' ? value : source
  const control = controlCharacter(text)
  if (control !== undefined) {
    conversion.reporter.report({
      code: 'control-character',
      message: `the control character ${control} stands where text is meant`,
      at,
      value: visible(text),
      fix: 'remove it; bytes of a file go into `base64`',
    })
    return { kind: 'scalar', value: visible(text), text: visible(text), quoted: true, at }
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return { kind: 'scalar', value, text: source, quoted: false, at }
  }
  return { kind: 'scalar', value: text, text, quoted: !plain, at }
}
