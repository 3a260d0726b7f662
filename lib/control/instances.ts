/** Tells of instances that started, became ready, ended or failed since the last look, whoever caused it. */
import type { EventType } from '../core/events.ts'
import type { Json } from '../core/hash.ts'
import type { AppKey } from '../model/app.ts'
import type { InstanceState, Observed, ObservedInstance } from '../model/observed.ts'
import type { Deps } from './deps.ts'
import { type NewEvent, recordAppEvents } from './events.ts'
import { addresses } from './records.ts'

type Seen = Readonly<Record<string, InstanceState>>

export async function recordInstances(deps: Deps, key: AppKey, observed: Observed): Promise<void> {
  const stored = await deps.store.get(addresses.seen(key))
  const before = (stored?.value ?? {}) as Seen
  const instances = observed.units.flatMap((unit) => unit.instances)
  const now: Record<string, InstanceState> = Object.fromEntries(instances.map((one) => [one.nativeId, one.state]))
  const events = instances.flatMap((one) => describe(one, before[one.nativeId]))
  const gone = Object.keys(before).filter((id) => !(id in now) && !hasEnded(before[id]))
  if (events.length === 0 && gone.length === 0 && Object.keys(before).length === Object.keys(now).length) return
  // Whoever writes first tells of it; the other's look was the same.
  const condition = stored === undefined ? { ifAbsent: true as const } : { ifVersion: stored.version }
  const saved = await deps.store.commit([{ put: addresses.seen(key), value: now as unknown as Json, ...condition }])
  if (saved.ok) await recordAppEvents(deps, key, [...events, ...gone.map(goneEvent)])
}

const hasEnded = (state: InstanceState | undefined): boolean => state === 'completed' || state === 'failed'

const goneEvent = (id: string): NewEvent => ({
  type: 'instance.stopped',
  about: id,
  actor: 'cluster',
  reason: 'it is gone',
})

function describe(instance: ObservedInstance, before: InstanceState | undefined): readonly NewEvent[] {
  if (before === instance.state) return []
  const types: EventType[] = []
  const isRunning = (state: InstanceState | undefined): boolean =>
    state === 'starting' || state === 'ready' || state === 'unready'
  if (isRunning(instance.state) && !isRunning(before)) types.push('instance.started')
  if (instance.state === 'ready') types.push('instance.ready')
  if (instance.state === 'unready') types.push('instance.unready')
  if (instance.state === 'completed') types.push('instance.stopped')
  if (instance.state === 'failed') types.push('instance.failed')
  return types.map((type) => ({
    type,
    about: instance.unit,
    actor: 'cluster',
    ...(instance.reason === undefined ? {} : { reason: instance.reason }),
    data: {
      instance: instance.nativeId,
      ...(instance.slot === undefined ? {} : { slot: instance.slot }),
      ...(instance.node === undefined ? {} : { node: instance.node }),
      ...(instance.exitCode === undefined ? {} : { exitCode: instance.exitCode }),
    },
  }))
}
