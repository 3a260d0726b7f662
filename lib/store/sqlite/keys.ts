/** Idempotency keys of the SQLite store (ruling D18). */
import type { Clock } from '../../core/deps.ts'
import type { Json } from '../../core/hash.ts'
import { checkDuration, checkName, encodeValue } from '../checks.ts'
import type { Store } from '../store.ts'
import type { Database } from './database.ts'

export type Keys = Pick<Store, 'once' | 'settle'>

export function keys(database: Database, clock: Clock): Keys {
  const { handle } = database
  const forgetExpired = handle.prepare('DELETE FROM once WHERE expires_at_ms <= ?')
  const kept = handle.prepare('SELECT request_hash, result FROM once WHERE key = ?')
  const keep = handle.prepare('INSERT INTO once (key, request_hash, expires_at_ms) VALUES (?, ?, ?)')
  const settle = handle.prepare('UPDATE once SET result = ? WHERE key = ? AND expires_at_ms > ?')

  return {
    async once(key, requestHash, keepMs) {
      checkName('an idempotency key', key)
      checkDuration('the time a key is kept', keepMs)
      return database.write(() => {
        const nowMs = clock.nowMs()
        forgetExpired.run(nowMs)
        const row = kept.get(key) as unknown as
          | { readonly request_hash: string; readonly result: string | null }
          | undefined
        if (row === undefined) {
          keep.run(key, requestHash, nowMs + keepMs)
          return { kind: 'first' }
        }
        if (row.request_hash !== requestHash) return { kind: 'mismatch' }
        return row.result === null ? { kind: 'again' } : { kind: 'again', result: JSON.parse(row.result) as Json }
      })
    },

    async settle(key, result) {
      checkName('an idempotency key', key)
      const text = encodeValue(result)
      database.write(() => settle.run(text, key, clock.nowMs()))
    },
  }
}
