/**
 * Steps: serialisable data, derived so that the same need always makes the same id (ruling A1).
 * Conditions are data, never closures.
 */
import type { Difference, ResourceId } from '../model/resource.ts'

export type StepId = string

interface StepBase {
  readonly id: StepId
  /** Steps of the same plan that must be finished before. */
  readonly after: readonly StepId[]
  /** One line for people: what, and why. */
  readonly title: string
  readonly unit?: string
}

export type WriteAction = 'create' | 'update' | 'replace' | 'remove' | 'adopt'

export interface WriteStep extends StepBase {
  readonly kind: 'write'
  readonly action: WriteAction
  readonly resource: ResourceId
  readonly resourceKind: string
  readonly name: string
  /** Intent of the body to be written; absent for `remove`. */
  readonly intent?: string
  readonly differences: readonly Difference[]
  /** `drift` when only somebody else's hand made it necessary. */
  readonly because: 'new' | 'changed' | 'drift' | 'scaled' | 'restarted' | 'unwanted' | 'stopped'
  /** Whether instances are replaced by it. */
  readonly replacesInstances: boolean
}

/** Starts one run of a job. Its run id derives from the deployment and the job, so a retry is the same run (ruling D19). */
export interface RunStep extends StepBase {
  readonly kind: 'run'
  readonly job: string
}

export type Condition =
  | { readonly kind: 'ready'; readonly resource: ResourceId; readonly settleMs: number }
  | { readonly kind: 'started'; readonly resource: ResourceId }
  | { readonly kind: 'runEnded'; readonly job: string }

export interface WaitStep extends StepBase {
  readonly kind: 'wait'
  readonly condition: Condition
  /** The unit's own budget; the deployment fails when it is spent. */
  readonly budget?: { readonly firstReadyWithinMs: number; readonly crashLoops: number }
}

export type Gate = { readonly kind: 'approval' }

export interface GateStep extends StepBase {
  readonly kind: 'gate'
  readonly gate: Gate
}

/** Runs the job that proves the release, after everything else is ready; its failure rolls back. */
export interface VerifyStep extends StepBase {
  readonly kind: 'verify'
  readonly job: string
}

export type Step = WriteStep | RunStep | WaitStep | GateStep | VerifyStep
