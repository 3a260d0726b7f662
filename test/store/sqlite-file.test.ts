import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { EscaleError } from '../../lib/core/errors.ts'
import { openDatabase } from '../../lib/store/sqlite/database.ts'
import { migrations } from '../../lib/store/sqlite/migrations.ts'
import { openSqliteStore, sqliteStoreOver } from '../../lib/store/sqlite/sqlite.ts'
import { fill } from '../conformance/store/subject.ts'
import { manualClock } from '../support/clock.ts'
import { temporaryFolder } from '../support/folder.ts'
import { seededRandom } from '../support/random.ts'

const deps = () => ({ clock: manualClock(), random: seededRandom() })
const open = (path: string) => openSqliteStore({ path, ...deps() })
const address = { collection: 'c', partition: 'p', id: 'a' }

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof EscaleError) return error.code
    throw error
  }
  return 'no error'
}

describe('the file of the sqlite store', () => {
  it('keeps everything over a restart, cursors too', async () => {
    const path = join(temporaryFolder(), 'escale.db')
    const first = open(path)
    await first.commit([
      { put: address, value: 1, ifAbsent: true },
      { put: { ...address, id: 'b' }, value: 2, ifAbsent: true },
    ])
    const { next = '' } = await first.list('c', 'p', { limit: 1 })
    const lease = await first.acquire('l', 'me', 1000)
    await first.close()

    // Other random numbers: the key of cursors comes from the file.
    const second = openSqliteStore({ path, clock: manualClock(), random: seededRandom('other') })
    expect((await second.list('c', 'p', { after: next })).items).toEqual([{ id: 'b', value: 2, version: 1 }])
    expect(lease && (await second.renew(lease, 1000))).toBeDefined()
    await second.close()
  })

  it('hands out full pages, and no cursor with the last one, which the contract allows', async () => {
    const store = open(join(temporaryFolder(), 'escale.db'))
    await fill(store, ['a', 'b'])
    expect((await store.list('c', 'p', { limit: 2 })).next).toBeUndefined()
    expect((await store.list('c', 'p', { limit: 1 })).items).toHaveLength(1)
    await store.close()
  })

  it('is in WAL mode and for its owner alone, in a folder made where missing', async () => {
    const path = join(temporaryFolder(), 'a', 'b', 'escale.db')
    const store = open(path)
    await store.commit([{ put: address, value: 1, ifAbsent: true }])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
    await store.close()
  })

  it('has STRICT tables alone', () => {
    const path = join(temporaryFolder(), 'escale.db')
    const { handle } = openDatabase(path, migrations, 0)
    const tables = handle
      .prepare(`SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'`)
      .all()
    expect(tables.length).toBeGreaterThan(8)
    expect(tables.filter((table) => table['strict'] !== 1)).toEqual([])
    handle.close()
  })

  it('reads every row it wants by an index', () => {
    const { handle } = openDatabase(join(temporaryFolder(), 'escale.db'), migrations, 0)
    const queries = [
      'SELECT id FROM record WHERE collection = ? AND part = ? AND id > ? ORDER BY id LIMIT ?',
      'SELECT id FROM record WHERE collection = ? AND part = ? AND id < ? ORDER BY id DESC LIMIT ?',
      'SELECT seq FROM entry WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?',
      'SELECT max(seq) FROM entry WHERE stream = ?',
      'SELECT name FROM due WHERE due_at_ms <= ? ORDER BY due_at_ms, name LIMIT ?',
      'SELECT name FROM claim WHERE space = ? AND owner = ? ORDER BY name',
      'DELETE FROM once WHERE expires_at_ms <= ?',
    ]
    for (const query of queries) {
      const steps = handle
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all()
        .map((row) => String(row['detail']))
      expect(
        steps.filter((step) => /SCAN|TEMP B-TREE/.test(step)),
        query,
      ).toEqual([])
    }
    handle.close()
  })
})

