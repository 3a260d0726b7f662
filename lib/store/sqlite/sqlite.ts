/**
 * The store in one SQLite file (WAL): for own machines. Calls are synchronous underneath and short; several
 * processes may share the file, for each write is one IMMEDIATE transaction and waits its turn.
 */
import type { Clock, Random } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import { checkAddress, checkOperations, checkPartition } from '../checks.ts'
import { cursorKeyBytes } from '../cursor.ts'
import type { Address, ListOptions, Operation, Store } from '../store.ts'
import { claims } from './claims.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { keys } from './keys.ts'
import { leases } from './leases.ts'
import { migrations } from './migrations.ts'
import { records } from './records.ts'
import { schedule } from './schedule.ts'
import { streams } from './streams.ts'

export interface SqliteStoreOptions {
  /** File of the store; it and its folder are made where they are missing. */
  readonly path: string
  readonly clock: Clock
  readonly random: Random
}

/** Throws `store-newer`, `store-damaged`, `store-unavailable` … where the file cannot be used. */
export function openSqliteStore({ path, clock, random }: SqliteStoreOptions): Store {
  const database = openDatabase(path, migrations, clock.nowMs())
  try {
    return sqliteStoreOver(database, { clock, random })
  } catch (error) {
    database.handle.close()
    throw error
  }
}

/** The store over a database that is open and up to date. */
export function sqliteStoreOver(database: Database, { clock, random }: Omit<SqliteStoreOptions, 'path'>): Store {
  const leaseTable = leases(database, clock)
  const recordTable = records(database, cursorKey(database, random), leaseTable.isHeld)
  const parts = {
    ...leaseTable,
    ...streams(database),
    ...schedule(database, clock),
    ...claims(database),
    ...keys(database, clock),
  }

  const checkOpen = (): void => {
    if (!database.handle.isOpen) throw new EscaleError('internal-error', `the store ${database.path} is closed`)
  }
  const opened =
    <A extends readonly unknown[], R>(operation: (...args: A) => R | Promise<R>) =>
    async (...args: A): Promise<R> => {
      checkOpen()
      return operation(...args)
    }

  return {
    async get<T>(address: Address) {
      checkOpen()
      checkAddress(address)
      return recordTable.get<T>(address)
    },
    async list<T>(collection: string, partition: string, options: ListOptions = {}) {
      checkOpen()
      checkPartition(collection, partition)
      return recordTable.list<T>(collection, partition, options)
    },
    commit: opened((operations: readonly Operation[]) => {
      checkOperations(operations)
      return recordTable.commit(operations)
    }),
    append: opened(parts.append),
    read: opened(parts.read),
    acquire: opened(parts.acquire),
    renew: opened(parts.renew),
    release: opened(parts.release),
    due: opened(parts.due),
    setDue: opened(parts.setDue),
    take: opened(parts.take),
    claim: opened(parts.claim),
    unclaim: opened(parts.unclaim),
    claims: opened(parts.claims),
    once: opened(parts.once),
    settle: opened(parts.settle),
    async close() {
      if (database.handle.isOpen) database.handle.close()
    },
  }
}

/** Cursors outlive a restart, so their key stands in the file. */
function cursorKey({ handle, write }: Database, random: Random): Uint8Array {
  return write(() => {
    handle
      .prepare(`INSERT INTO setting (name, value) VALUES ('cursorKey', ?) ON CONFLICT DO NOTHING`)
      .run(random.bytes(cursorKeyBytes))
    const row = handle.prepare(`SELECT value FROM setting WHERE name = 'cursorKey'`).get()
    if (!(row?.['value'] instanceof Uint8Array))
      throw new EscaleError('internal-error', 'the store has no key for cursors')
    return row['value']
  })
}
