import { expect, it } from 'vitest'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import { fill } from '../conformance/store/subject.ts'
import { storeContract } from '../conformance/store.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

storeContract('memory', async ({ clock, random }) => ({ store: memoryStore({ clock, random }) }))

it('the memory store hands out no cursor with the last page, which the contract allows', async () => {
  const store = memoryStore({ clock: manualClock(), random: seededRandom() })
  await fill(store, ['a', 'b'])
  expect((await store.list('c', 'p', { limit: 2 })).next).toBeUndefined()
  expect((await store.list('c', 'p', { limit: 1 })).items).toHaveLength(1)
})