describe('a write', () => {
  it('keeps every other writer out from its beginning, before it has written anything', () => {
    const path = join(temporaryFolder(), 'escale.db')
    const one = openDatabase(path, migrations, 0)
    const other = openDatabase(path, migrations, 0)
    other.handle.exec('PRAGMA busy_timeout = 1')
    one.write(() => {
      expect(codeOf(() => other.write(() => 'got in between'))).toBe('store-busy')
    })
    expect(other.write(() => 'afterwards')).toBe('afterwards')
    one.handle.close()
    other.handle.close()
  })
})

describe('migrations', () => {
  const next = {
    number: migrations.length + 1,
    name: 'a later table',
    sql: 'CREATE TABLE later (id TEXT PRIMARY KEY) STRICT',
  }

  it('are numbered from 1 without gaps', () => {
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1))
  })

  it('bring a file of the version before up to date and keep what is in it', async () => {
    const path = join(temporaryFolder(), 'escale.db')
    const old = open(path)
    await old.commit([{ put: address, value: 'kept', ifAbsent: true }])
    await old.close()

    const database = openDatabase(path, [...migrations, next], 77)
    expect(database.handle.prepare('SELECT count(*) AS n FROM later').get()).toEqual({ n: 0 })
    expect(
      database.handle.prepare('SELECT name, applied_at_ms AS at FROM migration WHERE number = ?').get(next.number),
    ).toEqual({
      name: 'a later table',
      at: 77,
    })
    const store = sqliteStoreOver(database, deps())
    expect((await store.get(address))?.value).toBe('kept')
    await store.close()
  })

  it('run once', () => {
    const path = join(temporaryFolder(), 'escale.db')
    for (const nowMs of [1, 2, 3]) openDatabase(path, [...migrations, next], nowMs).handle.close()
    const { handle } = openDatabase(path, [...migrations, next], 4)
    expect(handle.prepare('SELECT DISTINCT applied_at_ms AS at FROM migration').all()).toEqual([{ at: 1 }])
    handle.close()
  })

  it('leave the old version as it was when one of them fails', async () => {
    const path = join(temporaryFolder(), 'escale.db')
    await open(path).close()
    const broken = { ...next, number: next.number + 1, sql: 'CREATE TABLE half (id TEXT) STRICT; SELECT nonsense' }
    expect(codeOf(() => openDatabase(path, [...migrations, next, broken], 1))).toBe('internal-error')
    const { handle } = openDatabase(path, migrations, 2)
    expect(handle.prepare(`SELECT name FROM sqlite_schema WHERE name IN ('later', 'half')`).all()).toEqual([])
    handle.close()
  })

  it('of a newer program are refused with both numbers and nothing is changed', () => {
    const path = join(temporaryFolder(), 'escale.db')
    openDatabase(path, [...migrations, next], 0).handle.close()
    expect(() => open(path)).toThrow(
      expect.objectContaining({ code: 'store-newer', message: expect.stringContaining(`schema ${next.number}`) }),
    )
    openDatabase(path, [...migrations, next], 0).handle.close()
  })
})

