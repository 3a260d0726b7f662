/** How a deployment ends, or turns back. */
import type { EventType } from '../core/events.ts'
import { EscaleError } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { freshRuntime } from '../model/release.ts'
import type { Resource } from '../model/resource.ts'
import { freshProgress, type Progress } from '../plan/progress.ts'
import type { Plan } from '../plan/plan.ts'
import type { Lease, Operation, Stored } from '../store/store.ts'
import type { IdentityMap } from '../targets/target.ts'
import { releaseUnusedClaims } from './claims.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { findDeployment, findRelease, json } from './load.ts'
import { addresses, type AppRecord, type DeploymentRecord, type DeploymentState } from './records.ts'
import { cancelRun } from './runs-cancel.ts'
import { deploymentRunId } from './runs-fold.ts'
import { saveDeployment } from './save.ts'
import type { PassResult } from './attempt.ts'

const endEvents: Readonly<Partial<Record<DeploymentState, EventType>>> = {
  succeeded: 'deployment.succeeded',
  failed: 'deployment.failed',
  rollbackFailed: 'deployment.failed',
  cancelled: 'deployment.cancelled',
  superseded: 'deployment.superseded',
  drifted: 'deployment.drifted',
  stale: 'deployment.failed',
}

/** Ends it where it stands: nothing more is written. */
export async function endDeployment(
  deps: Deps,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
  state: DeploymentState,
  problems: readonly Problem[],
  reason: string | undefined,
  appChange: Partial<AppRecord> = {},
  change: Partial<DeploymentRecord> = {},
  more: readonly Operation[] = [],
): Promise<PassResult> {
  const { value } = deployment
  const verifyAtMs = verifyTimeMs(deps, value, state)
  const ended: Partial<DeploymentRecord> = {
    ...change,
    state,
    endedAtMs: deps.clock.nowMs(),
    problems: [...value.problems, ...problems],
    ...(reason === undefined ? {} : { reason }),
  }
  await saveDeployment(
    deps,
    lease,
    deployment,
    ended,
    {
      stored: app,
      change: {
        active: undefined,
        ...(verifyAtMs === 'same' ? {} : { verifyAtMs }),
        ...appChange,
      } as Partial<AppRecord>,
    },
    more,
  )
  const type = endEvents[state]
  if (type !== undefined) {
    const event = { type, about: value.id, actor: value.by, data: { release: value.release, number: value.number } }
    await recordAppEvents(deps, value.key, [reason === undefined ? event : { ...event, reason }])
  }
  return { kind: 'progress' }
}

/** A lease's time after the last write no call of ours can still be on its way: then somebody looks once more (ruling A3). */
function verifyTimeMs(deps: Deps, record: DeploymentRecord, state: DeploymentState): number | undefined | 'same' {
  const writes = Object.values(record.progress.writes).filter((fact) => fact.direction !== 'before')
  if (writes.length === 0) return 'same'
  // What was left as it stands is for a person to look at; and one repair is not followed by another.
  const backAgain =
    record.progress.direction === 'rollback' &&
    (state === 'failed' || state === 'cancelled') &&
    record.fallback !== undefined
  if (record.kind === 'repair' || (state !== 'succeeded' && !backAgain)) return undefined
  return Math.max(...writes.map((fact) => fact.doneAtMs ?? fact.intentAtMs)) + deps.settings.leaseMs
}

/** A newer deployment takes over; what this one left half-done is for the newer one's plan (ruling E1). */
export async function supersede(
  deps: Deps,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
): Promise<PassResult> {
  const record = deployment.value
  const newer = await findDeployment(deps, record.key, app.value.next ?? 0)
  if (newer === undefined) throw new EscaleError('internal-error', `deployment ${app.value.next} is missing`)
  const reason = `deployment ${newer.value.number} took over`
  const same = newer.value.release === record.release && newer.value.gated && record.progress.direction === 'forward'
  if (!same) await cancelRunsOf(deps, record, reason)
  const progress: Progress = {
    ...newer.value.progress,
    writes: writtenBefore(record),
    // The same release goes on: what was approved stays so, and no job of it runs twice (ruling E2).
    ...(same ? { approved: record.progress.approved, runs: runsBefore(record) } : {}),
  }
  const handOver = {
    put: addresses.deployment(record.key, newer.value.number),
    value: json({ ...newer.value, progress }),
    ifVersion: newer.version,
  }
  const change = { active: app.value.next, next: undefined } as Partial<AppRecord>
  return await endDeployment(deps, lease, app, deployment, 'superseded', [], reason, change, {}, [handOver])
}

/** The newer one must not plan upon an observation from before these (ruling D2). */
const writtenBefore = (record: DeploymentRecord): Progress['writes'] =>
  Object.fromEntries(
    Object.entries(record.progress.writes)
      .filter(([, fact]) => fact.doneAtMs !== undefined)
      .map(([id, fact]) => [`${record.number}/${id}`, { ...fact, direction: 'before' as const }]),
  )

const runsBefore = (record: DeploymentRecord): Progress['runs'] =>
  Object.fromEntries(
    Object.entries(record.progress.runs).map(([job, fact]) => [
      job,
      { ...fact, run: fact.run ?? deploymentRunId(record.id, job) },
    ]),
  )

