/** Streams of the SQLite store: numbered entries, counted inside the writer's transaction so that no number is left out. */
import { EscaleError } from '../../core/errors.ts'
import type { Json } from '../../core/hash.ts'
import { checkAfter, checkEntries, checkLimit, checkName, encodeValue } from '../checks.ts'
import type { Store } from '../store.ts'
import type { Database } from './database.ts'

export type Streams = Pick<Store, 'append' | 'read'>

export function streams(database: Database): Streams {
  const last = database.handle.prepare('SELECT coalesce(max(seq), 0) AS seq FROM entry WHERE stream = ?')
  const add = database.handle.prepare('INSERT INTO entry (stream, seq, at_ms, value) VALUES (?, ?, ?, ?)')
  const after = database.handle.prepare(
    'SELECT seq, at_ms, value FROM entry WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?',
  )

  const lastSeq = (stream: string): number => {
    const row = last.get(stream) as unknown as { readonly seq: number } | undefined
    if (row === undefined) throw new EscaleError('internal-error', `the stream ${stream} has no count`)
    return row.seq
  }

  return {
    async append(stream, entries) {
      checkName('the name of a stream', stream)
      checkEntries(entries)
      if (entries.length === 0) return database.read(() => lastSeq(stream))
      return database.write(() => {
        let seq = lastSeq(stream)
        for (const { atMs, value } of entries) add.run(stream, ++seq, atMs, encodeValue(value))
        return seq
      })
    },

    async read(stream, afterSeq, limit) {
      checkName('the name of a stream', stream)
      checkAfter(afterSeq)
      const most = checkLimit(limit)
      const rows = database.read(() => after.all(stream, afterSeq, most)) as unknown as readonly {
        readonly seq: number
        readonly at_ms: number
        readonly value: string
      }[]
      return rows.map((row) => ({ seq: row.seq, atMs: row.at_ms, value: JSON.parse(row.value) as Json }))
    },
  }
}
