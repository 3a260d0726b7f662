import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxSkewMs } from '../../../lib/store/bucket.ts'
import { maxPage } from '../../../lib/store/store.ts'
import type { StoreFactory } from './subject.ts'
import { opened } from './subject.ts'

export function scheduleContract(factory: StoreFactory): void {
  describe('due', () => {
    it('answers what is due at or before a time, earliest first, then by name', async () => {
      const { store, caughtUp } = await opened(factory)
      for (const [name, atMs] of [
        ['c', 30],
        ['b', 10],
        ['a', 10],
        ['d', 31],
        ['z', -5],
      ] as const)
        await store.setDue(name, atMs)
      await caughtUp()
      expect(await store.due(30, 10)).toEqual([
        { name: 'z', dueAtMs: -5 },
        { name: 'a', dueAtMs: 10 },
        { name: 'b', dueAtMs: 10 },
        { name: 'c', dueAtMs: 30 },
      ])
      expect((await store.due(30, 2)).map(({ name }) => name)).toEqual(['z', 'a'])
      expect(await store.due(-6, 10)).toEqual([])
    })

    it('keeps the earlier time unless told to replace', async () => {
      const { store, caughtUp } = await opened(factory)
      const time = async () => {
        await caughtUp()
        return (await store.due(1000, 10)).map(({ dueAtMs }) => dueAtMs)
      }
      await store.setDue('a', 50)
      await store.setDue('a', 70)
      expect(await time()).toEqual([50])
      await store.setDue('a', 40)
      expect(await time()).toEqual([40])
      await store.setDue('a', 70, { replace: true })
      expect(await time()).toEqual([70])
      await store.setDue('a', 80, { replace: false })
      expect(await time()).toEqual([70])
    })

    it('forgets what is removed, and removing again is fine', async () => {
      const { store, caughtUp } = await opened(factory)
      await store.setDue('a', 50)
      await store.setDue('a', undefined)
      await store.setDue('a', undefined)
      await caughtUp()
      expect(await store.due(1000, 10)).toEqual([])
      await store.setDue('a', 90)
      await caughtUp()
      expect(await store.due(1000, 10)).toEqual([{ name: 'a', dueAtMs: 90 }])
    })

    it('refuses malformed names, times and limits', async () => {
      const { store } = await opened(factory)
      await expect(store.setDue('', 1)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.setDue('a', 0.5)).rejects.toMatchObject({ code: 'internal-error' })
      await expect(store.due(1, 0)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.due(1, maxPage + 1)).rejects.toMatchObject({ code: 'usage' })
    })
  })

  describe('take', () => {
    const bucket = { name: 'b', perSecond: 2, burst: 4 }

    it('gives the burst at once and the rest in its time', async () => {
      const { store } = await opened(factory)
      const waits: number[] = []
      for (let count = 0; count < 7; count++) waits.push(await store.take(bucket, 1))
      expect(waits).toEqual([0, 0, 0, 0, 500, 1000, 1500])
    })

    it('fills with time, never beyond the burst', async () => {
      const { store, clock } = await opened(factory)
      await store.take(bucket, 4)
      clock.advance(250)
      expect(await store.take(bucket, 1)).toBe(250)
      clock.advance(3_600_000)
      expect(await store.take(bucket, 4)).toBe(0)
      expect(await store.take(bucket, 1)).toBe(500)
    })

    it('counts fractions: what is left over is not lost', async () => {
      const { store, clock } = await opened(factory)
      const third = { name: 't', perSecond: 1 / 3, burst: 1 }
      expect(await store.take(third, 1)).toBe(0)
      for (let second = 0; second < 3; second++) {
        clock.advance(1000)
        expect(await store.take(third, 0)).toBe(0)
      }
      expect(await store.take(third, 1)).toBe(0)
      expect(await store.take(third, 0.5)).toBe(1500)
    })

    it('gives the last token of the burst at once, although thirds do not add up', async () => {
      const { store } = await opened(factory)
      const thirds = { name: 'thirds', perSecond: 3, burst: 10 }
      for (let count = 0; count < 10; count++) expect(await store.take(thirds, 1)).toBe(0)
      expect(await store.take(thirds, 1)).toBe(334)
    })

    it('takes more than the burst holds, later', async () => {
      const { store } = await opened(factory)
      expect(await store.take(bucket, 10)).toBe(3000)
      expect(await store.take(bucket, 1)).toBe(3500)
    })

    it('answers the wait that stands when nothing is taken', async () => {
      const { store } = await opened(factory)
      await store.take(bucket, 5)
      expect(await store.take(bucket, 0)).toBe(500)
      expect(await store.take(bucket, 0)).toBe(500)
    })

    it('keeps buckets apart', async () => {
      const { store } = await opened(factory)
      await store.take(bucket, 4)
      expect(await store.take({ ...bucket, name: 'other' }, 4)).toBe(0)
    })

    it('gives no token twice when many take at once', async () => {
      const { store } = await opened(factory)
      const waits = await Promise.all(Array.from({ length: 20 }, () => store.take(bucket, 1)))
      expect(waits.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => Math.max(0, n - 3) * 500))
    })

    it('does not fill when the clock runs back and forth a little', async () => {
      const { store, clock } = await opened(factory)
      await store.take(bucket, 4)
      for (let round = 1; round <= 10; round++) {
        clock.advance(-20_000)
        expect(await store.take(bucket, 1)).toBe(round * 1000 - 500)
        clock.advance(20_000)
        expect(await store.take(bucket, 1)).toBe(round * 1000)
      }
    })

    it('makes nobody wait out a clock that was set back', async () => {
      const { store, clock } = await opened(factory)
      await store.take(bucket, 5)
      clock.advance(-86_400_000)
      expect(await store.take(bucket, 0)).toBe(500)
      clock.advance(500)
      expect(await store.take(bucket, 0)).toBe(0)
    })

    it('never gives more than burst and rate allow, however far apart the clocks of takers are', async () => {
      let run = 0
      const { store, clock } = await opened(factory)
      const move = fc.record({
        stepMs: fc.integer({ min: 0, max: 2000 }),
        behindMs: fc.integer({ min: 0, max: maxSkewMs }),
        count: fc.double({ min: 0.1, max: 3, noNaN: true }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 1 }), async (moves) => {
          const spec = { name: `skew${run++}`, perSecond: 3, burst: 5 }
          const seenMs: number[] = []
          let trueMs = 1_000_000
          let given = 0
          for (const { stepMs, behindMs, count } of moves) {
            trueMs += stepMs
            clock.set(trueMs - behindMs)
            seenMs.push(clock.nowMs())
            if ((await store.take(spec, count)) === 0) given += count
            const elapsedMs = Math.max(...seenMs) - (seenMs[0] ?? 0)
            expect(given).toBeLessThanOrEqual(spec.burst + (elapsedMs * spec.perSecond) / 1000 + 1e-6)
          }
        }),
        { numRuns: 30 },
      )
    })

    it('refuses buckets and counts that are none', async () => {
      const { store } = await opened(factory)
      await expect(store.take({ ...bucket, name: '' }, 1)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.take({ ...bucket, perSecond: 0 }, 1)).rejects.toMatchObject({ code: 'internal-error' })
      await expect(store.take({ ...bucket, burst: Number.NaN }, 1)).rejects.toMatchObject({ code: 'internal-error' })
      await expect(store.take(bucket, -1)).rejects.toMatchObject({ code: 'internal-error' })
    })
  })
}
