/** From a request to a release that could be made: everything is read, resolved and checked, nothing is written. */
import { EscaleError, problem } from '../core/errors.ts'
import { sha256Hex, shortHash } from '../core/hash.ts'
import { hasErrors, type Problem } from '../core/problems.ts'
import { type AppKey, appKeyText, defaultEnvironment } from '../model/app.ts'
import type { Leaf } from '../model/leaf.ts'
import type { AppSpec } from '../model/unit.ts'
import { containersOf } from '../model/unit.ts'
import { memoryReader } from '../manifest/files.ts'
import { lowerManifest } from '../manifest/lower.ts'
import { loadManifest } from '../manifest/resolve.ts'
import type { ImageFacts, RegistryAuth, Target } from '../targets/target.ts'
import { ensureSecrets } from '../vault/ensure.ts'
import { pick, secretPath } from '../vault/secrets.ts'
import type { Deps } from './deps.ts'
import { withListens } from './listens.ts'
import { findApp } from './load.ts'
import type { AppRecord, ClusterRecord } from './records.ts'
import type { Stored } from '../store/store.ts'

export interface ManifestRequest {
  readonly manifest: string
  /** What the manifest names by `path:`, by relative path. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Tar archives of build contexts, by the context's path. */
  readonly contexts?: Readonly<Record<string, Uint8Array>>
  readonly environment?: string
  readonly params: Readonly<Record<string, string>>
  readonly cluster?: string
}

export interface CandidateRequest extends ManifestRequest {
  readonly project: string
  /** The app that access was judged for; a manifest of another name is refused. */
  readonly app?: string
}

export interface Candidate {
  readonly key: AppKey
  readonly cluster: string
  readonly target: Target
  readonly app: Stored<AppRecord> | undefined
  readonly manifest: string
  readonly spec: AppSpec
  readonly leaves: readonly Leaf[]
  readonly secretVersions: Readonly<Record<string, string>>
  /** Secrets that a deployment would make a new version of. */
  readonly pendingSecrets: readonly string[]
  readonly hash: string
  readonly problems: readonly Problem[]
}

