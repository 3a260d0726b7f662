/** What is due when, and shared token buckets, of the SQLite store. */
import type { Clock } from '../../core/deps.ts'
import { takeTokens } from '../bucket.ts'
import { checkBucket, checkLimit, checkName, checkTime } from '../checks.ts'
import type { Store } from '../store.ts'
import type { Database } from './database.ts'

export type Schedule = Pick<Store, 'due' | 'setDue' | 'take'>

export function schedule(database: Database, clock: Clock): Schedule {
  const { handle } = database
  const due = handle.prepare('SELECT name, due_at_ms FROM due WHERE due_at_ms <= ? ORDER BY due_at_ms, name LIMIT ?')
  const forget = handle.prepare('DELETE FROM due WHERE name = ?')
  const replace = handle.prepare(
    'INSERT INTO due (name, due_at_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET due_at_ms = excluded.due_at_ms',
  )
  const advance = handle.prepare(
    `INSERT INTO due (name, due_at_ms) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms)`,
  )
  const bucketOf = handle.prepare('SELECT fill_ms AS fillMs, at_ms AS atMs FROM bucket WHERE name = ?')
  const setBucket = handle.prepare(
    `INSERT INTO bucket (name, fill_ms, at_ms) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET fill_ms = excluded.fill_ms, at_ms = excluded.at_ms`,
  )

  return {
    async due(beforeMs, limit) {
      checkTime('the time asked for', beforeMs)
      const most = checkLimit(limit)
      const rows = database.read(() => due.all(beforeMs, most)) as unknown as readonly {
        readonly name: string
        readonly due_at_ms: number
      }[]
      return rows.map((row) => ({ name: row.name, dueAtMs: row.due_at_ms }))
    },

    async setDue(name, dueAtMs, options = {}) {
      checkName('the name of what is due', name)
      if (dueAtMs === undefined) {
        database.write(() => forget.run(name))
        return
      }
      checkTime('the due time', dueAtMs)
      database.write(() => (options.replace === true ? replace : advance).run(name, dueAtMs))
    },

    async take(bucket, count) {
      checkBucket(bucket, count)
      return database.write(() => {
        const before = bucketOf.get(bucket.name) as unknown as
          | { readonly fillMs: number; readonly atMs: number }
          | undefined
        const { state, waitMs } = takeTokens(before, bucket, count, clock.nowMs())
        setBucket.run(bucket.name, state.fillMs, state.atMs)
        return waitMs
      })
    },
  }
}
