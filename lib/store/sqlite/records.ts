/** Records of the SQLite store. */
import { checkLimit, encodeValue } from '../checks.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { Address, CommitResult, ListOptions, Operation, Page, Precondition, Stored } from '../store.ts'
import type { Database } from './database.ts'

interface Row {
  readonly id: string
  readonly version: number
  readonly value: string
}

export interface Records {
  get<T>(address: Address): Stored<T> | undefined
  list<T>(collection: string, partition: string, options: ListOptions): Page<T>
  commit(operations: readonly Operation[]): CommitResult
}

const stored = <T>(row: Row): Stored<T> => ({ id: row.id, value: JSON.parse(row.value) as T, version: row.version })

const holds = (condition: Precondition, version: number | undefined): boolean => {
  if ('ifAbsent' in condition) return version === undefined
  if ('ifVersion' in condition) return version === condition.ifVersion
  return true
}

export function records(
  database: Database,
  cursorKey: Uint8Array,
  isHeld: (lease: string, fence: number) => boolean,
): Records {
  const { handle } = database
  const where = 'FROM record WHERE collection = ? AND part = ?'
  const one = handle.prepare(`SELECT id, version, value ${where} AND id = ?`)
  const forward = handle.prepare(`SELECT id, version, value ${where} AND id > ? ORDER BY id LIMIT ?`)
  const backward = handle.prepare(`SELECT id, version, value ${where} ORDER BY id DESC LIMIT ?`)
  const backwardFrom = handle.prepare(`SELECT id, version, value ${where} AND id < ? ORDER BY id DESC LIMIT ?`)
  const versionOf = handle.prepare(`SELECT version ${where} AND id = ?`)
  const put = handle.prepare(
    `INSERT INTO record (collection, part, id, version, value) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value`,
  )
  const remove = handle.prepare('DELETE FROM record WHERE collection = ? AND part = ? AND id = ?')

  const currentVersion = ({ collection, partition, id }: Address): number | undefined =>
    (versionOf.get(collection, partition, id) as { readonly version: number } | undefined)?.version

  /** What an operation answers and writes, or undefined where its condition does not hold. */
  function prepare(operation: Operation): { readonly answer: number; readonly apply?: () => void } | undefined {
    if ('fence' in operation) {
      return isHeld(operation.fence, operation.ifFence) ? { answer: operation.ifFence } : undefined
    }
    if ('check' in operation) {
      return holds(operation, currentVersion(operation.check)) ? { answer: operation.ifVersion } : undefined
    }
    const { collection, partition, id } = 'put' in operation ? operation.put : operation.remove
    const version = currentVersion({ collection, partition, id })
    if (!holds(operation, version)) return undefined
    if ('remove' in operation) return { answer: 0, apply: () => remove.run(collection, partition, id) }
    const answer = (version ?? 0) + 1
    const text = encodeValue(operation.value)
    return { answer, apply: () => put.run(collection, partition, id, answer, text) }
  }

  return {
    get({ collection, partition, id }) {
      const row = database.read(() => one.get(collection, partition, id)) as unknown as Row | undefined
      return row === undefined ? undefined : stored(row)
    },

    list<T>(collection: string, partition: string, options: ListOptions): Page<T> {
      const limit = checkLimit(options.limit)
      const reverse = options.reverse ?? false
      const scope = { collection, partition, reverse }
      const after = options.after === undefined ? undefined : decodeCursor(cursorKey, scope, options.after)
      const rows = database.read(() => {
        if (!reverse) return forward.all(collection, partition, after ?? '', limit + 1)
        if (after === undefined) return backward.all(collection, partition, limit + 1)
        return backwardFrom.all(collection, partition, after, limit + 1)
      }) as unknown as readonly Row[]
      const items = rows.slice(0, limit).map((row) => stored<T>(row))
      const last = items.at(-1)
      return rows.length > limit && last !== undefined
        ? { items, next: encodeCursor(cursorKey, scope, last.id) }
        : { items }
    },

    commit: (operations) =>
      database.write(() => {
        // All conditions before the first write: no two operations are on one record, so none sees another's.
        const prepared: NonNullable<ReturnType<typeof prepare>>[] = []
        for (const [failed, operation] of operations.entries()) {
          const one = prepare(operation)
          if (one === undefined) return { ok: false, failed }
          prepared.push(one)
        }
        for (const { apply } of prepared) apply?.()
        return { ok: true, versions: prepared.map(({ answer }) => answer) }
      }),
  }
}