describe('failures of the sqlite store', () => {
  it('refuse a file that is no database', () => {
    const path = join(temporaryFolder(), 'escale.db')
    writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(20))
    expect(codeOf(() => open(path))).toBe('store-damaged')
  })

  it('refuse the database of another program and leave it as it is', () => {
    const path = join(temporaryFolder(), 'other.db')
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE mine (id TEXT)')
    other.close()
    expect(codeOf(() => open(path))).toBe('store-damaged')
    const again = new DatabaseSync(path)
    expect(again.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'mine' }])
    expect(again.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    again.close()
  })

  it('refuse a path that is a folder or lies below a file', () => {
    const folder = temporaryFolder()
    expect(codeOf(() => open(folder))).toBe('store-unavailable')
    writeFileSync(join(folder, 'file'), '')
    expect(codeOf(() => open(join(folder, 'file', 'escale.db')))).toBe('store-unavailable')
  })

  it('tell a full disk and write nothing', async () => {
    const database = openDatabase(join(temporaryFolder(), 'escale.db'), migrations, 0)
    const store = sqliteStoreOver(database, deps())
    await store.commit([{ put: address, value: 'old', ifAbsent: true }])
    const pages = Object.values(database.handle.prepare('PRAGMA page_count').get() ?? {})[0]
    database.handle.exec(`PRAGMA max_page_count = ${Number(pages) + 2}`)
    const big = 'x'.repeat(100_000)
    const commit = store.commit([
      { put: address, value: 'new', ifVersion: 1 },
      { put: { ...address, id: 'b' }, value: big, ifAbsent: true },
    ])
    await expect(commit).rejects.toMatchObject({ code: 'store-full' })
    await expect(
      store.append('s', [
        { atMs: 1, value: 1 },
        { atMs: 1, value: big },
      ]),
    ).rejects.toMatchObject({ code: 'store-full' })
    expect(await store.get(address)).toEqual({ id: 'a', value: 'old', version: 1 })
    expect(await store.append('s', [])).toBe(0)
    // Once there is room again it goes on.
    database.handle.exec('PRAGMA max_page_count = 1000000')
    expect(await store.commit([{ put: address, value: big, ifVersion: 1 }])).toEqual({ ok: true, versions: [2] })
    await store.close()
  })

  it('tell a full disk that is one', { timeout: 30_000 }, (context) => {
    const folder = temporaryFolder()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { timeout: 10_000 })
    if (mounted.status !== 0) return context.skip('no right to mount a small file system')
    context.onTestFinished(() => void spawnSync('umount', ['-l', folder], { timeout: 10_000 }))
    const value = 'x'.repeat(400_000)
    const work = async (): Promise<void> => {
      const store = open(join(folder, 'escale.db'))
      context.onTestFinished(() => store.close())
      await store.commit([{ put: address, value, ifAbsent: true }])
    }
    return expect(work()).rejects.toMatchObject({ code: 'store-full' })
  })

  it('tell a file that may not be written, and still read it', async () => {
    const database = openDatabase(join(temporaryFolder(), 'escale.db'), migrations, 0)
    const store = sqliteStoreOver(database, deps())
    await store.commit([{ put: address, value: 'old', ifAbsent: true }])
    database.handle.exec('PRAGMA query_only = ON')
    await expect(store.commit([{ put: address, value: 'new', ifVersion: 1 }])).rejects.toMatchObject({
      code: 'store-readonly',
    })
    await expect(store.acquire('l', 'me', 1000)).rejects.toMatchObject({ code: 'store-readonly' })
    expect((await store.get(address))?.value).toBe('old')
    await store.close()
  })

  it('tell a file that another keeps locked', async () => {
    const path = join(temporaryFolder(), 'escale.db')
    const database = openDatabase(path, migrations, 0)
    const store = sqliteStoreOver(database, deps())
    database.handle.exec('PRAGMA busy_timeout = 1')
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.commit([{ put: address, value: 1, ifAbsent: true }])).rejects.toMatchObject({
      code: 'store-busy',
    })
    expect(await store.get(address)).toBeUndefined()
    other.exec('ROLLBACK')
    other.close()
    expect(await store.commit([{ put: address, value: 1, ifAbsent: true }])).toMatchObject({ ok: true })
    await store.close()
  })

  it('quote no value', async () => {
    const database = openDatabase(join(temporaryFolder(), 'escale.db'), migrations, 0)
    const store = sqliteStoreOver(database, deps())
    database.handle.exec('PRAGMA query_only = ON')
    const error: unknown = await store
      .commit([{ put: address, value: 'hunter2', ifAbsent: true }])
      .catch((cause: unknown) => cause)
    expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toContain('hunter2')
    await store.close()
  })
})
