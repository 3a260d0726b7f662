/** What the contract of the store is tested on. */
import { onTestFinished } from 'vitest'
import type { Random } from '../../../lib/core/deps.ts'
import type { Address, Operation, Store } from '../../../lib/store/store.ts'
import type { ManualClock } from '../../support/clock.ts'
import { manualClock } from '../../support/clock.ts'
import { seededRandom } from '../../support/random.ts'

/** An empty store and how to get rid of it. */
export interface StoreSubject {
  readonly store: Store
  /** Resolves when indexes that lag behind have caught up; absent where none does. */
  readonly caughtUp?: () => Promise<void>
  readonly dispose?: () => Promise<void>
}

export type StoreFactory = (deps: { readonly clock: ManualClock; readonly random: Random }) => Promise<StoreSubject>

export interface Opened {
  readonly store: Store
  readonly clock: ManualClock
  readonly caughtUp: () => Promise<void>
}

/** A store for one test, closed when the test ends. */
export async function opened(factory: StoreFactory): Promise<Opened> {
  const clock = manualClock()
  const { store, caughtUp = async () => {}, dispose } = await factory({ clock, random: seededRandom() })
  onTestFinished(async () => {
    await store.close()
    await dispose?.()
  })
  return { store, clock, caughtUp }
}

export const at = (id: string, partition = 'p', collection = 'c'): Address => ({ collection, partition, id })

export const create = (id: string, value: object | string | number = {}, partition = 'p'): Operation => ({
  put: at(id, partition),
  value,
  ifAbsent: true,
})

export async function fill(store: Store, ids: readonly string[], partition = 'p'): Promise<void> {
  for (const id of ids) {
    const result = await store.commit([create(id, { id }, partition)])
    if (!result.ok) throw new Error(`${id} exists already`)
  }
}
