/**
 * Tickets for streams: whoever holds one may open one stream, once, within a minute (ruling B10). They
 * stand in the store, so that the process that gives one and the process that serves it may differ; of the
 * ticket itself only the hash is kept.
 */
import { sha256Hex } from '../../core/hash.ts'
import { randomId } from '../../core/ids.ts'
import type { AppKey } from '../../model/app.ts'
import type { ExecRequest } from '../../targets/target.ts'
import type { Deps } from '../deps.ts'
import type { Address } from '../../store/store.ts'

export const ticketLifeMs = 60_000

export interface ExecTicket {
  readonly subject: string
  readonly traceId: string
  readonly key: AppKey
  readonly request: ExecRequest
  readonly expiresAtMs: number
}

type TicketDeps = Pick<Deps, 'store' | 'clock' | 'random'>

const addressOf = (hash: string): Address => ({ collection: 'ticket', partition: 'exec', id: hash })

/** Those that nobody used go when the next one is made. */
async function removeExpired(deps: TicketDeps): Promise<void> {
  const page = await deps.store.list<ExecTicket>('ticket', 'exec', { limit: 20 })
  const nowMs = deps.clock.nowMs()
  const expired = page.items.filter((item) => item.value.expiresAtMs <= nowMs)
  if (expired.length === 0) return
  await deps.store.commit(expired.map((item) => ({ remove: addressOf(item.id), unconditional: true as const })))
}

export async function issueTicket(
  deps: TicketDeps,
  ticket: Omit<ExecTicket, 'expiresAtMs'>,
): Promise<{ ticket: string; expiresAtMs: number }> {
  await removeExpired(deps)
  const id = randomId('tkt', deps.random)
  const expiresAtMs = deps.clock.nowMs() + ticketLifeMs
  const value: ExecTicket = { ...ticket, expiresAtMs }
  await deps.store.commit([{ put: addressOf(sha256Hex(id)), value, ifAbsent: true }])
  return { ticket: id, expiresAtMs }
}

/** Undefined where the ticket is unknown, spent or expired: the three look alike. */
export async function redeemTicket(deps: TicketDeps, ticket: string): Promise<ExecTicket | undefined> {
  const address = addressOf(sha256Hex(ticket))
  const stored = await deps.store.get<ExecTicket>(address)
  if (stored === undefined) return undefined
  const taken = await deps.store.commit([{ remove: address, ifVersion: stored.version }])
  if (!taken.ok || stored.value.expiresAtMs <= deps.clock.nowMs()) return undefined
  return stored.value
}
