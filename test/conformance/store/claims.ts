import { describe, expect, it } from 'vitest'
import { maxClaimNames } from '../../../lib/store/store.ts'
import type { StoreFactory } from './subject.ts'
import { opened } from './subject.ts'

export function claimContract(factory: StoreFactory): void {
  describe('claims', () => {
    it('take all the names or none, and tell who has the first that is taken', async () => {
      const { store } = await opened(factory)
      expect(await store.claim('host', ['b', 'a'], 'me')).toEqual({ ok: true })
      expect(await store.claim('host', ['c', 'b', 'a'], 'you')).toEqual({ ok: false, name: 'b', owner: 'me' })
      expect(await store.claims('host', 'you')).toEqual([])
      expect(await store.claims('host', 'me')).toEqual(['a', 'b'])
      expect(await store.claim('host', ['c'], 'you')).toEqual({ ok: true })
    })

    it('may be repeated and widened by their owner', async () => {
      const { store } = await opened(factory)
      await store.claim('host', ['a'], 'me')
      expect(await store.claim('host', ['a', 'b', 'b'], 'me')).toEqual({ ok: true })
      expect(await store.claims('host', 'me')).toEqual(['a', 'b'])
    })

    it('hold within their space', async () => {
      const { store } = await opened(factory)
      await store.claim('host', ['a'], 'me')
      expect(await store.claim('port', ['a'], 'you')).toEqual({ ok: true })
      expect(await store.claims('port', 'me')).toEqual([])
    })

    it('are given back by their owner alone', async () => {
      const { store } = await opened(factory)
      await store.claim('host', ['a', 'b'], 'me')
      await store.unclaim('host', ['a'], 'you')
      expect(await store.claims('host', 'me')).toEqual(['a', 'b'])
      await store.unclaim('host', ['a', 'never'], 'me')
      await store.unclaim('host', ['a'], 'me')
      expect(await store.claims('host', 'me')).toEqual(['b'])
      expect(await store.claim('host', ['a'], 'you')).toEqual({ ok: true })
    })

    it('of no names change nothing', async () => {
      const { store } = await opened(factory)
      expect(await store.claim('host', [], 'me')).toEqual({ ok: true })
      await store.unclaim('host', [], 'me')
      expect(await store.claims('host', 'me')).toEqual([])
    })

    it('give a name to one of many who ask at once', async () => {
      const { store } = await opened(factory)
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, who) => store.claim('host', [`own${who}`, 'shared'], `o${who}`)),
      )
      const winner = answers.findIndex((answer) => answer.ok)
      expect(answers.filter((answer) => answer.ok)).toHaveLength(1)
      for (const who of answers.keys()) {
        expect(await store.claims('host', `o${who}`)).toEqual(who === winner ? [`own${who}`, 'shared'] : [])
      }
    })

    it('refuse empty words and too many names', async () => {
      const { store } = await opened(factory)
      await expect(store.claim('', ['a'], 'me')).rejects.toMatchObject({ code: 'usage' })
      await expect(store.claim('host', [''], 'me')).rejects.toMatchObject({ code: 'usage' })
      await expect(store.claim('host', ['a'], '')).rejects.toMatchObject({ code: 'usage' })
      const names = Array.from({ length: maxClaimNames + 1 }, (_, index) => `n${index}`)
      await expect(store.claim('host', names, 'me')).rejects.toMatchObject({ code: 'internal-error' })
      expect(await store.claim('host', names.slice(1), 'me')).toEqual({ ok: true })
    })
  })
}

export function onceContract(factory: StoreFactory): void {
  describe('once', () => {
    it('tells the first call, then again without a result until it is settled', async () => {
      const { store } = await opened(factory)
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'first' })
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'again' })
      await store.settle('k', { deployment: 'dep_1' })
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'again', result: { deployment: 'dep_1' } })
    })

    it('tells another request under the same key, settled or not', async () => {
      const { store } = await opened(factory)
      await store.once('k', 'hash', 1000)
      expect(await store.once('k', 'other', 1000)).toEqual({ kind: 'mismatch' })
      await store.settle('k', 1)
      expect(await store.once('k', 'other', 1000)).toEqual({ kind: 'mismatch' })
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'again', result: 1 })
    })

    it('keeps null as a result', async () => {
      const { store } = await opened(factory)
      await store.once('k', 'hash', 1000)
      await store.settle('k', null)
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'again', result: null })
    })

    it('keeps the last of several results', async () => {
      const { store } = await opened(factory)
      await store.once('k', 'hash', 1000)
      await store.settle('k', 1)
      await store.settle('k', 2)
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'again', result: 2 })
    })

    it('forgets a key when its time is over, counted from the first call', async () => {
      const { store, clock } = await opened(factory)
      await store.once('k', 'hash', 1000)
      await store.settle('k', 1)
      clock.advance(999)
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'again', result: 1 })
      clock.advance(1)
      expect(await store.once('k', 'other', 1000)).toEqual({ kind: 'first' })
      expect(await store.once('k', 'other', 1000)).toEqual({ kind: 'again' })
    })

    it('does not settle a key that is unknown or forgotten', async () => {
      const { store, clock } = await opened(factory)
      await store.settle('k', 1)
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'first' })
      clock.advance(1000)
      await store.settle('k', 2)
      expect(await store.once('k', 'hash', 1000)).toEqual({ kind: 'first' })
    })

    it('lets one of many be the first', async () => {
      const { store } = await opened(factory)
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.once('k', 'hash', 1000)))
      expect(answers.filter(({ kind }) => kind === 'first')).toHaveLength(1)
    })

    it('refuses an empty key and a time that is none', async () => {
      const { store } = await opened(factory)
      await expect(store.once('', 'hash', 1000)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.settle('', 1)).rejects.toMatchObject({ code: 'usage' })
      await expect(store.once('k', 'hash', 0)).rejects.toMatchObject({ code: 'internal-error' })
    })
  })

  describe('close', () => {
    it('may be repeated, and ends every operation', async () => {
      const { store } = await opened(factory)
      await store.close()
      await store.close()
      const calls = [
        store.get({ collection: 'c', partition: 'p', id: 'i' }),
        store.list('c', 'p'),
        store.commit([]),
        store.append('s', []),
        store.read('s', 0, 1),
        store.acquire('l', 'me', 1),
        store.renew({ name: 'l', holder: 'me', fence: 1, expiresAtMs: 0 }, 1),
        store.release({ name: 'l', holder: 'me', fence: 1, expiresAtMs: 0 }),
        store.due(1, 1),
        store.setDue('a', 1),
        store.take({ name: 'b', perSecond: 1, burst: 1 }, 1),
        store.claim('s', [], 'o'),
        store.unclaim('s', [], 'o'),
        store.claims('s', 'o'),
        store.once('k', 'h', 1),
        store.settle('k', 1),
      ]
      for (const result of await Promise.allSettled(calls)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'internal-error' } })
      }
    })
  })
}
