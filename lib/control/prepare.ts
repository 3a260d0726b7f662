/** Renders a release for its cluster: what plan, preflight, status and the tick start from. */
import { keyedHash, shortHash } from '../core/hash.ts'
import type { AppKey, Site } from '../model/app.ts'
import type { Release, RuntimeState } from '../model/release.ts'
import { type AppSpec, jobUnits } from '../model/unit.ts'
import type { IdentityMap, RenderInput, Target } from '../targets/target.ts'
import type { Deps } from './deps.ts'
import { findProject } from './load.ts'

export interface Prepared {
  readonly target: Target
  readonly site: Site
  readonly input: RenderInput
}

export async function prepare(
  deps: Deps,
  key: AppKey,
  release: Release,
  runtime: RuntimeState,
  identity: IdentityMap,
): Promise<Prepared> {
  const target = await deps.target(release.cluster)
  const installKey = await deps.vault.installKey()
  const project = await findProject(deps, key.project)
  const site: Site = { installId: deps.installId, cluster: release.cluster }
  const input: RenderInput = {
    site,
    release: { ...release, spec: target.adapt(release.spec) },
    runtime,
    capabilities: await target.capabilities(),
    identity,
    grants: project?.value.grants ?? [],
    keyedHash: (value) => keyedHash(installKey, value),
  }
  return { target, site, input }
}

/** Jobs of an adapted spec that differ from those of another; all of them where there is none to compare with. */
export function changedJobs(spec: AppSpec, before: AppSpec | undefined): ReadonlySet<string> {
  const hashes = new Map(before === undefined ? [] : jobUnits(before).map((job) => [job.name, shortHash(job)]))
  return new Set(
    jobUnits(spec)
      .filter((job) => hashes.get(job.name) !== shortHash(job))
      .map((job) => job.name),
  )
}
