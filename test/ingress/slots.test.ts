import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignSlots, readSlots, renderSlots, structureOf } from '../../lib/targets/docker/ingress/slots.ts'
import { backend } from './routes.ts'

const places = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 20 })
const at = (numbers: readonly number[]) => numbers.map((number) => backend(`10.0.0.${number}`))

test('what is rendered is read back', () => {
  fc.assert(
    fc.property(places, (numbers) => {
      const slots = assignSlots(at(numbers), [])
      const text = ['backend a.b', ...renderSlots(slots, ' check port 80')].join('\n')
      expect(readSlots(text).get('a.b')).toEqual(slots)
    }),
  )
})

test('every instance has one slot, keeps the one it had, and there is room for more', () => {
  fc.assert(
    fc.property(places, places, (before, after) => {
      const old = assignSlots(at(before), [])
      const slots = assignSlots(at(after), old)
      const found = slots.flatMap(({ server }) => server?.address ?? [])
      expect([...found].sort()).toEqual(
        at(after)
          .map(({ address }) => `${address}:80`)
          .sort(),
      )
      if (slots.length >= old.length)
        for (const [index, { server }] of old.entries())
          if (server !== undefined && found.includes(server.address))
            expect(slots[index]?.server?.address).toBe(server.address)
    }),
  )
})

test('instances that come and go change no structure while there are slots', () => {
  const text = (numbers: readonly number[], old: ReturnType<typeof assignSlots>): string =>
    ['backend a.b', ...renderSlots(assignSlots(at(numbers), old), '')].join('\n')
  const old = assignSlots(at([1, 2]), [])
  expect(structureOf(text([3, 4, 5, 6, 7, 8], old))).toBe(structureOf(text([1, 2], [])))
  expect(structureOf(text([3, 4, 5, 6, 7, 8, 9], old))).not.toBe(structureOf(text([1, 2], [])))
})

test('a slot goes from one instance to another by way of being free', () => {
  fc.assert(
    fc.property(places, places, (before, after) => {
      const old = assignSlots(at(before), [])
      const slots = assignSlots(at(after), old)
      if (slots.length !== old.length) return
      for (const [index, { server }] of slots.entries())
        if (server !== undefined) expect([undefined, server.address]).toContain(old[index]?.server?.address)
    }),
  )
})

test('an instance that drains keeps its slot and takes nothing', () => {
  const old = assignSlots(at([1, 2]), [])
  const slots = assignSlots([backend('10.0.0.1', { state: 'draining' }), backend('10.0.0.2')], old)
  expect(slots[0]?.server).toEqual({ address: '10.0.0.1:80', weight: 0, active: false })
  expect(slots[1]?.server).toMatchObject({ address: '10.0.0.2:80', active: true })
})