/** Jobs of a deployment that goes no further are ended: two of a kind at once is nobody's wish. */
async function cancelRunsOf(deps: Deps, record: DeploymentRecord, by: string): Promise<void> {
  for (const [job, fact] of Object.entries(record.progress.runs)) {
    if (fact.state === 'running') await cancelRun(deps, record.key, fact.run ?? deploymentRunId(record.id, job), by)
  }
}

/** Turns back to the last good release, or stands still where there is none. */
export async function beginRollback(
  deps: Deps,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
  problems: readonly Problem[] | undefined,
  reason: string,
): Promise<PassResult> {
  const record = deployment.value
  const cancelled = record.cancel !== undefined
  if (record.kind === 'repair' && cancelled)
    return await endDeployment(deps, lease, app, deployment, 'cancelled', [], reason)
  // A removal or repair that fails stays where it is; a cancelled removal brings the app back (ruling E1).
  const stays =
    record.kind === 'repair' || record.kind === 'remove' || (await staysOnFailure(deps, record, problems ?? []))
  if (!cancelled && stays) return await endDeployment(deps, lease, app, deployment, 'failed', problems ?? [], reason)
  await cancelRunsOf(deps, record, reason)
  const nowMs = deps.clock.nowMs()
  await saveDeployment(deps, lease, deployment, {
    state: 'rollingBack',
    reason,
    problems: [...record.problems, ...(problems ?? [])],
    progress: { ...freshProgress(nowMs, 'rollback'), writes: record.progress.writes, runs: record.progress.runs },
  })
  const to =
    record.fallback === undefined ? 'nothing to go back to: stopping' : `going back to release ${record.fallback}`
  await recordAppEvents(deps, record.key, [
    { type: 'deployment.rollingBack', about: record.id, actor: record.by, reason: `${reason}; ${to}` },
  ])
  return { kind: 'progress' }
}

/** `rollback: {auto: false}` on the unit that failed leaves things as they are, for a person to look at. */
async function staysOnFailure(deps: Deps, record: DeploymentRecord, problems: readonly Problem[]): Promise<boolean> {
  const release = await findRelease(deps, record.key, record.release)
  const failed = new Set(problems.map((item) => item.path))
  return (release?.spec.units ?? []).some(
    (unit) => unit.kind === 'service' && failed.has(unit.name) && !unit.update.rollback.auto,
  )
}

export async function succeed(
  deps: Deps,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
  seen: { readonly plan: Plan; readonly desired: readonly Resource[] },
): Promise<PassResult> {
  const record = deployment.value
  const forward = record.progress.direction === 'forward'
  if (record.kind === 'remove' && forward) return await removed(deps, lease, app, deployment, seen.plan)
  if (record.kind === 'repair') return await endDeployment(deps, lease, app, deployment, 'succeeded', [], undefined)
  const identity = withPromises(app.value.identity, seen.desired)
  if (record.progress.direction === 'rollback') {
    const state = record.cancel === undefined ? 'failed' : 'cancelled'
    const change: Partial<AppRecord> =
      record.fallback === undefined ? {} : { current: record.fallback, runtime: record.fallbackRuntime, identity }
    const result = await endDeployment(deps, lease, app, deployment, state, [], record.reason, change)
    await releaseUnusedClaims(deps, record.key, record.fallback)
    return result
  }
  const change: Partial<AppRecord> = {
    current: record.release,
    lastGood: record.release,
    runtime: record.runtime,
    identity,
  }
  const result = await endDeployment(deps, lease, app, deployment, 'succeeded', [], undefined, change)
  await releaseUnusedClaims(deps, record.key, record.release)
  return result
}

/** Whether data is to be kept may change without any native write: the last word of the manifest counts. */
const withPromises = (identity: IdentityMap, desired: readonly Resource[]): IdentityMap => ({
  ...identity,
  ...Object.fromEntries(
    desired.flatMap(({ id, holdsData }) => {
      const entry = identity[id]
      return entry === undefined ? [] : [[id, { ...entry, holdsData }]]
    }),
  ),
})

async function removed(
  deps: Deps,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
  plan: Plan,
): Promise<PassResult> {
  const { key } = deployment.value
  const volumes = plan.kept.map((id) => id.replace(/^volume\//, ''))
  const prefix = `${key.project}/${key.environment}/${key.app}/`
  const secrets = (await deps.vault.list(prefix)).map((path) => path.slice(prefix.length))
  const appChange = {
    removedAtMs: deps.clock.nowMs(),
    current: undefined,
    lastGood: undefined,
    runtime: freshRuntime,
  } as Partial<AppRecord>
  const result = await endDeployment(deps, lease, app, deployment, 'succeeded', [], undefined, appChange, {
    kept: { volumes, secrets },
  })
  await releaseUnusedClaims(deps, key, undefined)
  await recordAppEvents(deps, key, [
    { type: 'app.removed', actor: deployment.value.by, data: { keptVolumes: volumes, keptSecrets: secrets } },
  ])
  return result
}
