/**
 * What a schema accepts, as the walker, the printer and the generators want to see it: its scalars, its
 * list, its map, its kinds of object, its short form. Derived from zod's own definitions.
 */
import type * as z from 'zod'
import { hintsOf } from './hints.ts'
import type { Hints } from './hints.ts'

type Any = z.ZodType

export interface ObjectView {
  readonly schema: Any
  readonly fields: ReadonlyMap<string, Any>
  /** The first key names the kind where several objects stand side by side. */
  readonly kindKey: string
  readonly required: readonly string[]
}

export interface Sugar {
  readonly short: Any
  readonly expand: (value: unknown) => unknown
}

export interface View {
  readonly leaves: readonly Any[]
  readonly objects: readonly ObjectView[]
  readonly record?: { readonly key: Any; readonly value: Any }
  readonly list?: { readonly item: Any; readonly schema: Any }
  readonly sugar?: Sugar
  /** Of the schema under `optional` and the like. */
  readonly hints: Hints
}

interface Definitions {
  optional: z.ZodOptional<Any>
  nullable: z.ZodNullable<Any>
  default: z.ZodDefault<Any>
  prefault: z.ZodPrefault<Any>
  object: z.ZodObject
  record: z.ZodRecord
  array: z.ZodArray<Any>
  union: z.ZodUnion<readonly Any[]>
  pipe: z.ZodPipe<Any, Any>
  transform: z.ZodTransform<unknown, unknown>
}

export const isType = <Name extends keyof Definitions>(schema: Any, type: Name): schema is Definitions[Name] =>
  schema.def.type === type

const isWrapper = (
  schema: Any,
): schema is z.ZodOptional<Any> | z.ZodNullable<Any> | z.ZodDefault<Any> | z.ZodPrefault<Any> =>
  isType(schema, 'optional') || isType(schema, 'nullable') || isType(schema, 'default') || isType(schema, 'prefault')

/** The schema under `optional`, `default` and the like. */
export function peel(schema: Any): Any {
  let inner = schema
  while (isWrapper(inner)) inner = inner.def.innerType
  return inner
}

export type Presence =
  | { readonly kind: 'required' }
  | { readonly kind: 'optional' }
  /** A value to fill in. */
  | { readonly kind: 'default'; readonly value: unknown }
  /** A section whose parts have defaults of their own. */
  | { readonly kind: 'prefault' }

export function presenceOf(schema: Any): Presence {
  if (isType(schema, 'default')) return { kind: 'default', value: schema.def.defaultValue }
  if (isType(schema, 'prefault')) return { kind: 'prefault' }
  if (isType(schema, 'optional') || isType(schema, 'nullable')) {
    // Nothing is the same as absent.
    const inner = presenceOf(schema.def.innerType)
    return inner.kind === 'required' ? { kind: 'optional' } : inner
  }
  return { kind: 'required' }
}

function objectView(schema: z.ZodObject): ObjectView {
  const fields = new Map(Object.entries(schema.def.shape) as [string, Any][])
  const [kindKey = ''] = fields.keys()
  const required = [...fields].filter(([, field]) => presenceOf(field).kind === 'required').map(([key]) => key)
  return { schema, fields, kindKey, required }
}

function sugarOf(pipe: z.ZodPipe<Any, Any>): Sugar | undefined {
  const { in: before } = pipe.def
  if (!isType(before, 'pipe') || !isType(before.def.out, 'transform')) return undefined
  const { transform } = before.def.out.def
  const context = { value: undefined, issues: [] }
  return { short: before.def.in, expand: (value) => transform(value, context as never) }
}

interface Parts {
  leaves: Any[]
  objects: ObjectView[]
  record?: { key: Any; value: Any }
  list?: { item: Any; schema: Any }
  sugar?: Sugar
}

function gather(schema: Any, into: Parts): void {
  const inner = peel(schema)
  if (isType(inner, 'union')) for (const option of inner.def.options) gather(option, into)
  else if (isType(inner, 'object')) into.objects.push(objectView(inner))
  else if (isType(inner, 'record')) into.record = { key: inner.def.keyType as Any, value: inner.def.valueType as Any }
  else if (isType(inner, 'array')) into.list = { item: inner.def.element, schema: inner }
  else if (isType(inner, 'pipe')) into.sugar = sugarOf(inner)
  else into.leaves.push(inner)
}

export function viewOf(schema: Any): View {
  const parts: Parts = { leaves: [], objects: [] }
  gather(schema, parts)
  return { ...parts, hints: hintsOf(peel(schema)) }
}
