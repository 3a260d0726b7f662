/** Reads JSON that comes from registries and archives, which nobody has checked. */
import { EscaleError } from '../core/errors.ts'
import type { Code } from '../core/codes.ts'

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function parseJson(bytes: Uint8Array, code: Code, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new EscaleError(code, `${what} is not valid JSON`, { cause })
  }
}

export function parseObject(bytes: Uint8Array, code: Code, what: string): Fields {
  const value = parseJson(bytes, code, what)
  if (!isFields(value)) throw new EscaleError(code, `${what} is not a JSON object`)
  return value
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : []

export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])
