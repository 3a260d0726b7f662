/** Leases of the SQLite store. A row is never deleted: the next fence must be larger than any before. */
import type { Clock } from '../../core/deps.ts'
import { checkDuration, checkName } from '../checks.ts'
import type { Lease, Store } from '../store.ts'
import type { Database } from './database.ts'

export interface Leases extends Pick<Store, 'acquire' | 'renew' | 'release'> {
  readonly isHeld: (name: string, fence: number) => boolean
}

interface Row {
  readonly name: string
  readonly holder: string
  readonly fence: number
  readonly expires_at_ms: number
}

const leaseOf = (row: Row | undefined): Lease | undefined =>
  row === undefined
    ? undefined
    : { name: row.name, holder: row.holder, fence: row.fence, expiresAtMs: row.expires_at_ms }

export function leases(database: Database, clock: Clock): Leases {
  const returning = 'RETURNING name, holder, fence, expires_at_ms'
  const held = database.handle.prepare('SELECT 1 FROM lease WHERE name = ? AND fence = ? AND expires_at_ms > ?')
  const acquire = database.handle.prepare(
    `INSERT INTO lease (name, holder, fence, expires_at_ms) VALUES (?, ?, 1, ?)
     ON CONFLICT DO UPDATE SET holder = excluded.holder, fence = fence + 1, expires_at_ms = excluded.expires_at_ms
     WHERE expires_at_ms <= ? ${returning}`,
  )
  const renew = database.handle.prepare(
    `UPDATE lease SET expires_at_ms = ? WHERE name = ? AND fence = ? AND expires_at_ms > ? ${returning}`,
  )
  const release = database.handle.prepare('UPDATE lease SET expires_at_ms = 0 WHERE name = ? AND fence = ?')

  return {
    isHeld: (name, fence) => held.get(name, fence, clock.nowMs()) !== undefined,

    async acquire(name, holder, ttlMs) {
      checkName('the name of a lease', name)
      checkName('the holder of a lease', holder)
      checkDuration('the time of a lease', ttlMs)
      return database.write(() => {
        const nowMs = clock.nowMs()
        return leaseOf(acquire.get(name, holder, nowMs + ttlMs, nowMs) as unknown as Row | undefined)
      })
    },

    async renew(lease, ttlMs) {
      checkDuration('the time of a lease', ttlMs)
      return database.write(() => {
        const nowMs = clock.nowMs()
        return leaseOf(renew.get(nowMs + ttlMs, lease.name, lease.fence, nowMs) as unknown as Row | undefined)
      })
    },

    async release(lease) {
      database.write(() => release.run(lease.name, lease.fence))
    },
  }
}
