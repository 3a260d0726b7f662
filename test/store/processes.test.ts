import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../lib/core/system.ts'
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts'
import { maxPage } from '../../lib/store/store.ts'
import type { Entry, Store } from '../../lib/store/store.ts'
import { temporaryFolder } from '../support/folder.ts'
import { nodeChild } from '../support/process.ts'

const writer = fileURLToPath(new URL('process/writer.ts', import.meta.url))

interface Won {
  readonly leases: readonly string[]
  readonly increments: number
  readonly appended: number
  readonly firsts: readonly string[]
  readonly claims: readonly string[]
}

const open = (path: string): Store => openSqliteStore({ path, clock: systemClock, random: systemRandom })

async function readAll(store: Store, stream: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (;;) {
    const more = await store.read(stream, entries.length, maxPage)
    if (more.length === 0) return entries
    entries.push(...more)
  }
}

describe('several processes on one file', { timeout: 60_000 }, () => {
  it('race for leases, keys, claims, versions and numbers without a double or a loss', async () => {
    const path = join(temporaryFolder(), 'escale.db')
    const rounds = 60
    const children = ['one', 'two', 'three'].map((who) => nodeChild(writer, [path, who, 'race', String(rounds)]))
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0])
    const won = children.map(({ lines }) => lines[0] as Won)

    const store = open(path)
    const all = (name: string): string[] => Array.from({ length: rounds }, (_, round) => `${name}${round}`).sort()
    expect(won.flatMap(({ leases }) => leases).sort()).toEqual(all('lease'))
    expect(won.flatMap(({ firsts }) => firsts).sort()).toEqual(all('key'))
    expect(won.flatMap(({ claims }) => claims).sort()).toEqual(all('host'))
    const increments = won.reduce((sum, one) => sum + one.increments, 0)
    expect(await store.get({ collection: 'race', partition: 'p', id: 'counter' })).toEqual({
      id: 'counter',
      value: increments,
      version: increments,
    })
    const entries = await readAll(store, 'stream')
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: rounds * 6 }, (_, index) => index + 1))
    // Both entries of one append stand side by side.
    for (let index = 0; index < entries.length; index += 2)
      expect(entries[index]?.value).toBe(entries[index + 1]?.value)
    await store.close()
  })

  it('open a file that does not exist yet at the same moment', async () => {
    for (let round = 0; round < 3; round++) {
      const path = join(temporaryFolder(), 'deep', 'escale.db')
      const children = Array.from({ length: 4 }, (_, who) => nodeChild(writer, [path, String(who), 'open']))
      expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0, 0])
    }
  })

  it('leave no half commit and no gap when one is killed while it writes', async () => {
    const path = join(temporaryFolder(), 'escale.db')
    let before = 0
    for (const commits of [1, 3, 8, 15, 2, 6]) {
      const child = nodeChild(writer, [path, 'victim', 'write'])
      await child.wrote(1 + commits)
      child.process.kill('SIGKILL')
      await child.ended
      const told = (child.lines.at(-1) as { readonly count: number }).count

      const store = open(path)
      const { items } = await store.list<{ count: number }>('race', 'p')
      const counts = items.map(({ value }) => value.count)
      expect(counts).toHaveLength(4)
      expect(new Set(counts).size).toBe(1)
      // What was told to have been written is there.
      expect(counts[0]).toBeGreaterThanOrEqual(told)
      const entries = await readAll(store, 'stream')
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
      expect(entries.length % 3).toBe(0)
      expect(entries.length - before).toBeGreaterThanOrEqual(told * 3)
      before = entries.length
      await store.close()
    }
  })
})
