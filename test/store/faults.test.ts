import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import { storeContract } from '../conformance/store.ts'
import { manualClock } from '../support/clock.ts'
import { Crash, faultyStore } from '../support/faults.ts'
import { seededRandom } from '../support/random.ts'

storeContract('healthy faulty', async ({ clock, random }) => ({
  store: faultyStore(memoryStore({ clock, random }), clock).store,
}))

const address = { collection: 'c', partition: 'p', id: 'a' }
const create = [{ put: address, value: 1, ifAbsent: true }] as const

function subject() {
  const clock = manualClock()
  const real = memoryStore({ clock, random: seededRandom() })
  return { clock, real, ...faultyStore(real, clock) }
}

describe('a faulty store', () => {
  it('fails the next call of an operation without writing, then works', async () => {
    const { store, real, faults } = subject()
    faults.failNext('commit', { times: 2 })
    await expect(store.commit(create)).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.append('s', [{ atMs: 1, value: 1 }])
    await expect(store.commit(create)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await real.get(address)).toBeUndefined()
    expect(await store.commit(create)).toMatchObject({ ok: true })
  })

  it('loses the answer of a write that took effect', async () => {
    const { store, real, faults } = subject()
    faults.loseAnswer('commit', { error: new Error('cut off') })
    await expect(store.commit(create)).rejects.toThrow('cut off')
    expect(await real.get(address)).toBeDefined()
    expect(await store.commit(create)).toEqual({ ok: false, failed: 0 })
  })

  it('refuses or fails the commits that are chosen, until told to stop', async () => {
    const { store, real, faults } = subject()
    const stopRefusing = faults.refuseCommits((operations) => (operations.length === 1 ? 0 : undefined))
    expect(await store.commit(create)).toEqual({ ok: false, failed: 0 })
    stopRefusing()
    const stopFailing = faults.failCommits((operations) => operations.some((one) => 'put' in one && one.put.id === 'a'))
    await expect(store.commit(create)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await real.get(address)).toBeUndefined()
    stopFailing()
    expect(await store.commit(create)).toMatchObject({ ok: true })
  })

  it('takes its time on the clock', async () => {
    const { store, clock, faults } = subject()
    const startMs = clock.nowMs()
    faults.delay(250)
    await store.get(address)
    expect(clock.nowMs() - startMs).toBe(250)
  })

  it('dies before or after a call and stays dead until healed', async () => {
    const { store, real, faults } = subject()
    faults.crashAfter(1)
    await store.get(address)
    await expect(store.commit(create)).rejects.toBeInstanceOf(Crash)
    await expect(store.get(address)).rejects.toBeInstanceOf(Crash)
    expect(await real.get(address)).toBeUndefined()
    faults.crashAfter(1, { lost: true })
    await expect(store.commit(create)).rejects.toBeInstanceOf(Crash)
    await expect(store.get(address)).rejects.toBeInstanceOf(Crash)
    expect(await real.get(address)).toBeDefined()
    faults.heal()
    expect(await store.get(address)).toBeDefined()
    expect(faults.calls).toEqual(['get', 'commit', 'get', 'commit', 'get', 'get'])
  })
})
