/** What runtime state makes of a unit (ruling A7). Targets read counts and nonces here, never from the unit alone. */
import type { RuntimeState } from './release.ts'
import { type AppSpec, type ServiceUnit, serviceUnits } from './unit.ts'

export const isStopped = (unit: string, runtime: RuntimeState): boolean =>
  runtime.stopped.includes('*') || runtime.stopped.includes(unit)

/** Instances to ask for; for one per worker: 1, or 0 when stopped. A count set by hand holds until the manifest's own value changes. */
export function desiredCount(unit: ServiceUnit, runtime: RuntimeState): number {
  if (isStopped(unit.name, runtime)) return 0
  const set = runtime.counts[unit.name]
  return set !== undefined && set.over === unit.scale.min && unit.mode !== 'perNode' ? set.count : unit.scale.min
}

/** Grows with each `escale restart`; part of what makes instances new. */
export const restartNonce = (unit: string, runtime: RuntimeState): number =>
  (runtime.restarts[unit] ?? 0) + (runtime.restarts['*'] ?? 0)

/** What of it a release leaves standing: a count set over another value than the manifest's ends for good, and so does a stop of what is gone. */
export function heldRuntime(spec: AppSpec, runtime: RuntimeState): RuntimeState {
  const minimum = new Map(serviceUnits(spec).map((unit) => [unit.name, unit.scale.min]))
  const known = new Set(['*', ...spec.units.map((unit) => unit.name)])
  return {
    ...runtime,
    counts: Object.fromEntries(Object.entries(runtime.counts).filter(([name, set]) => minimum.get(name) === set.over)),
    stopped: runtime.stopped.filter((name) => known.has(name)),
  }
}
