/** Whether a deployment has failed: its own budget, the cluster's verdict, a job's end (DESIGN §2.3, ruling A2). Pure. */
import type { Code } from '../core/codes.ts'
import type { AppSpec } from '../model/unit.ts'
import type { Observed } from '../model/observed.ts'
import type { Resource } from '../model/resource.ts'
import { unitsByResource, writtenAt } from './fold.ts'
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
    if (fact.state !== 'failed') continue
    const why = fact.reason ?? (fact.exitCode === undefined ? 'it failed' : `it ended with exit status ${fact.exitCode}`)
    return { code: 'deployment-failed', unit: job, message: `job ${job}: ${why}` }
  }
  for (const step of input.steps) {
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
  const name = step.unit ?? resource.name
  const fail = (message: string): Failure => ({ code: 'deployment-failed', unit: name, message: `${name}: ${message}` })
  const state = readiness(resource, unit)

  if (written !== undefined && unit?.rollout?.state === 'stopped') {
    const started = written.rollout === undefined || written.rollout === unit.rollout.id
    if (started) return fail(`the rollout stopped: ${unit.rollout.reason ?? 'the cluster gave no reason'}`)
  }
  const failures = input.progress.failures[resource.id] ?? []
  if (failures.length >= budget.crashLoops) {
    const last = state.failed.at(-1)
    return fail(`${failures.length} new instances failed${last === undefined ? '' : `; the last: ${describeEnd(last)}`}`)
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
  // A wait for something this deployment did not write is measured from the start.
  const since = written === undefined ? progress.startedAtMs : written.doneAtMs
  if (since === undefined) return undefined
  const advanced = progress.advanced[step.condition.resource]
  return Math.max(since, advanced !== undefined && advanced.count > 0 ? advanced.atMs : 0) + step.budget.firstReadyWithinMs
}

const describeEnd = (instance: { readonly exitCode?: number; readonly reason?: string }): string =>
  [instance.exitCode === undefined ? undefined : `exit status ${instance.exitCode}`, instance.reason]
    .filter((part) => part !== undefined)
    .join(', ') || 'no reason given'

/** When something may change by time alone, so that the next tick comes no later (ruling A4). */
export function nextTimeMs(input: JudgeInput, pollMs: number): number {
  let next = input.nowMs + pollMs
  for (const step of input.steps) {
    if (step.kind !== 'wait') continue
    const deadline = waitDeadlineMs(step, input.progress)
    if (deadline !== undefined) next = Math.min(next, Math.max(deadline, input.nowMs))
    if (step.condition.kind === 'ready') {
      const since = input.progress.readySince[step.condition.resource]
      if (since !== undefined) next = Math.min(next, Math.max(since + step.condition.settleMs, input.nowMs))
    }
  }
  return next
}

