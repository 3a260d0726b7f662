/** Looking into native bodies, which are JSON. */
import { stableStringify } from '../../core/hash.ts'
import type { Json, JsonObject } from '../../core/hash.ts'

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

export const objectsOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : []

export const textsOf = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.map(textOf) : [])

/** Text as it stands; anything else as JSON, nothing as nothing. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : stableStringify(value)
}
