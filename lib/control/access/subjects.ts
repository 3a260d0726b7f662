/** Grants to users and groups of an identity provider: subject × role × collection (SEC-03). */
import { shortHash } from '../../core/hash.ts'
import type { Actor } from '../actor.ts'
import type { Deps } from '../deps.ts'
import type { Address, ListOptions } from '../../store/store.ts'
import type { Grant } from './grants.ts'
import type { Identity, Principal, TokenVerifier } from './principal.ts'
import { authenticateToken } from './tokens.ts'

/** E.g. `user:ann` or `group:development`. */
export type Subject = string

export interface GrantRecord extends Grant {
  readonly id: string
  readonly subject: Subject
  readonly createdBy: string
  readonly createdAtMs: number
}

const addressOf = (id: string): Address => ({ collection: 'grant', partition: 'all', id })
/** The same record once more, under its subject, so that signing in needs one read for each subject. */
const ofSubject = (subject: Subject, id: string): Address => ({ collection: 'grantOf', partition: subject, id })

/** Giving the same grant twice is giving it once. */
export async function giveGrant(
  deps: Pick<Deps, 'store' | 'clock'>,
  actor: Actor,
  subject: Subject,
  grant: Grant,
): Promise<{ record: GrantRecord; isNew: boolean }> {
  const id = `grant-${shortHash([subject, grant.role, grant.collection], 26)}`
  const record: GrantRecord = {
    id,
    subject,
    role: grant.role,
    collection: grant.collection,
    createdBy: actor.subject,
    createdAtMs: deps.clock.nowMs(),
  }
  const result = await deps.store.commit([
    { put: addressOf(id), value: record, ifAbsent: true },
    { put: ofSubject(subject, id), value: record, unconditional: true },
  ])
  if (result.ok) return { record, isNew: true }
  return { record: (await getGrant(deps, id)) ?? record, isNew: false }
}

export const getGrant = async (deps: Pick<Deps, 'store'>, id: string): Promise<GrantRecord | undefined> =>
  (await deps.store.get<GrantRecord>(addressOf(id)))?.value

export async function listGrants(
  deps: Pick<Deps, 'store'>,
  page: ListOptions,
): Promise<{ items: readonly GrantRecord[]; next?: string }> {
  const found = await deps.store.list<GrantRecord>('grant', 'all', page)
  return { items: found.items.map((item) => item.value), ...(found.next !== undefined && { next: found.next }) }
}

export async function takeGrant(deps: Pick<Deps, 'store'>, record: GrantRecord): Promise<void> {
  await deps.store.commit([
    { remove: addressOf(record.id), unconditional: true },
    { remove: ofSubject(record.subject, record.id), unconditional: true },
  ])
}

async function grantsOf(deps: Pick<Deps, 'store'>, subject: Subject): Promise<readonly Grant[]> {
  const found: Grant[] = []
  let after: string | undefined
  do {
    const page = await deps.store.list<GrantRecord>('grantOf', subject, { ...(after !== undefined && { after }) })
    for (const { value } of page.items) found.push({ role: value.role, collection: value.collection })
    after = page.next
  } while (after !== undefined)
  return found
}

async function principalOf(deps: Pick<Deps, 'store'>, identity: Identity): Promise<Principal> {
  const subjects = [`user:${identity.user}`, ...identity.groups.map((group) => `group:${group}`)]
  const grants = (await Promise.all(subjects.map((subject) => grantsOf(deps, subject)))).flat()
  return {
    subject: `user:${identity.user}`,
    id: identity.id,
    grants,
    ...(identity.expiresAtMs !== undefined && { expiresAtMs: identity.expiresAtMs }),
  }
}

/** The principal behind a bearer token: one of ours, or one that the identity provider vouches for. */
export async function authenticate(
  deps: Pick<Deps, 'store' | 'clock' | 'random'>,
  token: string,
  verifier?: TokenVerifier,
): Promise<Principal | undefined> {
  if (token.startsWith('esc_')) return authenticateToken(deps, token)
  const identity = await verifier?.verify(token)
  if (identity === undefined) return undefined
  if (identity.expiresAtMs !== undefined && identity.expiresAtMs <= deps.clock.nowMs()) return undefined
  return principalOf(deps, identity)
}
