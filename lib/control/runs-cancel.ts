/** Asks for the end of runs; the tick sees to it. */
import type { AppKey } from '../model/app.ts'
import type { Deps } from './deps.ts'
import { findRun, json } from './load.ts'
import { addresses } from './records.ts'

export async function cancelRun(deps: Deps, key: AppKey, id: string, by: string): Promise<void> {
  for (;;) {
    const stored = await findRun(deps, key, id)
    if (stored === undefined || stored.value.endedAtMs !== undefined || stored.value.cancelledBy !== undefined) return
    const value = json({ ...stored.value, cancelledBy: by })
    const saved = await deps.store.commit([{ put: addresses.run(key, id), value, ifVersion: stored.version }])
    if (saved.ok) return
  }
}

/** Of all runs of an app that have not ended. */
export async function cancelOpenRuns(deps: Deps, key: AppKey, by: string): Promise<void> {
  const { collection, partition } = addresses.openRun(key, '')
  let after: string | undefined
  do {
    const page = await deps.store.list(collection, partition, after === undefined ? {} : { after })
    for (const { id } of page.items) await cancelRun(deps, key, id, by)
    after = page.next
  } while (after !== undefined)
}
