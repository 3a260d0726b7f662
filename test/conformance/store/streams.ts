import { describe, expect, it } from 'vitest'
import { maxEntries, maxPage } from '../../../lib/store/store.ts'
import type { StoreFactory } from './subject.ts'
import { opened } from './subject.ts'

const entry = (value: string | number, atMs = 1) => ({ atMs, value })

export function streamContract(factory: StoreFactory): void {
  describe('streams', () => {
    it('counts from 1 and answers the number of the last', async () => {
      const { store } = await opened(factory)
      expect(await store.append('s', [entry('a', 5)])).toBe(1)
      expect(await store.append('s', [entry('b', 4), entry('c', 6)])).toBe(3)
      expect(await store.read('s', 0, 10)).toEqual([
        { seq: 1, atMs: 5, value: 'a' },
        { seq: 2, atMs: 4, value: 'b' },
        { seq: 3, atMs: 6, value: 'c' },
      ])
    })

    it('counts each stream by itself', async () => {
      const { store } = await opened(factory)
      await store.append('s', [entry(1), entry(2)])
      expect(await store.append('t', [entry(3)])).toBe(1)
      expect(await store.read('t', 0, 10)).toEqual([{ seq: 1, atMs: 1, value: 3 }])
    })

    it('answers where the stream stands when nothing is appended', async () => {
      const { store } = await opened(factory)
      expect(await store.append('s', [])).toBe(0)
      await store.append('s', [entry(1), entry(2)])
      expect(await store.append('s', [])).toBe(2)
    })

    it('reads behind a number, no more than asked for, and nothing behind the end', async () => {
      const { store } = await opened(factory)
      await store.append(
        's',
        [1, 2, 3, 4].map((value) => entry(value)),
      )
      expect((await store.read('s', 1, 2)).map(({ seq }) => seq)).toEqual([2, 3])
      expect(await store.read('s', 4, 10)).toEqual([])
      expect(await store.read('s', 400, 10)).toEqual([])
      expect(await store.read('none', 0, 10)).toEqual([])
    })

    it('leaves no gap and no double under concurrent appenders', async () => {
      const { store } = await opened(factory)
      const ends = await Promise.all(
        Array.from({ length: 30 }, (_, who) =>
          store.append(
            's',
            Array.from({ length: (who % 3) + 1 }, (__, index) => entry(`${who}.${index}`)),
          ),
        ),
      )
      const entries = await store.read('s', 0, maxPage)
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
      expect(entries).toHaveLength(60)
      for (const [who, end] of ends.entries()) {
        const size = (who % 3) + 1
        const own = entries.slice(end - size, end).map(({ value }) => value)
        expect(own).toEqual(Array.from({ length: size }, (_, index) => `${who}.${index}`))
      }
    })

    it('appends all or nothing', async () => {
      const { store } = await opened(factory)
      const bad = { atMs: 1, value: (() => 1) as object }
      await expect(store.append('s', [entry(1), bad])).rejects.toMatchObject({ code: 'internal-error' })
      await expect(store.append('s', [entry(1), entry(2, 0.5)])).rejects.toMatchObject({ code: 'internal-error' })
      expect(await store.append('s', [])).toBe(0)
    })

    it(`takes ${maxEntries} entries at once and not one more`, async () => {
      const { store } = await opened(factory)
      const many = Array.from({ length: maxEntries + 1 }, (_, index) => entry(index))
      await expect(store.append('s', many)).rejects.toMatchObject({ code: 'internal-error' })
      expect(await store.append('s', many.slice(1))).toBe(maxEntries)
    })

    it.each([
      [-1, 10],
      [0.5, 10],
      [Number.NaN, 10],
      [0, 0],
      [0, maxPage + 1],
    ])('refuses to read after %s with a limit of %s', async (after, limit) => {
      const { store } = await opened(factory)
      await expect(store.read('s', after, limit)).rejects.toMatchObject({ code: 'usage' })
    })

    it('refuses an empty name', async () => {
      const { store } = await opened(factory)
      await expect(store.append('', [entry(1)])).rejects.toMatchObject({ code: 'usage' })
      await expect(store.read('', 0, 1)).rejects.toMatchObject({ code: 'usage' })
    })
  })
}
