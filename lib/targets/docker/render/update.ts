/** How swarm replaces instances. It detects and stops; rolling back is Escale's (ruling A2). */
import type { JsonObject } from '../../../core/hash.ts'
import type { CountOrPercent, ServiceUnit } from '../../../model/unit.ts'

const nanosPerMs = 1_000_000

/** Swarm takes an address out of DNS this long before it signals (ruling C4, measured). */
const dnsDrainMs = 2_000

export interface UpdateInput {
  readonly unit: ServiceUnit
  readonly count: number
  readonly stopGraceMs: number
}

const resolve = (value: CountOrPercent, count: number, round: (value: number) => number): number =>
  'count' in value ? value.count : round((value.percent * count) / 100)

/** Whether a new instance may run beside the one it replaces. */
export function mayOverlap(unit: ServiceUnit, singleVolumes: ReadonlySet<string>): boolean {
  if (unit.mode !== 'replicated') return false
  // A second task on the machine would wait for the port for ever (ruling C4).
  if (unit.publish.length > 0) return false
  return !unit.main.mounts.some(
    (mount) => mount.kind === 'volume' && !mount.readOnly && singleVolumes.has(mount.volume),
  )
}

export function updateConfig({ unit, count, stopGraceMs }: UpdateInput, overlap: boolean): JsonObject {
  const { strategy, rolling, failFast } = unit.update
  const monitorMs = Math.max(failFast.firstReadyWithinMs, rolling.settleMs)
  const common = { FailureAction: 'pause', MaxFailureRatio: 0, Monitor: monitorMs * nanosPerMs }
  if (strategy === 'recreate') return { UpdateConfig: { ...common, Parallelism: 0, Delay: 0, Order: 'stop-first' } }
  // Percentages as on Kubernetes: the surge rounds up, what may be missing rounds down.
  const surge = resolve(rolling.maxSurge, count, Math.ceil)
  const missing = resolve(rolling.maxUnavailable, count, Math.floor)
  const startFirst = overlap && surge > 0
  return {
    UpdateConfig: {
      ...common,
      Parallelism: Math.max(1, startFirst ? surge : missing),
      // The next batch begins when the one before is wholly gone, so that never more than count + surge answer (ruling C4).
      Delay: (startFirst ? Math.max(dnsDrainMs + stopGraceMs, rolling.settleMs) : rolling.settleMs) * nanosPerMs,
      Order: startFirst ? 'start-first' : 'stop-first',
    },
  }
}
