/** Asks for a tick. Truth about time stands in the store; the poke only saves time (ruling A4). */
import { type AppKey, appKeyText } from '../model/app.ts'
import type { Deps } from './deps.ts'

export const dueName = (key: AppKey): string => `app/${appKeyText(key)}`

/** How long after a death between record and wake somebody looks nevertheless. */
const afterDeathMs = 5_000

export async function wake(deps: Deps, key: AppKey): Promise<void> {
  await deps.store.setDue(dueName(key), deps.clock.nowMs())
  deps.poke(key)
}

/** Puts on record what a tick must see to: even a death right after leaves it due. */
export async function recordAndWake<T>(deps: Deps, key: AppKey, record: () => Promise<T>): Promise<T> {
  await deps.store.setDue(dueName(key), deps.clock.nowMs() + afterDeathMs)
  const result = await record()
  await wake(deps, key)
  return result
}
