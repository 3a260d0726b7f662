/** The overlay of a schema: everything optional, and `null` deletes. */
import * as z from 'zod'

/** Schemas are read through their definitions, zod's public way to tell what they are made of. */
type Any = z.ZodType

const isType = <Name extends keyof Kinds>(schema: Any, type: Name): schema is Kinds[Name] => schema.def.type === type

interface Kinds {
  optional: z.ZodOptional<Any>
  default: z.ZodDefault<Any>
  prefault: z.ZodPrefault<Any>
  object: z.ZodObject
  record: z.ZodRecord
  union: z.ZodUnion<readonly Any[]>
  pipe: z.ZodPipe<Any, Any>
}

function partial(schema: Any, seen: Map<Any, Any>): Any {
  const known = seen.get(schema)
  if (known !== undefined) return known
  const made = build(schema, seen)
  const meta = schema.meta()
  const described = meta === undefined || made === schema ? made : made.meta(meta)
  seen.set(schema, described)
  return described
}

function build(schema: Any, seen: Map<Any, Any>): Any {
  if (isType(schema, 'optional') || isType(schema, 'default') || isType(schema, 'prefault')) {
    return partial(schema.def.innerType as Any, seen)
  }
  if (isType(schema, 'object')) {
    const shape: Record<string, Any> = {}
    for (const [key, value] of Object.entries(schema.def.shape)) shape[key] = partial(value as Any, seen).nullish()
    return z.strictObject(shape)
  }
  if (isType(schema, 'record')) {
    return z.record(schema.def.keyType, partial(schema.def.valueType as Any, seen).nullable())
  }
  if (isType(schema, 'union')) return z.union(schema.def.options.map((option) => partial(option, seen)))
  // What stands in a list is replaced whole, so it is complete; and a short form is the same in an overlay.
  return schema
}

export const overlayOf = (schema: Any): Any => partial(schema, new Map())
