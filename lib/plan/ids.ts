/** Step ids derive from what the step is for, so that the same need always has the same id (rulings A1, A6). */
import { shortHash } from '../core/hash.ts'
import type { ResourceId } from '../model/resource.ts'
import type { Progress } from './progress.ts'
import type { Condition, StepId } from './step.ts'

type Direction = Progress['direction']

/** `intent` is `remove` where the resource goes. */
export const writeId = (direction: Direction, resource: ResourceId, intent: string): StepId =>
  `w-${shortHash(['write', direction, resource, intent])}`

export const waitId = (direction: Direction, condition: Condition, intent: string): StepId =>
  `t-${shortHash(['wait', direction, { ...condition, settleMs: 0 }, intent])}`

export const runId = (job: string): StepId => `r-${shortHash(['run', job])}`
export const verifyId = (job: string): StepId => `v-${shortHash(['verify', job])}`
export const approvalId = (releaseHash: string): StepId => `g-${shortHash(['approval', releaseHash])}`
