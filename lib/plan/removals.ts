/** What left the manifest: pruned after success, by the identity map alone; data is kept unless named (ruling D6). */
import { resourceLabel, type ResourceId } from '../model/resource.ts'
import { writeId } from './ids.ts'
import type { PlanContext, PlanInput } from './context.ts'
import type { StepId, WriteStep } from './step.ts'

export function removalSteps(
  input: PlanInput,
  context: PlanContext,
  before: readonly StepId[],
): { readonly steps: readonly WriteStep[]; readonly kept: readonly ResourceId[] } {
  const desired = new Set(input.desired.map((resource) => resource.id))
  const steps: WriteStep[] = []
  const kept: ResourceId[] = []
  for (const [id, entry] of Object.entries(input.identity).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (desired.has(id)) continue
    if (entry.holdsData && !input.deleteData.has(id)) {
      if (context.observedOf(id) !== undefined) kept.push(id)
      continue
    }
    steps.push({
      kind: 'write',
      id: writeId(input.progress.direction, id, 'remove'),
      after: [],
      title: `remove ${entry.kind} ${resourceLabel(id)}`,
      ...(entry.unit === undefined ? {} : { unit: entry.unit }),
      action: 'remove',
      resource: id,
      resourceKind: entry.kind,
      name: entry.name,
      differences: [],
      because: 'unwanted',
      replacesInstances: false,
    })
  }
  // What runs goes before what it uses.
  const runs = (step: WriteStep): boolean => input.kinds[step.resourceKind]?.runs ?? false
  const running = steps.filter(runs).map((step) => step.id)
  return { steps: steps.map((step) => ({ ...step, after: runs(step) ? before : [...before, ...running] })), kept }
}
