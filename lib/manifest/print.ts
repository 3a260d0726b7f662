/** A manifest to YAML that people would write: short forms, quotes where they are needed, small maps in one line. */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import type * as z from 'zod'
import { formatPath } from '../core/problems.ts'
import { hintsOf } from './grammar/hints.ts'
import { peel } from './grammar/view.ts'
import type { View } from './grammar/view.ts'
import { longTree } from './long-form.ts'
import { escapeParams } from './params/substitute.ts'
import { base as baseSchema, layered } from './sections/manifest.ts'
import type { ManifestInput } from './sections/manifest.ts'
import { emptyMap } from './text/tree.ts'
import type { ListNode, MapNode, Node, ScalarNode } from './text/tree.ts'
import { isAmbiguousWord } from './text/words.ts'
import { createViews } from './walk/context.ts'
import { shorten } from './shorten.ts'

export interface PrintOptions {
  /** Comments by path of the long form, printed above the key: where an importer took a decision. */
  readonly comments?: ReadonlyMap<string, string>
  /** Printed at the top. */
  readonly header?: string
  /** `long`: the one long form. Otherwise the short one where there is one. */
  readonly form?: 'short' | 'long'
  /** `kept`: `${name}` in values is a parameter. Otherwise it is literal text, and escaped. */
  readonly params?: 'kept'
}

interface Printing extends PrintOptions {
  readonly views: (schema: z.ZodType) => View
  readonly literal: boolean
}

/** Longest map or list that stands in one line. */
const longestLine = 100

