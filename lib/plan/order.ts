/** Orders over steps. */
import type { Progress } from './progress.ts'
import type { Step, StepId } from './step.ts'

/** Sorts steps so that each stands after those it waits for, otherwise as they came. */
export function sortSteps(steps: readonly Step[]): Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]))
  const done = new Set<StepId>()
  const sorted: Step[] = []
  const visit = (step: Step, path: ReadonlySet<StepId>): void => {
    if (done.has(step.id) || path.has(step.id)) return
    const deeper = new Set(path).add(step.id)
    for (const id of step.after) {
      const before = byId.get(id)
      if (before !== undefined) visit(before, deeper)
    }
    if (!done.has(step.id)) {
      done.add(step.id)
      sorted.push(step)
    }
  }
  for (const step of steps) visit(step, new Set())
  return sorted
}

/** Since when each wait has been kept by nothing but its own condition. */
export function noteWaiting(waiting: Progress['waiting'], steps: readonly Step[], nowMs: number): Progress['waiting'] {
  const waits = readySteps(steps).filter((step) => step.kind === 'wait')
  return Object.fromEntries(waits.map(({ id }) => [id, waiting[id] ?? nowMs]))
}

/** The steps that may run now: nothing they wait for is left in the plan. */
export function readySteps(steps: readonly Step[]): readonly Step[] {
  const pending = new Set(steps.map((step) => step.id))
  return steps.filter((step) => !step.after.some((id) => pending.has(id)))
}
