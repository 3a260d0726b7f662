/** A secret that changes outside a release starts one, so that the new version reaches its users (MANIFEST, "Change"). */
import { randomId } from '../core/ids.ts'
import type { AppKey } from '../model/app.ts'
import type { Release } from '../model/release.ts'
import { ensureSecrets } from '../vault/ensure.ts'
import type { Actor } from './actor.ts'
import { beginDeployment } from './begin.ts'
import { releaseHash } from './candidate.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { findApp, json, needRelease } from './load.ts'
import { addresses, type DeploymentRecord } from './records.ts'

/** Answers the deployment it started; undefined where nothing that stands uses a secret that changed. */
export async function rolloutSecrets(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  reason: string,
): Promise<DeploymentRecord | undefined> {
  const app = (await findApp(deps, key))?.value
  if (app?.current === undefined || app.removedAtMs !== undefined) return undefined
  const release = await needRelease(deps, key, app.current)
  const { versions, problems } = await ensureSecrets({
    vault: deps.vault,
    app: key,
    secrets: release.spec.secrets,
    random: deps.random,
    sources: deps.sources,
  })
  // A secret that is missing elsewhere is the next deployment's business, not this one's.
  if (problems.some((item) => item.severity === 'error')) return undefined
  const changed = Object.entries(versions).some(([name, version]) => release.secretVersions[name] !== version)
  if (!changed) return undefined
  const number = app.lastReleaseNumber + 1
  const next: Release = {
    ...release,
    id: randomId('rel', deps.random),
    number,
    secretVersions: versions,
    author: actor.subject,
    createdAtMs: deps.clock.nowMs(),
    hash: releaseHash(release.cluster, release.spec, versions),
    note: reason,
  }
  const deployment = await beginDeployment(deps, actor, {
    key,
    kind: 'deploy',
    cluster: release.cluster,
    release: number,
    gated: false,
    runtime: (now) => now,
    appChange: { lastReleaseNumber: number },
    more: [{ put: addresses.release(key, number), value: json(next), ifAbsent: true }],
    note: reason,
  })
  await recordAppEvents(deps, key, [
    {
      type: 'release.created',
      about: `release ${number}`,
      actor: actor.subject,
      reason,
      data: { number, hash: next.hash },
    },
  ])
  return deployment
}