export function printManifest(manifest: ManifestInput, options: PrintOptions = {}): string {
  const printing: Printing = { ...options, views: createViews(), literal: false }
  const tree = longTree(manifest)
  const environments = tree.entries.get('environments')?.node
  const root = mapOf(
    baseSchema,
    { ...tree, entries: new Map([...tree.entries].filter(([key]) => key !== 'environments')) },
    [],
    printing,
  )
  if (environments?.kind === 'map') {
    const overlays = new YAMLMap()
    for (const [name, entry] of environments.entries) {
      const node = entry.node.kind === 'map' ? entry.node : emptyMap(entry.node.at)
      overlays.items.push(
        pairOf(name, mapOf(layered, node, ['environments', name], printing), ['environments', name], printing),
      )
    }
    root.items.push(pairOf('environments', overlays, ['environments'], printing))
  }
  layOut(root, 0)
  const document = new Document(root)
  if (options.header !== undefined) document.commentBefore = commentText(options.header)
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

const commentText = (text: string): string =>
  text
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n')

type YamlNode = Scalar | YAMLMap | YAMLSeq

function nodeOf(schema: z.ZodType, node: Node, path: readonly string[], printing: Printing): YamlNode {
  const hints = hintsOf(peel(schema))
  const here = hints.literal === true ? { ...printing, literal: true } : printing
  if (hints.opaque === true) return opaqueOf(node, here)
  const view = here.views(schema)
  // A comment inside needs the place it speaks of, which a short form has not.
  const isFree = !hasCommentBelow(path, here)
  const short = view.sugar !== undefined && here.form !== 'long' && isFree ? shorten(node, view.sugar) : node
  switch (short.kind) {
    case 'scalar':
      return scalarOf(schema, view, short, here)
    case 'list':
      return listOf(view, short, path, here)
    case 'map':
      return mapOf(schema, short, path, here)
  }
}

const hasCommentBelow = (path: readonly string[], { comments }: Printing): boolean => {
  if (comments === undefined || comments.size === 0) return false
  const prefix = `${formatPath(path)}.`
  return [...comments.keys()].some((key) => key.startsWith(prefix))
}

function mapOf(schema: z.ZodType, node: MapNode, path: readonly string[], printing: Printing): YAMLMap {
  const view = printing.views(schema)
  const map = new YAMLMap()
  for (const key of orderOf(view, node)) {
    const entry = node.entries.get(key)
    if (entry === undefined) continue
    const field =
      view.record?.value ?? view.objects.map((object) => object.fields.get(key)).find((each) => each !== undefined)
    const below = [...path, key]
    const value = field === undefined ? opaqueOf(entry.node, printing) : nodeOf(field, entry.node, below, printing)
    map.items.push(pairOf(key, value, below, printing))
  }
  return map
}

/** Keys of an object in the order of the schema; names in the order in which they were given, which may mean something. */
function orderOf(view: View, node: MapNode): readonly string[] {
  if (view.record !== undefined) return [...node.entries.keys()]
  const known = [...new Set(view.objects.flatMap((object) => [...object.fields.keys()]))].filter((key) =>
    node.entries.has(key),
  )
  return [...known, ...[...node.entries.keys()].filter((key) => !known.includes(key))]
}

function pairOf(key: string, value: YamlNode, path: readonly string[], printing: Printing): Pair<Scalar, YamlNode> {
  const scalar = new Scalar(key)
  if (isAmbiguousWord(key) || key === '<<') scalar.type = Scalar.QUOTE_DOUBLE
  const comment = printing.comments?.get(formatPath(path))
  if (comment !== undefined) scalar.commentBefore = commentText(comment)
  return new Pair(scalar, value)
}

function listOf(view: View, node: ListNode, path: readonly string[], printing: Printing): YAMLSeq {
  const list = new YAMLSeq()
  for (const [index, item] of node.items.entries()) {
    list.items.push(
      view.list === undefined
        ? opaqueOf(item, printing)
        : nodeOf(view.list.item, item, [...path, String(index)], printing),
    )
  }
  return list
}

function scalarOf(schema: z.ZodType, view: View, node: ScalarNode, printing: Printing): Scalar {
  if (typeof node.value !== 'string') return new Scalar(node.value)
  const leaf = view.leaves[0] ?? view.sugar?.short ?? schema
  const isPlain = [schema, leaf].some((each) => hintsOf(peel(each)).plain === true)
  if (isPlain && /^(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/.test(node.value)) return new Scalar(Number(node.value))
  return textOf(node.value, printing)
}

function textOf(value: string, printing: Printing): Scalar {
  const scalar = new Scalar(printing.params === 'kept' || printing.literal ? value : escapeParams(value))
  if (isAmbiguousWord(value) || !isSafeBlock(value)) scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

/** Block texts lose what YAML does not tell apart: carriage returns, and spaces before the end. */
const isSafeBlock = (value: string): boolean =>
  !value.includes('\r') && !(value.includes('\n') && /(?:^\s|[ \t]\n|[ \t]$)/.test(value))

function opaqueOf(node: Node, printing: Printing): YamlNode {
  switch (node.kind) {
    case 'scalar':
      return typeof node.value === 'string' ? textOf(node.value, printing) : new Scalar(node.value)
    case 'list': {
      const list = new YAMLSeq()
      list.items = node.items.map((item) => opaqueOf(item, printing))
      return list
    }
    case 'map': {
      const map = new YAMLMap()
      map.items = [...node.entries].map(([key, entry]) =>
        pairOf(key, opaqueOf(entry.node, printing), [], { ...printing, comments: undefined }),
      )
      return map
    }
  }
}

/** Puts small things in one line; answers with the width it would take, infinite where it cannot. */
function layOut(node: YamlNode, depth: number): number {
  if (node instanceof Scalar) {
    const text = String(node.value)
    return text.includes('\n') ? Number.POSITIVE_INFINITY : text.length + 2
  }
  let width = 2
  if (node instanceof YAMLSeq) {
    for (const item of node.items) width += layOut(item as YamlNode, depth + 1) + 2
  } else {
    for (const pair of node.items as Pair<Scalar, YamlNode>[]) {
      width += String(pair.key.value).length + 4 + layOut(pair.value ?? new Scalar(null), depth + 1)
      if (pair.key.commentBefore !== undefined && pair.key.commentBefore !== null) width = Number.POSITIVE_INFINITY
    }
  }
  // The outermost sections keep a line for each of their names.
  node.flow = (depth > 1 || width < 30) && depth > 0 && width + depth * 2 <= longestLine
  return width
}
