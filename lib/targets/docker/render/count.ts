/** How many instances: the release's number, under the runtime state that is merged over it (ruling A7). */
import { desiredCount, isStopped } from '../../../model/effective.ts'
import type { RuntimeState } from '../../../model/release.ts'
import type { ServiceUnit } from '../../../model/unit.ts'

export interface InstanceCount {
  /** Written when the service is made. */
  readonly native: number
  /** `min-max` where something else moves the number between the two, and only leaving it is drift. */
  readonly range: string | undefined
  readonly stopped: boolean
  /** Ordinals of a stateful unit: stopping keeps their services. */
  readonly ordinals: number
  /** What of the runtime state decides the count. */
  readonly cause: 'runtime.counts' | 'runtime.stopped' | undefined
}

export function instanceCount(unit: ServiceUnit, runtime: RuntimeState): InstanceCount {
  const stopped = isStopped(unit.name, runtime)
  const { min, max } = unit.scale
  const set = runtime.counts[unit.name]
  const setByHand = set !== undefined && set.over === min
  const moves = max > min && unit.mode === 'replicated' && !stopped && !setByHand
  return {
    native: desiredCount(unit, runtime),
    range: moves ? `${min}-${max}` : undefined,
    stopped,
    ordinals: desiredCount(unit, { ...runtime, stopped: [] }),
    cause: stopped ? 'runtime.stopped' : setByHand ? 'runtime.counts' : undefined,
  }
}

export function parseRange(text: string | undefined): { readonly min: number; readonly max: number } | undefined {
  const match = /^(\d+)-(\d+)$/.exec(text ?? '')
  return match === null ? undefined : { min: Number(match[1]), max: Number(match[2]) }
}
