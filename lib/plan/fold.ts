/** Folds what is observed now into the progress of a deployment: since when ready, how far, what failed. Pure. */
import type { Observed, ObservedResource, ObservedUnit } from '../model/observed.ts'
import type { Resource, ResourceId } from '../model/resource.ts'
import type { Progress, WriteFact } from './progress.ts'
import { readiness } from './readiness.ts'

export const unitsByResource = (observed: Observed): ReadonlyMap<ResourceId, ObservedUnit> =>
  new Map(observed.units.map((unit) => [unit.resource, unit]))

/** The last write of the resource in any direction, and by the deployment before too. */
export function lastWrite(progress: Progress, resource: ResourceId): WriteFact | undefined {
  let latest: WriteFact | undefined
  for (const fact of Object.values(progress.writes)) {
    if (fact.resource === resource && (latest === undefined || fact.intentAtMs >= latest.intentAtMs)) latest = fact
  }
  return latest
}

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
    if (written?.doneAtMs !== undefined) {
      const known = new Set(failures[resource.id] ?? [])
      const before = new Set(written.failedBefore ?? [])
      for (const instance of state.failed) if (!before.has(instance.nativeId)) known.add(instance.nativeId)
      if (known.size > 0) failures[resource.id] = [...known].sort()
    }
  }
  return { ...progress, writes: confirmWrites(progress, observed, nowMs), readySince, advanced, failures }
}

/** A write whose answer was lost is done once its intent is seen; and what was once seen is settled (ruling D2). */
function confirmWrites(progress: Progress, observed: Observed, nowMs: number): Progress['writes'] {
  const resources = new Map(observed.resources.map((resource) => [resource.id, resource]))
  return Object.fromEntries(
    Object.entries(progress.writes).map(([id, fact]) => {
      const there = resources.get(fact.resource)
      const done = fact.doneAtMs ?? (fact.intent !== undefined && there?.intent === fact.intent ? nowMs : undefined)
      if (done === undefined) return [id, fact]
      const seen = fact.seenAtMs ?? (shows(fact, there) ? nowMs : undefined)
      return [id, { ...fact, doneAtMs: done, ...(seen === undefined ? {} : { seenAtMs: seen }) }]
    }),
  )
}

/** Whether an observation is not older than a write's result. */
export function shows(fact: WriteFact, there: ObservedResource | undefined): boolean {
  if (fact.intent === undefined) return there === undefined
  if (there === undefined) return false
  if (fact.nativeId !== undefined && there.nativeId !== fact.nativeId) return false
  return fact.version === undefined || !isOlder(there.version, fact.version)
}

/** Whether a native version is older than another; versions that are no numbers cannot be compared. */
export function isOlder(version: string | undefined, than: string): boolean {
  const [a, b] = [Number(version), Number(than)]
  return Number.isFinite(a) && Number.isFinite(b) && a < b
}