export type Candidacy =
  | { readonly ok: true; readonly candidate: Candidate; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export interface CandidateOptions {
  /** Writes nothing, not even secrets that are to be generated. */
  readonly dryRun: boolean
}

export async function candidateOf(
  deps: Deps,
  request: CandidateRequest,
  options: CandidateOptions,
): Promise<Candidacy> {
  const resolved = loadManifest(request.manifest, {
    ...(overlayOf(request) === undefined ? {} : { environment: overlayOf(request)! }),
    params: request.params,
    files: memoryReader(request.files),
  })
  if (!resolved.ok) return resolved
  const problems: Problem[] = [...resolved.problems]
  const { metadata } = resolved.value.complete
  problems.push(...mismatches(request, metadata))
  const key: AppKey = {
    project: request.project,
    app: metadata.name,
    environment: request.environment ?? defaultEnvironment,
  }
  const app = await findApp(deps, key)
  const cluster = await chooseCluster(deps, request.cluster ?? resolved.value.cluster, app?.value, problems)
  if (cluster === undefined) return { ok: false, problems }
  const target = await deps.target(cluster)
  if (hasErrors(problems)) return { ok: false, problems }

  const pinned = await withImages(
    deps,
    key,
    target,
    lowerManifest(resolved.value),
    request.contexts ?? {},
    options,
    problems,
  )
  if (hasErrors(problems)) return { ok: false, problems }
  const spec = await withListens(deps, key, cluster, pinned, options.dryRun)
  const secrets = await ensureSecrets({
    vault: deps.vault,
    app: key,
    secrets: spec.secrets,
    random: deps.random,
    sources: deps.sources,
    dryRun: options.dryRun || hasErrors(problems),
  })
  problems.push(...secrets.problems)
  if (hasErrors(problems)) return { ok: false, problems }
  const secretVersions = {
    ...secrets.versions,
    ...Object.fromEntries(secrets.pending.map((name) => [name, 'pending'])),
  }
  const candidate: Candidate = {
    key,
    cluster,
    target,
    app,
    manifest: request.manifest,
    spec,
    leaves: resolved.value.leaves,
    secretVersions,
    pendingSecrets: secrets.pending,
    hash: releaseHash(cluster, spec, secretVersions),
    problems,
  }
  return { ok: true, candidate, problems }
}

/** The environment `default` is the manifest without an overlay. */
export const overlayOf = ({ environment }: ManifestRequest): string | undefined =>
  environment === defaultEnvironment ? undefined : environment

export const releaseHash = (cluster: string, spec: AppSpec, secretVersions: Readonly<Record<string, string>>): string =>
  shortHash([cluster, spec, secretVersions], 26)

function mismatches(
  request: CandidateRequest,
  metadata: { readonly name: string; readonly project?: string | undefined },
): readonly Problem[] {
  const problems: Problem[] = []
  if (request.app !== undefined && request.app !== metadata.name) {
    problems.push(
      problem('app-mismatch', `the manifest is of app ${metadata.name}, the request of app ${request.app}`, {
        path: 'metadata.name',
        value: metadata.name,
        fix: `deploy to the app ${metadata.name}, or change metadata.name`,
      }),
    )
  }
  if (metadata.project !== undefined && metadata.project !== request.project) {
    problems.push(
      problem(
        'app-mismatch',
        `the manifest belongs to project ${metadata.project}, the request to project ${request.project}`,
        {
          path: 'metadata.project',
          value: metadata.project,
          fix: `use --project ${metadata.project}, or leave metadata.project out`,
        },
      ),
    )
  }
  return problems
}

/** Chosen by the request or the manifest, else where the app runs already, else the only one there is. */
async function chooseCluster(
  deps: Deps,
  named: string | undefined,
  app: AppRecord | undefined,
  problems: Problem[],
): Promise<string | undefined> {
  const clusters = (await deps.store.list<ClusterRecord>('cluster', 'all')).items.map((item) => item.value.name)
  const runsOn = app === undefined || app.removedAtMs !== undefined ? undefined : app.cluster
  if (named !== undefined && !clusters.includes(named)) {
    problems.push(
      problem('unknown-reference', `there is no cluster ${named}`, {
        path: 'cluster',
        value: named,
        allowed: clusters,
      }),
    )
    return undefined
  }
  if (named !== undefined && runsOn !== undefined && named !== runsOn) {
    problems.push(
      problem('cluster-changed', `${appKeyText(app!.key)} runs on ${runsOn} and cannot be deployed to ${named}`, {
        path: 'cluster',
        value: named,
        fix: `remove it from ${runsOn} first, or deploy it there`,
      }),
    )
    return undefined
  }
  const chosen = named ?? runsOn ?? (clusters.length === 1 ? clusters[0] : undefined)
  if (chosen === undefined) {
    problems.push(
      problem(
        'missing-key',
        clusters.length === 0 ? 'there is no cluster yet' : 'there are several clusters and none was chosen',
        {
          path: 'cluster',
          allowed: clusters,
          fix: clusters.length === 0 ? 'start one with `escale up`' : 'set `cluster:` in the manifest, or use --to',
        },
      ),
    )
  }
  return chosen
}

/** Pins every image and reads its configuration; builds those that are to be built. */
async function withImages(
  deps: Deps,
  key: AppKey,
  target: Target,
  spec: AppSpec,
  contexts: Readonly<Record<string, Uint8Array>>,
  options: CandidateOptions,
  problems: Problem[],
): Promise<AppSpec> {
  const facts = new Map<string, Pick<ImageFacts, 'pinned' | 'localId' | 'config'>>()
  const containers = spec.units.flatMap((unit) => containersOf(unit))
  const references = new Map(
    containers.flatMap(({ image, from }) =>
      image.reference === undefined || image.build !== undefined ? [] : [[image.reference, from]],
    ),
  )
  await Promise.all(
    [...references].map(async ([reference, from]) => {
      try {
        const auth = await registryAuth(deps, key, spec, reference)
        const found = await target.resolveImage(reference, auth, AbortSignal.timeout(deps.settings.callDeadlineMs))
        facts.set(reference, found)
      } catch (error) {
        if (!(error instanceof EscaleError)) throw error
        problems.push(
          ...error.problems.map((item) => ({
            ...item,
            path: item.path ?? `${from}.image`,
            value: item.value ?? reference,
          })),
        )
      }
    }),
  )
  const builds = new Map(
    containers.flatMap(({ image, from }) =>
      image.build === undefined ? [] : [[shortHash(image.build), { image, from, build: image.build }] as const],
    ),
  )
  for (const [hash, { image, from, build }] of builds) {
    if (target.builder === undefined) {
      problems.push(
        problem('backend-cannot', `cluster of kind ${target.kind} cannot build images`, {
          path: `${from}.build`,
          fix: 'build and push the image elsewhere and name it by `image`',
        }),
      )
      continue
    }
    const context = contexts[build.context]
    if (context === undefined) {
      problems.push(
        problem('file-missing', `the build context ${build.context} did not come with the request`, {
          path: `${from}.build.context`,
          value: build.context,
        }),
      )
      continue
    }
    if (options.dryRun) {
      // The plan names the context by its content: the same content is the same image.
      facts.set(hash, { pinned: `build:${shortHash([build, sha256Hex(context)])}` })
      continue
    }
    const name = image.reference ?? `${key.project}/${key.app}`
    facts.set(
      hash,
      await target.builder.build({ name, build, context, signal: AbortSignal.timeout(deps.settings.buildDeadlineMs) }),
    )
  }
  const pin = <T extends { readonly image: AppSpec['units'][number]['main']['image'] }>(container: T): T => {
    const { image } = container
    const fact = facts.get(image.build === undefined ? (image.reference ?? '') : shortHash(image.build))
    if (fact === undefined) return container
    const known = {
      ...(fact.pinned === undefined ? {} : { pinned: fact.pinned }),
      ...(fact.localId === undefined ? {} : { localId: fact.localId }),
      ...(fact.config === undefined ? {} : { config: fact.config }),
    }
    return { ...container, image: { ...image, ...known } }
  }
  return {
    ...spec,
    units: spec.units.map((unit) => ({
      ...unit,
      main: pin(unit.main),
      sidecars: unit.sidecars.map(pin),
      init: unit.init.map(pin),
    })),
  }
}

async function registryAuth(
  deps: Deps,
  key: AppKey,
  spec: AppSpec,
  reference: string,
): Promise<RegistryAuth | undefined> {
  const host =
    reference.includes('/') && /[.:]|^localhost$/.test(reference.split('/')[0]!)
      ? reference.split('/')[0]!
      : 'docker.io'
  const entry = spec.registries[host]
  if (entry === undefined) return undefined
  const found = await deps.vault.read(secretPath(key, entry.password.secret))
  const data = found === undefined ? undefined : pick(found.value, entry.password.key)
  if (data === undefined) {
    throw new EscaleError('secret-missing', `the password for registry ${host} has no value yet`, {
      problems: [
        problem(
          'secret-missing',
          `secret ${entry.password.secret}, the password for registry ${host}, has no value yet`,
          {
            path: `registries.${JSON.stringify(host)}.password`,
            fix: `escale secrets set ${entry.password.secret}`,
          },
        ),
      ],
    })
  }
  return { username: entry.username, password: new TextDecoder().decode(data) }
}
