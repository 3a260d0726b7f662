/**
 * A tree against its schema: short forms become the long form, values are checked, every problem is reported
 * where it stands, and what is wrong is left out, so that the rest can still be checked.
 */
import type * as z from 'zod'
import { hintsOf } from '../grammar/hints.ts'
import { peel, presenceOf } from '../grammar/view.ts'
import type { ObjectView, View } from '../grammar/view.ts'
import { emptyMap, plainOf, treeOf } from '../text/tree.ts'
import type { Entry, ListNode, MapNode, Node, ScalarNode } from '../text/tree.ts'
import { carry } from './carry.ts'
import { splitCommand } from './command-line.ts'
import type { Walk } from './context.ts'
import { expectedOf } from './expected.ts'
import { checkKey, unknownKey } from './keys.ts'
import { walkLeaf } from './leaf.ts'
import { mismatch } from './mismatch.ts'
import { below, pathOf } from './place.ts'
import type { Place } from './place.ts'
import { shown } from '../../core/secrecy.ts'
import { suggest } from './suggest.ts'

type Schema = z.ZodType

/** Walks one value; `keyAt` is where its key stands, for what is missing in it. */
export function walk(schema: Schema, node: Node, place: Place, keyAt: number, context: Walk): Node | undefined {
  const view = context.view(schema)
  const here = view.hints.literal === true && context.holes ? { ...context, holes: false } : context
  if (view.hints.opaque === true) return walkOpaque(node, place, here)
  switch (node.kind) {
    case 'scalar':
      return walkScalar(schema, view, node, place, keyAt, here)
    case 'list':
      return walkList(schema, view, node, place, here)
    case 'map':
      return walkMap(schema, view, node, place, keyAt, here)
  }
}

function walkOpaque(node: Node, place: Place, context: Walk): Node | undefined {
  if (node.kind !== 'map') {
    if (node.kind === 'scalar' && node.value === null && context.mode === 'overlay') return node
    return mismatch('a map', node, place, context)
  }
  context.opaqueLeaf?.(place, plainOf(node), node.at)
  return node
}

function walkScalar(
  schema: Schema,
  view: View,
  node: ScalarNode,
  place: Place,
  keyAt: number,
  context: Walk,
): Node | undefined {
  if (node.value === null && !node.quoted) return walkNull(schema, view, node, place, keyAt, context)
  if (view.leaves.length > 0) {
    const leaf = walkLeaf(schema, node, place, context)
    if (leaf !== undefined) context.leaf?.(place, leaf)
    return leaf
  }
  if (view.sugar !== undefined && peel(view.sugar.short).def.type !== 'object') {
    const short = walkLeaf(view.sugar.short, node, place, context)
    if (short === undefined) return undefined
    const long = treeOf(view.sugar.expand(short.value), node.at)
    return walk(schema, carry(long, short), place, keyAt, context)
  }
  if (view.list !== undefined && hintsOf(view.list.schema).commandLine === true) {
    context.report({
      code: 'wrong-type',
      message: `a command is a list of words, not the text \`${shown(place.key, node.text)}\``,
      path: pathOf(place),
      at: node.at,
      value: shown(place.key, node.text),
      fix: `write [${splitCommand(shown(place.key, node.text))
        .map((word) => JSON.stringify(word))
        .join(', ')}]`,
    })
    return undefined
  }
  return mismatch(expectedOf(schema, view), node, place, context)
}

function walkNull(
  schema: Schema,
  view: View,
  node: ScalarNode,
  place: Place,
  keyAt: number,
  context: Walk,
): Node | undefined {
  if (context.mode === 'overlay') return unpruned(node, context)
  if (view.leaves.some((leaf) => leaf.def.type === 'null')) return node
  context.report({
    code: 'wrong-type',
    message: `nothing stands where ${expectedOf(schema, view)} is expected`,
    path: pathOf(place),
    at: keyAt,
    fix:
      (view.objects.length > 0 || view.record !== undefined) && !isShortText(view)
        ? 'write `{}` for an entry without settings'
        : 'write "" for the empty text, or remove the key',
  })
  return undefined
}

const isShortText = (view: View): boolean => view.sugar !== undefined && peel(view.sugar.short).def.type === 'string'

