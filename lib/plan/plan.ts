/**
 * The plan: what is left to do to make the desired resources true, given what is observed and what this
 * deployment has done so far. Pure and level-triggered: a step that is done is simply no longer needed,
 * so a crash at any point costs nothing (DESIGN §5, ruling A1).
 */
import type { Problem } from '../core/problems.ts'
import type { ResourceId } from '../model/resource.ts'
import { PlanContext, type PlanInput } from './context.ts'
import { dependencySteps } from './dependencies.ts'
import { sortSteps } from './order.ts'
import { removalSteps } from './removals.ts'
import type { Step, StepId, WriteStep } from './step.ts'
import { writeFor } from './writes.ts'

export interface Plan {
  /** In an order that respects `after`. */
  readonly steps: readonly Step[]
  /** Waits that hold now; they stay met from here on. */
  readonly met: readonly StepId[]
  /** Data that left the manifest and is kept. */
  readonly kept: readonly ResourceId[]
  /** Written a moment ago and not yet visible: never planned upon (ruling D2). */
  readonly settling: readonly ResourceId[]
  readonly problems: readonly Problem[]
}

export function makePlan(input: PlanInput): Plan {
  const context = new PlanContext(input)
  const problems: Problem[] = []
  const writes = new Map<ResourceId, WriteStep>()
  const settling: ResourceId[] = []

  for (const resource of input.desired) {
    const observed = context.observedOf(resource.id)
    if (context.isSettling(resource.id, observed)) {
      settling.push(resource.id)
      continue
    }
    const write = writeFor(resource, observed, context)
    if (write === undefined) continue
    if (write.kind === 'refused') problems.push(write.problem)
    else writes.set(resource.id, write)
  }

  const dependencies = dependencySteps(input, context, writes)
  const removals = removalSteps(
    input,
    context,
    dependencies.steps.map((step) => step.id),
  )
  return {
    steps: sortSteps([...dependencies.steps, ...removals.steps]),
    met: dependencies.met,
    kept: removals.kept,
    settling,
    problems,
  }
}
