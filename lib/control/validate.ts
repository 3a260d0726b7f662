/** Checks a manifest without touching anything: problems, the long form, and what a target would make of it. */
import type { Problem } from '../core/problems.ts'
import { shortHash } from '../core/hash.ts'
import type { LedgerRow } from '../model/ledger.ts'
import { defaultEnvironment, defaultProject } from '../model/app.ts'
import { freshRuntime, type Release } from '../model/release.ts'
import { memoryReader } from '../manifest/files.ts'
import { lowerManifest } from '../manifest/lower.ts'
import { printManifest } from '../manifest/print.ts'
import { loadManifest } from '../manifest/resolve.ts'
import { type ManifestRequest, overlayOf } from './candidate.ts'
import type { Deps } from './deps.ts'
import { findCluster } from './load.ts'
import { prepare } from './prepare.ts'

export interface ValidationView {
  readonly problems: readonly Problem[]
  /** The long form; absent where the text cannot be read. */
  readonly manifest?: string
  /** What the cluster would make of each field; empty where no cluster was named or known. */
  readonly ledger: readonly LedgerRow[]
}

export async function validateManifest(deps: Deps, request: ManifestRequest): Promise<ValidationView> {
  const resolved = loadManifest(request.manifest, {
    ...(overlayOf(request) === undefined ? {} : { environment: overlayOf(request)! }),
    params: request.params,
    files: memoryReader(request.files),
  })
  if (!resolved.ok) return { problems: resolved.problems, ledger: [] }
  const manifest = printManifest(resolved.value.manifest)
  const name = request.cluster ?? resolved.value.cluster
  const cluster = name === undefined ? undefined : await findCluster(deps, name)
  if (cluster === undefined) return { problems: resolved.problems, manifest, ledger: [] }
  const spec = lowerManifest(resolved.value)
  const key = { project: defaultProject, app: spec.name, environment: request.environment ?? defaultEnvironment }
  const release: Release = {
    id: 'none',
    number: 0,
    key,
    cluster: cluster.name,
    spec,
    manifest: request.manifest,
    leaves: resolved.value.leaves,
    secretVersions: {},
    author: 'validate',
    createdAtMs: 0,
    hash: shortHash(spec),
  }
  const { target, input } = await prepare(deps, key, release, freshRuntime, {})
  const rendered = target.render(input)
  return { problems: [...resolved.problems, ...rendered.problems], manifest, ledger: rendered.ledger }
}
