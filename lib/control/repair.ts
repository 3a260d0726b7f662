/**
 * A call of ours may reach the cluster long after its tick lost the lease, and write the old over the new
 * (ruling A3). A lease's time after the last write nothing can be under way any more: then this looks once,
 * and undoes what only such a late write explains. What people changed by hand is shown and left alone.
 */
import type { AppKey } from '../model/app.ts'
import type { Observed, ObservedResource } from '../model/observed.ts'
import type { Resource, ResourceId } from '../model/resource.ts'
import type { WriteFact } from '../plan/progress.ts'
import type { Lease, Stored } from '../store/store.ts'
import type { IdentityEntry } from '../targets/target.ts'
import type { PassResult } from './attempt.ts'
import { beginDeployment } from './begin.ts'
import type { Deps } from './deps.ts'
import { findApp, findRelease, findRun, json } from './load.ts'
import { prepare } from './prepare.ts'
import { addresses, type AppRecord, type DeploymentRecord, type EndedRun } from './records.ts'
import { withoutUndefined } from './save.ts'

/** Deployments whose calls may still have been under way: more cannot have begun and ended within a lease's time, by far. */
const recentDeployments = 20

export async function passVerify(deps: Deps, key: AppKey, lease: Lease): Promise<PassResult> {
  const app = await findApp(deps, key)
  const atMs = app?.value.verifyAtMs
  if (app === undefined || atMs === undefined || app.value.active !== undefined) return { kind: 'done' }
  if (deps.clock.nowMs() < atMs) return { kind: 'again', atMs }
  const late = await lateWrites(deps, key, app.value)
  if (late.length > 0) await beginRepair(deps, key, app.value, late)
  else await forget(deps, lease, app)
  return { kind: 'progress' }
}

interface LateWrite {
  readonly resource: ResourceId
  /** Came to be though nothing wants it: it enters the identity map, so that the repair may remove it. */
  readonly stray?: IdentityEntry
}

async function lateWrites(deps: Deps, key: AppKey, app: AppRecord): Promise<readonly LateWrite[]> {
  const target = await deps.target(app.cluster)
  const site = { installId: deps.installId, cluster: app.cluster }
  const observed = await target.observe(site, key, app.identity, AbortSignal.timeout(deps.settings.callDeadlineMs))
  await collectStrayRuns(deps, key, observed)
  const release = app.current === undefined ? undefined : await findRelease(deps, key, app.current)
  if (release === undefined && app.removedAtMs === undefined) return []
  const desired =
    release === undefined
      ? []
      : target.render((await prepare(deps, key, release, app.runtime, app.identity)).input).resources
  return findLate(desired, observed, app, await recentWrites(deps, key))
}

/** Pure. Only what an older journal of ours had meant to write counts as ours. */
export function findLate(
  desired: readonly Resource[],
  observed: Observed,
  app: AppRecord,
  writes: readonly WriteFact[],
): readonly LateWrite[] {
  const meant = new Set(writes.map((fact) => `${fact.resource} ${fact.intent ?? 'removed'}`))
  const there = new Map(observed.resources.map((resource) => [resource.id, resource]))
  const wanted = new Set(desired.map((resource) => resource.id))
  const late: LateWrite[] = []
  for (const { id, intent } of desired) {
    const seen = there.get(id)
    const was = seen === undefined ? 'removed' : seen.intent
    if (was !== undefined && was !== intent && meant.has(`${id} ${was}`)) late.push({ resource: id })
  }
  for (const seen of observed.resources) {
    if (wanted.has(seen.id) || seen.id in app.identity || !meant.has(`${seen.id} ${seen.intent ?? ''}`)) continue
    late.push({ resource: seen.id, stray: strayEntry(seen) })
  }
  return late
}

/** Data is never removed as a side effect, not even data that came to be by mistake: it is listed as kept. */
const strayEntry = ({ id, kind, name, nativeId }: ObservedResource): IdentityEntry => ({
  kind,
  name,
  nativeId,
  holdsData: id.startsWith('volume/'),
})

async function recentWrites(deps: Deps, key: AppKey): Promise<readonly WriteFact[]> {
  const { collection, partition } = addresses.deployment(key, 0)
  const page = await deps.store.list<DeploymentRecord>(collection, partition, {
    reverse: true,
    limit: recentDeployments,
  })
  return page.items.flatMap((item) => Object.values(item.value.progress.writes))
}

/** A run that was started again after it had ended and been collected goes the way of ended runs. */
async function collectStrayRuns(deps: Deps, key: AppKey, observed: Observed): Promise<void> {
  for (const { runId } of observed.runs) {
    const run = await findRun(deps, key, runId)
    if (run?.value.endedAtMs === undefined) continue
    const nowMs = deps.clock.nowMs()
    const ended: EndedRun = { job: run.value.job, endedAtMs: run.value.endedAtMs, collectAtMs: nowMs }
    await deps.store.commit([{ put: addresses.endedRun(key, runId), value: json(ended), ifAbsent: true }])
  }
}

async function beginRepair(deps: Deps, key: AppKey, app: AppRecord, late: readonly LateWrite[]): Promise<void> {
  const strays = late.flatMap(({ resource, stray }) => (stray === undefined ? [] : [[resource, stray] as const]))
  deps.log.warn('a late write is undone', { app: key.app, resources: late.map((one) => one.resource) })
  await beginDeployment(
    deps,
    { subject: 'escale' },
    {
      key,
      kind: 'repair',
      cluster: app.cluster,
      release: app.current ?? app.lastReleaseNumber,
      gated: false,
      runtime: (now) => now,
      only: late.map((one) => one.resource),
      note: 'a write of an older deployment arrived late',
      appChange: {
        verifyAtMs: undefined,
        identity: { ...app.identity, ...Object.fromEntries(strays) },
      } as Partial<AppRecord>,
    },
  )
}

async function forget(deps: Deps, lease: Lease, app: Stored<AppRecord>): Promise<void> {
  const value = withoutUndefined({ ...app.value, verifyAtMs: undefined })
  // Where somebody wrote in between, the next pass comes here again.
  await deps.store.commit([
    { fence: lease.name, ifFence: lease.fence },
    { put: addresses.app(app.value.key), value: json(value), ifVersion: app.version },
  ])
}
