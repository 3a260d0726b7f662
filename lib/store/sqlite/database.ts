/** The file of the store: opened, checked to be ours, and brought up to date. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EscaleError } from '../../core/errors.ts'
import { fileFailure, storeFailure } from './failures.ts'
import type { Migration } from './migrations.ts'

export interface Database {
  readonly path: string
  readonly handle: DatabaseSync
  /** Runs a read; failures come out coded. */
  readonly read: <T>(work: () => T) => T
  /** Runs `work` in one transaction that no other writer, of this process or another, can get between. */
  readonly write: <T>(work: () => T) => T
}

/** Stands in the header of the file, so that nobody else's database is taken for ours: "ESCL". */
const applicationId = 0x4553434c
const busyTimeoutMs = 5000

const pragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON`

export function openDatabase(path: string, migrations: readonly Migration[], nowMs: number): Database {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // SQLite gives its journal the permissions of the file: token hashes are nobody else's business.
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    throw fileFailure(error, path)
  }
  let handle: DatabaseSync | undefined
  try {
    handle = new DatabaseSync(path, { timeout: busyTimeoutMs })
    const database = databaseOver(path, handle)
    database.write(() => checkOurs(database))
    handle.exec(pragmas)
    migrate(database, migrations, nowMs)
    return database
  } catch (error) {
    handle?.close()
    throw storeFailure(error, path)
  }
}

function databaseOver(path: string, handle: DatabaseSync): Database {
  return {
    path,
    handle,
    read(work) {
      try {
        return work()
      } catch (error) {
        throw storeFailure(error, path)
      }
    },
    write(work) {
      try {
        // Not a plain BEGIN: a reader that turns writer fails at once where somebody wrote in between.
        handle.exec('BEGIN IMMEDIATE')
        try {
          const result = work()
          handle.exec('COMMIT')
          return result
        } catch (error) {
          // A full disk may have ended the transaction already.
          if (handle.isTransaction) handle.exec('ROLLBACK')
          throw error
        }
      } catch (error) {
        throw storeFailure(error, path)
      }
    },
  }
}

function checkOurs({ handle, path }: Database): void {
  const id = numberOf(handle, 'PRAGMA application_id')
  const tables = numberOf(handle, 'SELECT count(*) FROM sqlite_schema')
  if (id === applicationId || (id === 0 && tables === 0)) return
  throw new EscaleError('store-damaged', `${path} is a database of another program; choose another path for the store`)
}

function migrate(database: Database, migrations: readonly Migration[], nowMs: number): void {
  const { handle, path } = database
  const known = migrations.at(-1)?.number ?? 0
  // All in one transaction: whoever comes second finds the work done, and a crash leaves the old version.
  database.write(() => {
    handle.exec(
      'CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT',
    )
    const applied = numberOf(handle, 'SELECT coalesce(max(number), 0) FROM migration')
    if (applied > known) {
      throw new EscaleError(
        'store-newer',
        `the store ${path} is of schema ${applied}, this version of Escale knows schemas up to ${known}; install the newer version again`,
      )
    }
    const note = handle.prepare('INSERT INTO migration (number, name, applied_at_ms) VALUES (?, ?, ?)')
    for (const { number, name, sql } of migrations.filter((migration) => migration.number > applied)) {
      handle.exec(sql)
      note.run(number, name, nowMs)
    }
    if (applied === 0) handle.exec(`PRAGMA application_id = ${applicationId}`)
  })
}

/** The one number a statement answers. */
function numberOf(handle: DatabaseSync, sql: string): number {
  const row = handle.prepare(sql).get()
  const [value] = Object.values(row ?? {})
  if (typeof value !== 'number') throw new EscaleError('internal-error', `${sql} answered no number`)
  return value
}
