/**
 * A second process on the same file. `race N`: takes part in a race of three over N rounds and tells what it won;
 * `write`: commits pairs that must stay equal until it is killed; `open`: opens the file and says so.
 */
import { systemClock, systemRandom } from '../../../lib/core/system.ts'
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts'
import type { Stored } from '../../../lib/store/store.ts'

const [path = '', who = '', mode = '', rounds = '0'] = process.argv.slice(2)
const store = openSqliteStore({ path, clock: systemClock, random: systemRandom })
const record = (id: string) => ({ collection: 'race', partition: 'p', id })
const report = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

/** Nobody begins before all are there: processes that start one after the other do not race. */
async function meet(racers: number): Promise<void> {
  const place = { collection: 'start', partition: 'p' }
  await store.commit([{ put: { ...place, id: who }, value: true, ifAbsent: true }])
  while ((await store.list(place.collection, place.partition)).items.length < racers) await systemClock.sleep(5)
}

async function race(): Promise<void> {
  await meet(3)
  const won = { leases: [] as string[], increments: 0, appended: 0, firsts: [] as string[], claims: [] as string[] }
  for (let round = 0; round < Number(rounds); round++) {
    if ((await store.acquire(`lease${round}`, who, 600_000)) !== undefined) won.leases.push(`lease${round}`)
    if ((await store.once(`key${round}`, 'hash', 600_000)).kind === 'first') won.firsts.push(`key${round}`)
    if ((await store.claim('host', [`host${round}`], who)).ok) won.claims.push(`host${round}`)
    await store.append('stream', [
      { atMs: round, value: who },
      { atMs: round, value: who },
    ])
    won.appended += 2
    const counter: Stored<number> | undefined = await store.get<number>(record('counter'))
    const result = await store.commit([
      counter === undefined
        ? { put: record('counter'), value: 1, ifAbsent: true }
        : { put: record('counter'), value: counter.value + 1, ifVersion: counter.version },
    ])
    if (result.ok) won.increments++
  }
  report(won)
}

async function write(): Promise<void> {
  const filler = 'x'.repeat(20_000)
  report({ writing: true })
  for (let count = 1; ; count++) {
    await store.commit(
      ['a', 'b', 'c', 'd'].map((id) => ({ put: record(id), value: { count, filler }, unconditional: true })),
    )
    await store.append(
      'stream',
      [1, 2, 3].map((part) => ({ atMs: part, value: { count, part } })),
    )
    report({ count })
  }
}

switch (mode) {
  case 'race':
    await race()
    break
  case 'write':
    await write()
    break
  case 'open':
    report({ opened: true })
    break
  default:
    throw new Error(`unknown mode ${mode}`)
}
await store.close()
