/** What one pass works on, and what it answers. */
import type { AppKey } from '../model/app.ts'
import type { Observed } from '../model/observed.ts'
import type { Release } from '../model/release.ts'
import type { Resource } from '../model/resource.ts'
import type { PlanInput } from '../plan/context.ts'
import type { Plan } from '../plan/plan.ts'
import type { Progress } from '../plan/progress.ts'
import type { Lease, Stored } from '../store/store.ts'
import type { Deps } from './deps.ts'
import type { Prepared } from './prepare.ts'
import type { AppRecord, DeploymentRecord } from './records.ts'

export type TickResult = { readonly kind: 'done' } | { readonly kind: 'again'; readonly atMs: number }

/** What one pass says: look again at once, at a time, or not at all. */
export type PassResult = { readonly kind: 'progress' } | TickResult

/** Everything one pass works on. */
export interface Attempt {
  readonly deps: Deps
  readonly key: AppKey
  readonly lease: Lease
  readonly app: Stored<AppRecord>
  readonly deployment: Stored<DeploymentRecord>
  readonly release: Release
  readonly prepared: Prepared
  readonly desired: readonly Resource[]
  readonly observed: Observed
  readonly progress: Progress
  readonly planInput: PlanInput
  readonly plan: Plan
}
