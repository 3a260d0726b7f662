/** The escape hatch: fragments of the native body, merged last by key; lists and values replace (MANIFEST). */
import type { Json, JsonObject } from '../../../core/hash.ts'
import { isObject } from '../json.ts'

export function mergeNative(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    if (value === null) delete merged[key]
    else merged[key] = isObject(below) && isObject(value) ? mergeNative(below, value) : value
  }
  return merged
}

export function applyOverride(body: JsonObject, override: Readonly<Record<string, unknown>>): JsonObject {
  const docker = override['docker']
  const fragment = isObject(docker) ? docker['serviceSpec'] : undefined
  return isObject(fragment) ? mergeNative(body, fragment) : body
}
