/** The contract of the store, for every implementation: call it with a name and a factory of empty stores. */
import { describe } from 'vitest'
import { claimContract, onceContract } from './store/claims.ts'
import { leaseContract } from './store/leases.ts'
import { modelContract } from './store/model.ts'
import { recordContract } from './store/records.ts'
import { scheduleContract } from './store/schedule.ts'
import { streamContract } from './store/streams.ts'
import type { StoreFactory } from './store/subject.ts'

export function storeContract(name: string, factory: StoreFactory): void {
  describe(`the ${name} store`, () => {
    recordContract(factory)
    streamContract(factory)
    leaseContract(factory)
    scheduleContract(factory)
    claimContract(factory)
    onceContract(factory)
    modelContract(factory)
  })
}
