/** Progress: the journal of one deployment, folded into facts. */
import type { ResourceId } from '../model/resource.ts'
import type { StepId } from './step.ts'

export interface WriteFact {
  readonly resource: ResourceId
  /** `before`: written by the deployment this one took over from; it counts for what may not be visible yet, for nothing else. */
  readonly direction: 'forward' | 'rollback' | 'before'
  /** How often the write was begun: a retry after a lost answer counts. */
  readonly attempts: number
  /** When the intent was journalled. */
  readonly intentAtMs: number
  readonly doneAtMs?: number
  /** Native id and version that the write's answer told: an older observation is `settling` (ruling D2). */
  readonly nativeId?: string
  readonly version?: string
  /** Intent that was written. */
  readonly intent?: string
  /** Native rollout that the write started. */
  readonly rollout?: string
  /** Instances that had failed before the write was begun: no fault of it, whatever the clocks say. */
  readonly failedBefore?: readonly string[]
  /** When an observation first showed the result. */
  readonly seenAtMs?: number
}

export interface RunFact {
  readonly state: 'running' | 'succeeded' | 'failed'
  /** Id of the run where it is not the deployment's own: the deployment it took over from had begun it. */
  readonly run?: string
  readonly startedAtMs: number
  readonly exitCode?: number
  readonly reason?: string
}

export interface Progress {
  /** `rollback` plans towards the last good release, with no gates and no jobs (ruling E2). */
  readonly direction: 'forward' | 'rollback'
  readonly startedAtMs: number
  /** When somebody last looked: time that nobody watched does not count against budgets. */
  readonly lookedAtMs: number
  readonly writes: Readonly<Record<StepId, WriteFact>>
  /** Approvals given, by gate step. */
  readonly approved: readonly StepId[]
  /** Runs of this deployment, by job. */
  readonly runs: Readonly<Record<string, RunFact>>
  /** Since when a resource has been wholly ready. */
  readonly readySince: Readonly<Record<ResourceId, number>>
  /** Ready instances of the new kind last seen, and when that number last grew: a stalled rollout is told by it. */
  readonly advanced: Readonly<Record<ResourceId, { readonly count: number; readonly atMs: number }>>
  /** Since when nothing but its own condition kept a wait. */
  readonly waiting: Readonly<Record<StepId, number>>
  /** Native instances seen failed since the resource was written. */
  readonly failures: Readonly<Record<ResourceId, readonly string[]>>
  /** Waits that were met once stay met: an instance that dies later is healing, not deploying. */
  readonly met: readonly StepId[]
}

export const freshProgress = (startedAtMs: number, direction: Progress['direction'] = 'forward'): Progress => ({
  direction,
  startedAtMs,
  lookedAtMs: startedAtMs,
  writes: {},
  approved: [],
  runs: {},
  readySince: {},
  advanced: {},
  waiting: {},
  failures: {},
  met: [],
})
