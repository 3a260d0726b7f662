/** Hashes over JSON values that do not depend on the order of keys. */
import { createHash, createHmac } from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** JSON with sorted keys and without `undefined` members: equal values give equal text. */
export function stableStringify(value: unknown): string {
  if (value === undefined) return 'null'
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(stableStringify).join(',')}]`
  const record = value as Record<string, unknown>
  const members = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${stableStringify(record[key])}`)
  return `{${members.join(',')}}`
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 base32 in lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let buffer = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(buffer >>> bits) & 31]
      buffer &= (1 << bits) - 1
    }
  }
  return bits === 0 ? text : text + alphabet[(buffer << (5 - bits)) & 31]
}

/** The first `length` base32 characters of the SHA-256 of any JSON-like value. */
export function shortHash(value: unknown, length = 12): string {
  return base32(createHash('sha256').update(stableStringify(value)).digest()).slice(0, length)
}

export const sha256Hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** A keyed hash for what must not become a guessing oracle (ruling A9). */
export function keyedHash(key: Uint8Array, value: unknown, length = 12): string {
  return base32(createHmac('sha256', key).update(stableStringify(value)).digest()).slice(0, length)
}
