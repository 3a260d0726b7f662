/** How a deployment ends, or turns back. */
import type { EventType } from '../core/events.ts'
import type { Problem } from '../core/problems.ts'
import { freshProgress } from '../plan/progress.ts'
import type { Plan } from '../plan/plan.ts'
import type { Lease, Stored } from '../store/store.ts'
import { releaseUnusedClaims } from './claims.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { findRelease } from './load.ts'
import type { AppRecord, DeploymentRecord, DeploymentState } from './records.ts'
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
): Promise<PassResult> {
  const { value } = deployment
  const ended: Partial<DeploymentRecord> = {
    ...change,
    state,
    endedAtMs: deps.clock.nowMs(),
    problems: [...value.problems, ...problems],
    ...(reason === undefined ? {} : { reason }),
  }
  await saveDeployment(deps, lease, deployment, ended, { stored: app, change: { active: undefined, ...appChange } as Partial<AppRecord> })
  const type = endEvents[state]
  if (type !== undefined) {
    const event = { type, about: value.id, actor: value.by, data: { release: value.release, number: value.number } }
    await recordAppEvents(deps, value.key, [reason === undefined ? event : { ...event, reason }])
  }
  return { kind: 'progress' }
}

/** A newer deployment takes over; what this one left half-done is for the newer one's plan (ruling E1). */
export async function supersede(
  deps: Deps,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
): Promise<PassResult> {
  const change = { active: app.value.next, next: undefined } as Partial<AppRecord>
  const reason = `deployment ${app.value.next} took over`
  return await endDeployment(deps, lease, app, deployment, 'superseded', [], reason, change)
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
  if (record.kind === 'remove' || (record.cancel === undefined && (await staysOnFailure(deps, record, problems ?? [])))) {
    return await endDeployment(deps, lease, app, deployment, 'failed', problems ?? [], reason)
  }
  const nowMs = deps.clock.nowMs()
  await saveDeployment(deps, lease, deployment, {
    state: 'rollingBack',
    reason,
    problems: [...record.problems, ...(problems ?? [])],
    progress: { ...freshProgress(nowMs, 'rollback'), writes: record.progress.writes, runs: record.progress.runs },
  })
  const to = record.fallback === undefined ? 'nothing to go back to: stopping' : `going back to release ${record.fallback}`
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
  seen: { readonly plan: Plan },
): Promise<PassResult> {
  const record = deployment.value
  if (record.kind === 'remove') return await removed(deps, lease, app, deployment, seen.plan)
  if (record.progress.direction === 'rollback') {
    const state = record.cancel === undefined ? 'failed' : 'cancelled'
    const change: Partial<AppRecord> = record.fallback === undefined ? {} : { current: record.fallback, runtime: record.fallbackRuntime }
    const result = await endDeployment(deps, lease, app, deployment, state, [], record.reason, change)
    await releaseUnusedClaims(deps, record.key, record.fallback)
    return result
  }
  const change: Partial<AppRecord> = { current: record.release, lastGood: record.release, runtime: record.runtime }
  const result = await endDeployment(deps, lease, app, deployment, 'succeeded', [], undefined, change)
  await releaseUnusedClaims(deps, record.key, record.release)
  return result
}

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
  const appChange = { removedAtMs: deps.clock.nowMs(), current: undefined, lastGood: undefined } as Partial<AppRecord>
  const result = await endDeployment(deps, lease, app, deployment, 'succeeded', [], undefined, appChange, { kept: { volumes, secrets } })
  await releaseUnusedClaims(deps, key, undefined)
  await recordAppEvents(deps, key, [
    { type: 'app.removed', actor: deployment.value.by, data: { keptVolumes: volumes, keptSecrets: secrets } },
  ])
  return result
}
