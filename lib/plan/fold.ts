/** Folds what is observed now into the progress of a deployment: since when ready, how far, what failed. Pure. */
import type { Observed, ObservedUnit } from '../model/observed.ts'
import type { Resource, ResourceId } from '../model/resource.ts'
import type { Progress, WriteFact } from './progress.ts'
import { readiness } from './readiness.ts'

export const unitsByResource = (observed: Observed): ReadonlyMap<ResourceId, ObservedUnit> =>
  new Map(observed.units.map((unit) => [unit.resource, unit]))

/** When the deployment last wrote the resource in its present direction; undefined where it did not. */
export function writtenAt(progress: Progress, resource: ResourceId): WriteFact | undefined {
  let latest: WriteFact | undefined
  for (const fact of Object.values(progress.writes)) {
    if (fact.resource !== resource || fact.direction !== progress.direction) continue
    if (latest === undefined || fact.intentAtMs > latest.intentAtMs) latest = fact
  }
  return latest
}

export function foldObservation(
  progress: Progress,
  desired: readonly Resource[],
  observed: Observed,
  nowMs: number,
): Progress {
  const units = unitsByResource(observed)
  const readySince: Record<ResourceId, number> = {}
  const advanced = { ...progress.advanced }
  const failures = { ...progress.failures }
  for (const resource of desired) {
    const unit = units.get(resource.id)
    if (unit === undefined) continue
    const state = readiness(resource, unit)
    if (state.ready) readySince[resource.id] = progress.readySince[resource.id] ?? nowMs
    const before = advanced[resource.id]
    if (before === undefined || state.readyCount > before.count) {
      advanced[resource.id] = { count: state.readyCount, atMs: nowMs }
    }
    const written = writtenAt(progress, resource.id)
    if (written !== undefined) {
      const known = new Set(failures[resource.id] ?? [])
      for (const instance of state.failed) {
        if (instance.sinceMs >= written.intentAtMs) known.add(instance.nativeId)
      }
      if (known.size > 0) failures[resource.id] = [...known].sort()
    }
  }
  return { ...progress, writes: confirmWrites(progress, observed, nowMs), readySince, advanced, failures }
}

/** A write whose answer was lost is done once its intent is seen. */
function confirmWrites(progress: Progress, observed: Observed, nowMs: number): Progress['writes'] {
  const intents = new Map(observed.resources.map((resource) => [resource.id, resource.intent]))
  return Object.fromEntries(
    Object.entries(progress.writes).map(([id, fact]) => {
      const seen = fact.doneAtMs === undefined && fact.intent !== undefined && intents.get(fact.resource) === fact.intent
      return [id, seen ? { ...fact, doneAtMs: nowMs } : fact]
    }),
  )
}
