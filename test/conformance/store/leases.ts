import { describe, expect, it } from 'vitest'
import type { Lease, Store } from '../../../lib/store/store.ts'
import type { StoreFactory } from './subject.ts'
import { at, create, opened } from './subject.ts'

async function acquired(store: Store, holder = 'me', ttlMs = 1000): Promise<Lease> {
  const lease = await store.acquire('l', holder, ttlMs)
  if (lease === undefined) throw new Error(`${holder} did not get the lease`)
  return lease
}

export function leaseContract(factory: StoreFactory): void {
  describe('leases', () => {
    it('are given with name, holder, fence and end', async () => {
      const { store, clock } = await opened(factory)
      const lease = await acquired(store)
      expect(lease).toEqual({ name: 'l', holder: 'me', fence: expect.any(Number), expiresAtMs: clock.nowMs() + 1000 })
      expect(lease.fence).toBeGreaterThan(0)
    })

    it('are never stolen before they expire, not even under the same name', async () => {
      const { store, clock } = await opened(factory)
      await acquired(store)
      clock.advance(999)
      expect(await store.acquire('l', 'you', 1000)).toBeUndefined()
      expect(await store.acquire('l', 'me', 1000)).toBeUndefined()
      clock.advance(1)
      expect(await store.acquire('l', 'you', 1000)).toMatchObject({ holder: 'you' })
    })

    it('do not depend on each other', async () => {
      const { store } = await opened(factory)
      await acquired(store)
      expect(await store.acquire('other', 'you', 1000)).toBeDefined()
    })

    it('grow their fence with each acquisition, over release and expiry', async () => {
      const { store, clock } = await opened(factory)
      const fences: number[] = []
      for (let round = 0; round < 6; round++) {
        const lease = await acquired(store, `holder${round % 2}`)
        fences.push(lease.fence)
        if (round % 2 === 0) await store.release(lease)
        else clock.advance(1000)
      }
      expect(fences).toEqual(fences.toSorted((a, b) => a - b))
      expect(new Set(fences).size).toBe(6)
    })

    it('are renewed from now on, under the same fence', async () => {
      const { store, clock } = await opened(factory)
      const lease = await acquired(store)
      clock.advance(800)
      const renewed = await store.renew(lease, 1000)
      expect(renewed).toEqual({ ...lease, expiresAtMs: clock.nowMs() + 1000 })
      clock.advance(900)
      expect(await store.acquire('l', 'you', 1000)).toBeUndefined()
    })

    it('are not renewed once expired, released or taken by another', async () => {
      const { store, clock } = await opened(factory)
      const expired = await acquired(store)
      clock.advance(1000)
      expect(await store.renew(expired, 1000)).toBeUndefined()
      const released = await acquired(store)
      await store.release(released)
      expect(await store.renew(released, 1000)).toBeUndefined()
      await acquired(store, 'you')
      expect(await store.renew(released, 1000)).toBeUndefined()
      expect(await store.renew({ ...released, name: 'never' }, 1000)).toBeUndefined()
    })

    it('are free at once after release, which a former holder cannot do for another', async () => {
      const { store, clock } = await opened(factory)
      const mine = await acquired(store)
      clock.advance(1000)
      const yours = await acquired(store, 'you')
      await store.release(mine)
      expect(await store.renew(yours, 1000)).toBeDefined()
      await store.release(yours)
      await store.release(yours)
      expect(await store.acquire('l', 'me', 1000)).toBeDefined()
    })

    it('go to one of many who ask at once', async () => {
      const { store } = await opened(factory)
      const answers = await Promise.all(Array.from({ length: 20 }, (_, who) => store.acquire('l', `h${who}`, 1000)))
      expect(answers.filter((lease) => lease !== undefined)).toHaveLength(1)
    })

    it('let a commit with their fence through while held', async () => {
      const { store } = await opened(factory)
      const { fence } = await acquired(store)
      expect(await store.commit([{ fence: 'l', ifFence: fence }, create('a')])).toEqual({
        ok: true,
        versions: [fence, 1],
      })
    })

    it('stop a commit with an older fence, an expired or released lease, or none', async () => {
      const { store, clock } = await opened(factory)
      const write = (ifFence: number, name = 'l') => store.commit([create('a'), { fence: name, ifFence }])
      expect(await write(1)).toEqual({ ok: false, failed: 1 })
      const first = await acquired(store)
      clock.advance(1000)
      expect(await write(first.fence)).toEqual({ ok: false, failed: 1 })
      const second = await acquired(store, 'you')
      expect(await write(first.fence)).toEqual({ ok: false, failed: 1 })
      expect(await write(second.fence, 'other')).toEqual({ ok: false, failed: 1 })
      await store.release(second)
      expect(await write(second.fence)).toEqual({ ok: false, failed: 1 })
      expect(await store.get(at('a'))).toBeUndefined()
    })

    it('refuse an empty name or holder and a time that is none', async () => {
      const { store } = await opened(factory)
      await expect(store.acquire('', 'me', 1000)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.acquire('l', '', 1000)).rejects.toMatchObject({ code: 'usage' })
      for (const ttlMs of [0, -1, 0.5, Number.NaN]) {
        await expect(store.acquire('l', 'me', ttlMs)).rejects.toMatchObject({ code: 'internal-error' })
      }
    })
  })
}
