/** What a pinned plan holds fast: release, runtime state, each resource as it is, and the steps (ruling A6). */
import { shortHash } from '../core/hash.ts'
import type { RuntimeState } from '../model/release.ts'
import type { PlanInput } from './context.ts'
import type { Plan } from './plan.ts'

export function fingerprint(input: PlanInput, plan: Plan, runtime: RuntimeState): string {
  const observed = new Map(input.observed.resources.map((resource) => [resource.id, resource]))
  const desired = [...input.desired].sort((a, b) => (a.id < b.id ? -1 : 1))
  const resources = desired.map((resource) => {
    const there = observed.get(resource.id)
    if (there === undefined) return [resource.id, resource.intent]
    const rules = input.kinds[resource.kind]
    // Only what we own counts: ids, marks and the leaves we sent; never an autoscaler's number.
    const differences = (rules?.differences(resource, there.actual) ?? []).map((difference) => [
      difference.path,
      difference.actual ?? null,
    ])
    return [resource.id, resource.intent, there.nativeId, there.intent ?? null, differences]
  })
  // Whether something is ready moves by itself, and with it what is waited for: that is no deed of the plan.
  const deeds = plan.steps
    .filter((step) => step.kind !== 'wait')
    .map((step) => step.id)
    .sort()
  return `plan_${shortHash([input.releaseHash, runtime, resources, deeds], 26)}`
}