function walkList(schema: Schema, view: View, node: ListNode, place: Place, context: Walk): Node | undefined {
  const { list } = view
  if (list === undefined) {
    const named = view.record !== undefined ? 'a map keyed by name' : expectedOf(schema, view)
    return mismatch(named, node, place, context)
  }
  // What stands in a list is replaced whole: it is never an overlay, and its defaults are no leaves of their own.
  const inner: Walk = {
    ...context,
    mode: context.mode === 'overlay' ? 'base' : context.mode,
    leaf: undefined,
    opaqueLeaf: undefined,
  }
  const items: Node[] = []
  for (const [index, item] of node.items.entries()) {
    const walked = walk(list.item, item, below(place, String(index)), item.at, inner) ?? unpruned(item, context)
    if (walked !== undefined) items.push(walked)
  }
  const walked: ListNode = { ...node, items }
  checkLength(list.schema, node, place, context)
  context.leaf?.(place, walked)
  return walked
}

function checkLength(schema: Schema, node: ListNode, place: Place, context: Walk): void {
  if (node.items.length === 0 && schema.safeParse([]).success === false) {
    context.report({
      code: 'out-of-range',
      message: 'the list is empty and must not be',
      path: pathOf(place),
      at: node.at,
      fix: 'add an item, or remove the key',
    })
  }
}

function walkMap(
  schema: Schema,
  view: View,
  node: MapNode,
  place: Place,
  keyAt: number,
  context: Walk,
): Node | undefined {
  if (view.record !== undefined) return walkRecord(schema, view.record, node, place, context)
  const { sugar } = view
  if (sugar !== undefined && node.entries.size === 0 && peel(sugar.short).def.type === 'object') {
    return walk(schema, treeOf(sugar.expand({}), node.at), place, keyAt, context)
  }
  const [only, ...others] = view.objects
  if (only === undefined) return mismatch(expectedOf(schema, view), node, place, context)
  const { layeredBy } = view.hints
  const isLayer = context.mode === 'base' && layeredBy !== undefined && isSet(node, layeredBy)
  if (others.length === 0)
    return walkObject(only, node, place, keyAt, isLayer ? { ...context, mode: 'overlay' } : context)
  return walkKinds(view.objects, node, place, keyAt, context)
}

const isSet = (node: MapNode, key: string): boolean => {
  const entry = node.entries.get(key)
  return entry !== undefined && !(entry.node.kind === 'scalar' && entry.node.value === null)
}

/** The kinds whose key is set. */
export const kindsOf = (objects: readonly ObjectView[], node: MapNode): readonly ObjectView[] =>
  objects.filter((object) => isSet(node, object.kindKey))

