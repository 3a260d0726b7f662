/** What stood before what stands now. */
import type { AppKey } from '../model/app.ts'
import type { Release } from '../model/release.ts'
import type { Deps } from './deps.ts'
import { needRelease } from './load.ts'
import { addresses, type DeploymentRecord } from './records.ts'

/** The newest release below `current` that once stood: those that failed are passed over. */
export async function releaseBefore(deps: Deps, key: AppKey, current: number): Promise<Release | undefined> {
  const { collection, partition } = addresses.deployment(key, 0)
  let after: string | undefined
  do {
    const page = await deps.store.list<DeploymentRecord>(collection, partition, {
      reverse: true,
      ...(after === undefined ? {} : { after }),
    })
    const before = page.items.find(
      (item) => item.value.state === 'succeeded' && item.value.kind !== 'remove' && item.value.release < current,
    )
    if (before !== undefined) return await needRelease(deps, key, before.value.release)
    after = page.next
  } while (after !== undefined)
  return undefined
}
