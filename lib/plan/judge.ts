/** Whether a deployment has failed: its own budget, the cluster's verdict, a job's end (DESIGN §2.3, ruling A2). Pure. */
import type { Code } from '../core/codes.ts'
import type { AppSpec } from '../model/unit.ts'
import type { Observed, ObservedInstance } from '../model/observed.ts'
import { type Resource, resourceLabel } from '../model/resource.ts'
import { unitsByResource, writtenAt } from './fold.ts'
import { readySteps } from './order.ts'
import type { Progress } from './progress.ts'
import { readiness } from './readiness.ts'
import type { Step, WaitStep } from './step.ts'

export interface Failure {
  readonly code: Code
  readonly unit?: string
  readonly message: string
}

export interface JudgeInput {
  readonly spec: AppSpec
  readonly desired: readonly Resource[]
  readonly steps: readonly Step[]
  readonly observed: Observed
  readonly progress: Progress
  readonly nowMs: number
}

export function judge(input: JudgeInput): Failure | undefined {
  for (const [job, fact] of Object.entries(input.progress.runs)) {
    // On the way back no job counts any more: one that failed may be the very reason (ruling E2).
    if (fact.state !== 'failed' || input.progress.direction !== 'forward') continue
    const why =
      fact.reason ?? (fact.exitCode === undefined ? 'it failed' : `it ended with exit status ${fact.exitCode}`)
    return { code: 'deployment-failed', unit: job, message: `job ${job}: ${why}` }
  }
  // A wait that itself waits for a gate, a job or a write has no budget yet.
  for (const step of readySteps(input.steps)) {
    if (step.kind !== 'wait') continue
    const failure = judgeWait(step, input)
    if (failure !== undefined) return failure
  }
  return undefined
}

function judgeWait(step: WaitStep, input: JudgeInput): Failure | undefined {
  const { condition, budget } = step
  if (condition.kind === 'runEnded' || budget === undefined) return undefined
  const resource = input.desired.find((candidate) => candidate.id === condition.resource)
  const unit = unitsByResource(input.observed).get(condition.resource)
  if (resource === undefined) return undefined
  const written = writtenAt(input.progress, resource.id)
  const name = step.unit ?? resourceLabel(resource.id)
  const fail = (message: string): Failure => ({ code: 'deployment-failed', unit: name, message: `${name}: ${message}` })
  const state = readiness(resource, unit)

  if (unit?.rollout?.state === 'stopped') {
    const started = written?.rollout === undefined || written.rollout === unit.rollout.id
    if (started)
      return fail(`the rollout stopped: ${unit.rollout.reason ?? 'the cluster gave no reason'}${lastEnd(state.failed)}`)
  }
  const failures = input.progress.failures[resource.id] ?? []
  if (failures.length >= budget.crashLoops) {
    return fail(`${failures.length} new instances failed${lastEnd(state.failed)}`)
  }
  const deadline = waitDeadlineMs(step, input.progress)
  if (deadline !== undefined && input.nowMs >= deadline && !state.ready) {
    const waited = `${budget.firstReadyWithinMs / 1000} s`
    const seen = unit?.instances.find((instance) => instance.wanted && instance.reason !== undefined)
    return fail(
      `${state.readyCount} of ${state.wantedCount} ready, and none more within ${waited}` +
        (seen?.reason === undefined ? '' : `; an instance says: ${seen.reason}`),
    )
  }
  return undefined
}

/** When the budget of a wait is spent: `firstReadyWithin` after the write, or after the last instance that became ready. */
export function waitDeadlineMs(step: WaitStep, progress: Progress): number | undefined {
  if (step.budget === undefined || step.condition.kind === 'runEnded') return undefined
  const written = writtenAt(progress, step.condition.resource)
  // A wait for something this deployment did not write is measured from when nothing else kept it.
  const since = written === undefined ? progress.waiting[step.id] : written.doneAtMs
  if (since === undefined) return undefined
  const advanced = progress.advanced[step.condition.resource]
  return (
    Math.max(since, advanced !== undefined && advanced.count > 0 ? advanced.atMs : 0) + step.budget.firstReadyWithinMs
  )
}

/** What the newest of the failed instances says of its end. */
function lastEnd(failed: readonly ObservedInstance[]): string {
  const last = [...failed].sort((a, b) => a.sinceMs - b.sinceMs).at(-1)
  return last === undefined ? '' : `; the last: ${describeEnd(last)}`
}

const describeEnd = (instance: ObservedInstance): string =>
  [instance.exitCode === undefined ? undefined : `exit status ${instance.exitCode}`, instance.reason]
    .filter((part) => part !== undefined)
    .join(', ') || 'no reason given'

/** When something may change by time alone, so that the next tick comes no later (ruling A4). */
export function nextTimeMs(input: JudgeInput, pollMs: number): number {
  let next = input.nowMs + pollMs
  const consider = (atMs: number | undefined): void => {
    // What lies behind decides nothing any more.
    if (atMs !== undefined && atMs > input.nowMs) next = Math.min(next, atMs)
  }
  for (const step of readySteps(input.steps)) {
    if (step.kind !== 'wait') continue
    consider(waitDeadlineMs(step, input.progress))
    if (step.condition.kind !== 'ready') continue
    const since = input.progress.readySince[step.condition.resource]
    if (since !== undefined) consider(since + step.condition.settleMs)
  }
  return next
}
