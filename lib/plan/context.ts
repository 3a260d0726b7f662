/** What planning starts from, and the lookups over it that several rules share. */
import type { Observed, ObservedResource } from '../model/observed.ts'
import type { Resource, ResourceId } from '../model/resource.ts'
import type { AppSpec } from '../model/unit.ts'
import type { IdentityMap, KindRules } from '../targets/target.ts'
import { isOlder, lastWrite, shows, unitsByResource } from './fold.ts'
import type { Progress } from './progress.ts'

export interface PlanInput {
  readonly spec: AppSpec
  /** Hash of the release, for the identity of its approval. */
  readonly releaseHash: string
  readonly desired: readonly Resource[]
  readonly observed: Observed
  readonly identity: IdentityMap
  readonly kinds: Readonly<Record<string, KindRules>>
  readonly progress: Progress
  /** Jobs that differ from those of the last good release. */
  readonly changedJobs: ReadonlySet<string>
  /** Data that may be removed because somebody named it. */
  readonly deleteData: ReadonlySet<ResourceId>
  /** Whether jobs, approvals and verification belong to it: yes for `deploy`, no for the other verbs (ruling E2). */
  readonly gated: boolean
  readonly nowMs: number
}

/** A write's result may be invisible for this long before it counts as undone by somebody. */
const settlingMs = 5 * 60_000

/** Lookups over the input that several rules share. */
export class PlanContext {
  readonly input: PlanInput
  readonly #observed: ReadonlyMap<ResourceId, ObservedResource>
  readonly units: ReturnType<typeof unitsByResource>

  constructor(input: PlanInput) {
    this.input = input
    this.#observed = new Map(input.observed.resources.map((resource) => [resource.id, resource]))
    this.units = unitsByResource(input.observed)
  }

  observedOf(id: ResourceId): ObservedResource | undefined {
    return this.#observed.get(id)
  }

  runs(resource: Resource): boolean {
    return this.input.kinds[resource.kind]?.runs ?? false
  }

  /** Written, and what is observed is older than that write's answer: not to be planned upon (ruling D2). */
  isSettling(id: ResourceId, observed: ObservedResource | undefined): boolean {
    const written = lastWrite(this.input.progress, id)
    if (written?.doneAtMs === undefined || this.input.nowMs - written.doneAtMs > settlingMs) return false
    // Once it was seen, only a version that is told to be older can still be stale.
    if (written.seenAtMs === undefined) return !shows(written, observed)
    return (
      written.version !== undefined &&
      observed?.nativeId === written.nativeId &&
      isOlder(observed?.version, written.version)
    )
  }
}
