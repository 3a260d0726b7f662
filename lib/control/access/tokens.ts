/**
 * Bearer tokens: `esc_`, a public prefix to find the record by, and 256 random bits of which only the
 * SHA-256 is kept. A plain hash suffices: there is nothing to guess, so nothing to slow down.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { base32, sha256Hex } from '../../core/hash.ts'
import { derivedId } from '../../core/ids.ts'
import { EscaleError } from '../../core/errors.ts'
import type { Actor } from '../actor.ts'
import type { Deps } from '../deps.ts'
import type { Address, ListOptions } from '../../store/store.ts'
import type { Grant } from './grants.ts'
import type { Principal } from './principal.ts'

export interface TokenRecord {
  readonly id: string
  readonly name: string
  /** SHA-256 of the whole token, in hex. */
  readonly hash: string
  readonly grants: readonly Grant[]
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs?: number
  /** Coarse: written at most once in `lastUsedStepMs`. */
  readonly lastUsedAtMs?: number
}

export interface TokenSpec {
  readonly name: string
  readonly grants: readonly Grant[]
  /** Absent: it never expires. */
  readonly expiresAtMs?: number
}

export interface IssuedToken {
  /** The token itself: shown once, kept nowhere. */
  readonly token: string
  readonly record: TokenRecord
}

type AccessDeps = Pick<Deps, 'store' | 'clock' | 'random'>

const prefixLength = 16
const form = /^esc_[a-z2-7]{16}[a-z2-7]{52}$/
const lastUsedStepMs = 5 * 60_000

const addressOf = (id: string): Address => ({ collection: 'token', partition: 'all', id })

const idOf = (prefix: string): string => derivedId('tok', 'token', prefix)

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export async function issueToken(deps: AccessDeps, actor: Actor, spec: TokenSpec): Promise<IssuedToken> {
  const prefix = base32(deps.random.bytes(10))
  const token = `esc_${prefix}${base32(deps.random.bytes(32))}`
  const record: TokenRecord = {
    id: idOf(prefix),
    name: spec.name,
    hash: sha256Hex(token),
    grants: spec.grants,
    createdBy: actor.subject,
    createdAtMs: deps.clock.nowMs(),
    ...(spec.expiresAtMs !== undefined && { expiresAtMs: spec.expiresAtMs }),
  }
  const result = await deps.store.commit([{ put: addressOf(record.id), value: record, ifAbsent: true }])
  if (!result.ok) throw new EscaleError('internal-error', 'two random token prefixes were the same')
  return { token, record }
}

export const subjectOfToken = (record: TokenRecord): string => `token:${record.name}`

/** The principal behind a token; undefined where it is unknown, expired, revoked or not of our form. */
export async function authenticateToken(deps: AccessDeps, token: string): Promise<Principal | undefined> {
  if (!form.test(token)) return undefined
  const id = idOf(token.slice(4, 4 + prefixLength))
  const stored = await deps.store.get<TokenRecord>(addressOf(id))
  const expected = Buffer.from(stored?.value.hash ?? sha256Hex(''), 'hex')
  const same = timingSafeEqual(digest(token), expected)
  if (stored === undefined || !same) return undefined
  const record = stored.value
  const nowMs = deps.clock.nowMs()
  if (record.expiresAtMs !== undefined && record.expiresAtMs <= nowMs) return undefined
  if (record.lastUsedAtMs === undefined || nowMs - record.lastUsedAtMs >= lastUsedStepMs) {
    // Losing the race against another request is fine: that one wrote the same fact.
    await deps.store.commit([
      { put: addressOf(id), value: { ...record, lastUsedAtMs: nowMs }, ifVersion: stored.version },
    ])
  }
  return {
    subject: subjectOfToken(record),
    id: record.id,
    grants: record.grants,
    ...(record.expiresAtMs !== undefined && { expiresAtMs: record.expiresAtMs }),
  }
}

export async function listTokens(
  deps: Pick<Deps, 'store'>,
  page: ListOptions,
): Promise<{ items: readonly TokenRecord[]; next?: string }> {
  const found = await deps.store.list<TokenRecord>('token', 'all', page)
  return { items: found.items.map((item) => item.value), ...(found.next !== undefined && { next: found.next }) }
}

export const getToken = async (deps: Pick<Deps, 'store'>, id: string): Promise<TokenRecord | undefined> =>
  (await deps.store.get<TokenRecord>(addressOf(id)))?.value

/** Takes effect with the next request; what is not there is fine. */
export async function revokeToken(deps: Pick<Deps, 'store'>, id: string): Promise<void> {
  await deps.store.commit([{ remove: addressOf(id), unconditional: true }])
}