function walkKinds(
  objects: readonly ObjectView[],
  node: MapNode,
  place: Place,
  keyAt: number,
  context: Walk,
): Node | undefined {
  const present = kindsOf(objects, node)
  const [kind, second] = present
  const names = objects.map((object) => object.kindKey)
  if (kind !== undefined) {
    if (second !== undefined) {
      context.report({
        code: 'conflict',
        message: `\`${kind.kindKey}\` and \`${second.kindKey}\` exclude each other: they are two kinds of one thing`,
        path: pathOf(below(place, second.kindKey)),
        at: node.entries.get(second.kindKey)?.keyAt ?? node.at,
        fix: 'keep one of the two',
      })
      return walkObject(mergedView(present), node, place, keyAt, { ...context, mode: 'overlay', leaf: undefined })
    }
    return walkObject(kind, node, place, keyAt, context)
  }
  // An overlay may change a part without naming the kind; everybody else has to say which it is.
  // A misspelt kind is reported where it stands, with what was meant.
  const isMisspelt = [...node.entries.keys()].some((key) => !isFree(key) && suggest(key, names) !== undefined)
  if (context.mode !== 'overlay' && !isMisspelt) {
    context.report({
      code: 'missing-key',
      message: `one of ${names.map((each) => `\`${each}\``).join(', ')} is missing`,
      path: pathOf(place),
      at: keyAt,
      allowed: names,
      fix: 'say which it is',
    })
  }
  return walkObject(mergedView(objects), node, place, keyAt, { ...context, mode: 'overlay', leaf: undefined })
}

function mergedView(objects: readonly ObjectView[]): ObjectView {
  const fields = new Map<string, Schema>()
  for (const object of objects) for (const [key, field] of object.fields) if (!fields.has(key)) fields.set(key, field)
  return { schema: objects[0]?.schema ?? ({} as Schema), fields, kindKey: '', required: [] }
}

const unpruned = (node: Node, context: Walk): Node | undefined => (context.prune ? undefined : node)

/** In place of a wrong value: its name is known, though nothing in it is, so what refers to it has no problem of its own. */
function standIn(schema: Schema, entry: Entry, place: Place, context: Walk): Node | undefined {
  const view = context.view(schema)
  if (view.objects.length === 0 && view.record === undefined) return undefined
  const silent: Walk = { ...context, report: () => {}, leaf: undefined, opaqueLeaf: undefined }
  return walk(schema, emptyMap(entry.node.at), place, entry.keyAt, silent)
}

const isFree = (key: string): boolean => key.startsWith('x-')

function walkObject(object: ObjectView, node: MapNode, place: Place, keyAt: number, context: Walk): Node {
  const entries = new Map<string, Entry>()
  for (const [key, entry] of node.entries) {
    const field = object.fields.get(key)
    if (field === undefined) {
      if (isFree(key)) continue
      unknownKey(key, entry, object, place, context)
      if (!context.prune) entries.set(key, entry)
      continue
    }
    const isNull = entry.node.kind === 'scalar' && entry.node.value === null && !entry.node.quoted
    // Outside overlays nothing is the same as absent; a required key is reported below.
    if (isNull && (context.mode !== 'overlay' || context.prune)) continue
    const walked = walk(field, entry.node, below(place, key), entry.keyAt, context) ?? unpruned(entry.node, context)
    if (walked !== undefined) entries.set(key, { node: walked, keyAt: entry.keyAt })
    else {
      const stand = standIn(field, entry, below(place, key), context)
      if (stand !== undefined) entries.set(key, { node: stand, keyAt: entry.keyAt })
    }
  }
  if (context.mode === 'complete') complete(object, node, entries, place, keyAt, context)
  return { ...node, entries }
}

function complete(
  object: ObjectView,
  node: MapNode,
  entries: Map<string, Entry>,
  place: Place,
  keyAt: number,
  context: Walk,
): void {
  for (const [key, field] of object.fields) {
    if (entries.has(key)) continue
    const presence = presenceOf(field)
    switch (presence.kind) {
      case 'optional':
        break
      case 'required':
        // A value that was wrong has its problem already.
        if (isSet(node, key)) break
        context.report({
          code: 'missing-key',
          message: `the key \`${key}\` is missing`,
          path: pathOf(below(place, key)),
          at: keyAt,
          fix: `add \`${key}\`: ${expectedOf(field, context.view(field))}`,
        })
        break
      case 'default': {
        const value = treeOf(presence.value, keyAt)
        const filled: Node = value.kind === 'map' ? value : { ...value, filled: true }
        entries.set(key, { node: filled, keyAt })
        if (filled.kind !== 'map') context.leaf?.(below(place, key), filled)
        break
      }
      case 'prefault': {
        const filled = walk(field, emptyMap(keyAt), below(place, key), keyAt, context)
        if (filled !== undefined) entries.set(key, { node: filled, keyAt })
        break
      }
    }
  }
}

function walkRecord(
  schema: Schema,
  record: NonNullable<View['record']>,
  node: MapNode,
  place: Place,
  context: Walk,
): Node {
  const keepsFreeKeys = context.view(schema).hints.dataKeys === true
  const entries = new Map<string, Entry>()
  for (const [key, entry] of node.entries) {
    if (isFree(key) && !keepsFreeKeys) continue
    // A wrong name has its problem; what stands under it is checked all the same.
    checkKey(record.key, key, entry, place, context)
    const walked = walk(record.value, entry.node, below(place, key, '*'), entry.keyAt, context)
    const kept =
      walked ?? unpruned(entry.node, context) ?? standIn(record.value, entry, below(place, key, '*'), context)
    if (kept !== undefined) entries.set(key, { node: kept, keyAt: entry.keyAt })
  }
  return { ...node, entries }
}
