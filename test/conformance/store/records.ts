import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../lib/core/hash.ts'
import type { Operation } from '../../../lib/store/store.ts'
import { maxNameBytes, maxOperations, maxPage } from '../../../lib/store/store.ts'
import type { StoreFactory } from './subject.ts'
import { at, create, fill, opened } from './subject.ts'

export function recordContract(factory: StoreFactory): void {
  describe('get', () => {
    it('answers undefined for what was never written', async () => {
      const { store } = await opened(factory)
      expect(await store.get(at('a'))).toBeUndefined()
    })

    it('answers id, value and version', async () => {
      const { store } = await opened(factory)
      await store.commit([create('a', { deep: [1, null, { x: 'ü😀' }] })])
      expect(await store.get(at('a'))).toEqual({ id: 'a', value: { deep: [1, null, { x: 'ü😀' }] }, version: 1 })
    })

    it('tells collections and partitions apart, even where their names run together', async () => {
      const { store } = await opened(factory)
      await store.commit([{ put: at('x', 'b/c', 'a'), value: 1, ifAbsent: true }])
      await store.commit([{ put: at('x', 'c', 'a/b'), value: 2, ifAbsent: true }])
      await store.commit([{ put: at('c/x', 'b', 'a'), value: 3, ifAbsent: true }])
      expect((await store.get(at('x', 'b/c', 'a')))?.value).toBe(1)
      expect((await store.get(at('x', 'c', 'a/b')))?.value).toBe(2)
      expect((await store.get(at('c/x', 'b', 'a')))?.value).toBe(3)
      expect(await store.get(at('x', 'b', 'a'))).toBeUndefined()
    })

    it('drops undefined members and does not share values with callers', async () => {
      const { store } = await opened(factory)
      const value = { list: [1], gone: undefined }
      await store.commit([create('a', value)])
      value.list.push(2)
      const read = await store.get<{ list: number[] }>(at('a'))
      read?.value.list.push(3)
      expect((await store.get(at('a')))?.value).toEqual({ list: [1] })
    })

    it('keeps any JSON as it is', async () => {
      const { store } = await opened(factory)
      let count = 0
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
          const id = `r${count++}`
          await store.commit([{ put: at(id), value: value as Json, ifAbsent: true }])
          const written: unknown = JSON.parse(JSON.stringify(value))
          expect((await store.get(at(id)))?.value).toEqual(written)
        }),
        { numRuns: 50 },
      )
    })

    it('keeps a value of two megabytes', async () => {
      const { store } = await opened(factory)
      const text = 'ä'.repeat(1024 * 1024)
      await store.commit([create('big', { text })])
      expect((await store.get<{ text: string }>(at('big')))?.value.text === text).toBe(true)
    })

    it.each([
      ['an empty id', at('')],
      ['an empty collection', at('a', 'p', '')],
      ['an id with a control character', at('a\u0000b')],
      ['a partition with a line break', at('a', 'p\n')],
      ['half a character', at('\ud800')],
      ['an id that is too long', at('ü'.repeat(maxNameBytes / 2 + 1))],
    ])('refuses %s', async (_what, address) => {
      const { store } = await opened(factory)
      await expect(store.get(address)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.commit([{ put: address, value: 1, unconditional: true }])).rejects.toMatchObject({
        code: 'usage',
      })
    })

    it('takes an empty partition and an id of the largest length', async () => {
      const { store } = await opened(factory)
      const address = at('i'.repeat(maxNameBytes), '')
      await store.commit([{ put: address, value: 1, ifAbsent: true }])
      expect((await store.get(address))?.value).toBe(1)
    })
  })

  describe('commit', () => {
    it('creates with ifAbsent once', async () => {
      const { store } = await opened(factory)
      expect(await store.commit([create('a', 1)])).toEqual({ ok: true, versions: [1] })
      expect(await store.commit([create('a', 2)])).toEqual({ ok: false, failed: 0 })
      expect((await store.get(at('a')))?.value).toBe(1)
    })

    it('replaces with the version that stands and no other', async () => {
      const { store } = await opened(factory)
      await store.commit([create('a', 1)])
      expect(await store.commit([{ put: at('a'), value: 2, ifVersion: 1 }])).toEqual({ ok: true, versions: [2] })
      expect(await store.commit([{ put: at('a'), value: 3, ifVersion: 1 }])).toEqual({ ok: false, failed: 0 })
      expect(await store.commit([{ put: at('b'), value: 3, ifVersion: 1 }])).toEqual({ ok: false, failed: 0 })
      expect(await store.get(at('a'))).toEqual({ id: 'a', value: 2, version: 2 })
    })

    it('writes unconditionally, with a version that grows', async () => {
      const { store } = await opened(factory)
      const write: Operation = { put: at('a'), value: 1, unconditional: true }
      expect(await store.commit([write])).toEqual({ ok: true, versions: [1] })
      expect(await store.commit([write])).toEqual({ ok: true, versions: [2] })
    })

    it('removes under its condition', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a', 'b'])
      expect(await store.commit([{ remove: at('a'), ifVersion: 2 }])).toEqual({ ok: false, failed: 0 })
      expect(await store.commit([{ remove: at('a'), ifVersion: 1 }])).toEqual({ ok: true, versions: [0] })
      expect(await store.commit([{ remove: at('a'), ifVersion: 1 }])).toEqual({ ok: false, failed: 0 })
      expect(await store.commit([{ remove: at('a'), unconditional: true }])).toEqual({ ok: true, versions: [0] })
      expect(await store.get(at('a'))).toBeUndefined()
      expect(await store.get(at('b'))).toBeDefined()
    })

    it('checks for absence by removing ifAbsent', async () => {
      const { store } = await opened(factory)
      expect(await store.commit([{ remove: at('a'), ifAbsent: true }])).toEqual({ ok: true, versions: [0] })
      await fill(store, ['a'])
      expect(await store.commit([{ remove: at('a'), ifAbsent: true }])).toEqual({ ok: false, failed: 0 })
      expect(await store.get(at('a'))).toBeDefined()
    })

    it('checks a version without writing', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a'])
      expect(await store.commit([{ check: at('a'), ifVersion: 1 }, create('b')])).toEqual({
        ok: true,
        versions: [1, 1],
      })
      expect((await store.get(at('a')))?.version).toBe(1)
      expect(await store.commit([{ check: at('a'), ifVersion: 2 }, create('c')])).toEqual({ ok: false, failed: 0 })
      expect(await store.commit([create('c'), { check: at('none'), ifVersion: 1 }])).toEqual({ ok: false, failed: 1 })
      expect(await store.get(at('c'))).toBeUndefined()
    })

    it('writes all or nothing, and names the first condition that did not hold', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a', 'b'])
      const refused = await store.commit([
        { put: at('a'), value: 'new', ifVersion: 1 },
        { remove: at('b'), unconditional: true },
        create('c'),
        { put: at('a', 'other'), value: 1, ifVersion: 7 },
        create('b', 1, 'other'),
        { check: at('none'), ifVersion: 1 },
      ])
      expect(refused).toEqual({ ok: false, failed: 3 })
      expect(await store.get(at('a'))).toEqual({ id: 'a', value: { id: 'a' }, version: 1 })
      expect(await store.get(at('b'))).toBeDefined()
      expect(await store.get(at('c'))).toBeUndefined()
    })

    it('judges every condition by what stood before the commit', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a'])
      const result = await store.commit([
        { remove: at('a'), ifVersion: 1 },
        create('b'),
        { remove: at('c'), ifAbsent: true },
      ])
      expect(result).toEqual({ ok: true, versions: [0, 1, 0] })
    })

    it('does nothing with no operations', async () => {
      const { store } = await opened(factory)
      expect(await store.commit([])).toEqual({ ok: true, versions: [] })
    })

    it(`takes ${maxOperations} operations and not one more`, async () => {
      const { store } = await opened(factory)
      const many = Array.from({ length: maxOperations + 1 }, (_, index) => create(`r${index}`))
      await expect(store.commit(many)).rejects.toMatchObject({ code: 'internal-error' })
      expect(await store.commit(many.slice(1))).toMatchObject({ ok: true })
      expect(await store.get(at('r0'))).toBeUndefined()
    })

    it('refuses two operations on one record or lease', async () => {
      const { store } = await opened(factory)
      await expect(store.commit([create('a'), { remove: at('a'), unconditional: true }])).rejects.toMatchObject({
        code: 'internal-error',
      })
      const fence = { fence: 'l', ifFence: 1 }
      await expect(store.commit([fence, fence])).rejects.toMatchObject({ code: 'internal-error' })
      expect(await store.get(at('a'))).toBeUndefined()
    })

    it('refuses a value that is none', async () => {
      const { store } = await opened(factory)
      const value = (() => 1) as object
      await expect(store.commit([create('b'), { put: at('a'), value, ifAbsent: true }])).rejects.toMatchObject({
        code: 'internal-error',
      })
      expect(await store.get(at('b'))).toBeUndefined()
    })

    it('lets one of many writers of the same version win', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a'])
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, value) => store.commit([{ put: at('a'), value, ifVersion: 1 }])),
      )
      expect(results.filter((result) => result.ok)).toHaveLength(1)
      expect((await store.get(at('a')))?.value).toBe(results.findIndex((result) => result.ok))
    })
  })

  describe('list', () => {
    /** All pages; a page may be short, so only `next` tells the end. */
    async function walk(
      list: (after: string | undefined) => ReturnType<Awaited<ReturnType<typeof opened>>['store']['list']>,
    ) {
      const ids: string[] = []
      let after: string | undefined
      do {
        const page = await list(after)
        ids.push(...page.items.map((item) => item.id))
        after = page.next
      } while (after !== undefined)
      return ids
    }

    it('answers an empty page for an empty partition', async () => {
      const { store } = await opened(factory)
      expect(await store.list('c', 'none')).toEqual({ items: [] })
    })

    it('answers the records of one partition in order of their ids, both ways', async () => {
      const { store } = await opened(factory)
      await fill(store, ['b', 'a', '10', '9', 'ä'])
      await fill(store, ['other'], 'q')
      expect(await walk((after) => store.list('c', 'p', after === undefined ? {} : { after }))).toEqual([
        '10',
        '9',
        'a',
        'b',
        'ä',
      ])
      expect(
        await walk((after) => store.list('c', 'p', { reverse: true, ...(after === undefined ? {} : { after }) })),
      ).toEqual(['ä', 'b', 'a', '9', '10'])
    })

    it('orders by UTF-8 bytes, which UTF-16 does not', async () => {
      const { store } = await opened(factory)
      await fill(store, ['\u{1f600}', '\uffee'])
      expect((await store.list('c', 'p')).items.map((item) => item.id)).toEqual(['\uffee', '\u{1f600}'])
    })

    it('walks every record once, whatever the ids, page size and direction', async () => {
      const { store } = await opened(factory)
      let run = 0
      const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }).filter((text) => !/\p{Cc}/u.test(text))
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(name, { maxLength: 12 }),
          fc.integer({ min: 1, max: 5 }),
          fc.boolean(),
          async (ids, limit, reverse) => {
            const partition = `walk${run++}`
            await fill(store, ids, partition)
            const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
            const walked = await walk((after) =>
              store.list('c', partition, { limit, reverse, ...(after === undefined ? {} : { after }) }),
            )
            expect(walked).toEqual(reverse ? sorted.toReversed() : sorted)
          },
        ),
        { numRuns: 40 },
      )
    })

    it('gives no more than the limit, and no cursor after the last', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a', 'b', 'c'])
      const first = await store.list('c', 'p', { limit: 2 })
      expect(first.items.length).toBeLessThanOrEqual(2)
      expect(first.next).toBeDefined()
      const ids = await walk((after) => store.list('c', 'p', { limit: 2, ...(after === undefined ? {} : { after }) }))
      expect(ids).toEqual(['a', 'b', 'c'])
    })

    it('goes on behind a record that was removed since, and sees what was added', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a', 'b', 'd'])
      const { next } = await store.list('c', 'p', { limit: 2 })
      await store.commit([{ remove: at('b'), unconditional: true }, create('aa'), create('c')])
      const rest = await walk((after) => store.list('c', 'p', { after: after ?? next ?? 'none' }))
      expect(rest).toEqual(['c', 'd'])
    })

    it('refuses a cursor that was changed, invented or meant for another list', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a', 'b', 'c'])
      await fill(store, ['a', 'b', 'c'], 'q')
      const { next = '' } = await store.list('c', 'p', { limit: 1 })
      const last = next.at(-1) === 'A' ? 'Q' : 'A'
      const wrong = [
        '',
        'a',
        'garbage!',
        `${next}A`,
        // A lenient decoder reads these as the same bytes.
        `${next}!`,
        ` ${next}`,
        `${next}=`,
        next.slice(0, -1) + last,
        next.slice(0, 10),
        Buffer.from('["a"]').toString('base64'),
      ]
      for (const after of wrong) {
        await expect(store.list('c', 'p', { after })).rejects.toMatchObject({ code: 'usage' })
      }
      await expect(store.list('c', 'q', { after: next })).rejects.toMatchObject({ code: 'usage' })
      await expect(store.list('c', 'p', { after: next, reverse: true })).rejects.toMatchObject({ code: 'usage' })
      expect((await store.list('c', 'p', { after: next })).items.map((item) => item.id)).toEqual(['b', 'c'])
    })

    it('never takes random text for a cursor, and never crashes on it', async () => {
      const { store } = await opened(factory)
      await fill(store, ['a'])
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), async (after) => {
          await expect(store.list('c', 'p', { after })).rejects.toMatchObject({ code: 'usage' })
        }),
        { numRuns: 50 },
      )
    })

    it.each([0, -1, 1.5, Number.NaN, maxPage + 1])('refuses a limit of %s', async (limit) => {
      const { store } = await opened(factory)
      await expect(store.list('c', 'p', { limit })).rejects.toMatchObject({ code: 'usage' })
    })
  })
}
