/** Judges what was observed of one running resource. */
import type { ObservedInstance, ObservedUnit } from '../model/observed.ts'
import type { Resource } from '../model/resource.ts'

export interface Readiness {
  /** Every wanted instance is of the current template and ready, in the number asked for, and no rollout is under way. */
  readonly ready: boolean
  /** Every wanted instance runs, ready or not. */
  readonly started: boolean
  /** Ready instances of the current template. */
  readonly readyCount: number
  readonly wantedCount: number
  /** Instances of the current template that ended badly. */
  readonly failed: readonly ObservedInstance[]
}

const isCurrent = (instance: ObservedInstance, resource: Resource): boolean =>
  instance.template === undefined || instance.template === resource.template

const isRunning = (instance: ObservedInstance): boolean =>
  instance.state === 'starting' || instance.state === 'ready' || instance.state === 'unready'

const stillThere = (instance: ObservedInstance): boolean => isRunning(instance) || instance.state === 'stopping'

export function readiness(resource: Resource, unit: ObservedUnit | undefined): Readiness {
  if (unit === undefined) return { ready: false, started: false, readyCount: 0, wantedCount: 0, failed: [] }
  const wanted = unit.instances.filter((instance) => instance.wanted)
  const current = wanted.filter((instance) => isCurrent(instance, resource))
  const readyCount = current.filter((instance) => instance.state === 'ready').length
  const asked = unit.desired ?? wanted.length
  const failed = unit.instances.filter((instance) => instance.state === 'failed' && isCurrent(instance, resource))
  const settled = unit.rollout === undefined || unit.rollout.state === 'completed'
  if (asked === 0) {
    const gone = !unit.instances.some(stillThere)
    return { ready: gone && settled, started: gone, readyCount, wantedCount: 0, failed: [] }
  }
  return {
    ready: settled && readyCount >= asked && current.length === wanted.length,
    started: current.filter(isRunning).length >= asked,
    readyCount,
    wantedCount: asked,
    failed,
  }
}
