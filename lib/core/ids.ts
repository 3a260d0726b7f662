/** Ids: a prefix and 26 base32 characters, random or derived so that a retry makes the same one (ruling D18). */
import { createHash } from 'node:crypto'
import { base32, stableStringify } from './hash.ts'
import type { Random } from './deps.ts'

export type IdPrefix = 'rel' | 'dep' | 'run' | 'evt' | 'tok' | 'imp' | 'tkt'

export const randomId = (prefix: IdPrefix, random: Random): string =>
  `${prefix}_${base32(random.bytes(17)).slice(0, 26)}`

export const derivedId = (prefix: IdPrefix, ...parts: readonly unknown[]): string =>
  `${prefix}_${base32(createHash('sha256').update(stableStringify(parts)).digest()).slice(0, 26)}`
