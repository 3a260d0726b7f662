/** One pass over the deployment under way of one app. */
import { EscaleError, problem } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import type { AppKey } from '../model/app.ts'
import type { InstanceState, Observed } from '../model/observed.ts'
import { freshRuntime, type Release, type RuntimeState } from '../model/release.ts'
import type { Resource, ResourceId } from '../model/resource.ts'
import type { PlanInput } from '../plan/context.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import { foldObservation } from '../plan/fold.ts'
import { type Failure, judge, nextTimeMs } from '../plan/judge.ts'
import { noteWaiting, readySteps } from '../plan/order.ts'
import { makePlan } from '../plan/plan.ts'
import type { Progress } from '../plan/progress.ts'
import { rebase } from '../plan/rebase.ts'
import type { Lease, Stored } from '../store/store.ts'
import type { IdentityMap } from '../targets/target.ts'
import type { Attempt, PassResult } from './attempt.ts'
import { claimFor } from './claims.ts'
import type { Deps } from './deps.ts'
import { beginRollback, endDeployment, succeed, supersede } from './endings.ts'
import { recordAppEvents } from './events.ts'
import { executeSteps } from './execute.ts'
import { recordInstances } from './instances.ts'
import { findApp, findDeployment, findRelease, needRelease } from './load.ts'
import { changedJobs, prepare } from './prepare.ts'
import type { AppRecord, DeploymentRecord } from './records.ts'
import { cancelOpenRuns } from './runs-cancel.ts'
import { foldRuns } from './runs-fold.ts'
import { saveDeployment } from './save.ts'

/** How long to leave a waiting world alone when nothing tells of a change. */
const pollMs = 2_000

export async function passDeployment(deps: Deps, key: AppKey, lease: Lease): Promise<PassResult> {
  const app = await findApp(deps, key)
  if (app === undefined) return { kind: 'done' }
  if (app.value.active === undefined) return await lookAround(deps, key, app.value)
  const deployment = await findDeployment(deps, key, app.value.active)
  if (deployment === undefined) throw new EscaleError('internal-error', `deployment ${app.value.active} is missing`)
  if (app.value.next !== undefined) return await supersede(deps, lease, app, deployment)

  const { cancel, progress } = deployment.value
  if (cancel !== undefined && progress.direction === 'forward') {
    const reason = `cancelled by ${cancel.by}`
    if (cancel.leave) return await endDeployment(deps, lease, app, deployment, 'cancelled', [], reason)
    return await beginRollback(deps, lease, app, deployment, undefined, reason)
  }
  const attempt = await look(deps, key, lease, app, deployment)
  return await act(attempt)
}

/** Between deployments instances fail and come back as well: somebody must tell of it. */
async function lookAround(deps: Deps, key: AppKey, app: AppRecord): Promise<PassResult> {
  if (app.current === undefined || app.removedAtMs !== undefined) return { kind: 'done' }
  const target = await deps.target(app.cluster)
  const site = { installId: deps.installId, cluster: app.cluster }
  const signal = AbortSignal.timeout(deps.settings.callDeadlineMs)
  const observed = await target.observe(site, key, app.identity, signal)
  await recordInstances(deps, key, observed)
  // A cluster may tell of a change before it shows it; who is on the way is looked at until there.
  const moving = observed.units.some((unit) => unit.instances.some((one) => onTheWay.has(one.state)))
  return moving ? { kind: 'again', atMs: deps.clock.nowMs() + pollMs } : { kind: 'done' }
}

const onTheWay: ReadonlySet<InstanceState> = new Set(['pending', 'starting', 'stopping'])

/** Where the deployment is heading now: its release, or back. */
async function heading(
  deps: Deps,
  key: AppKey,
  record: DeploymentRecord,
): Promise<{ readonly release: Release; readonly runtime: RuntimeState }> {
  if (record.progress.direction === 'forward') {
    return { release: await needRelease(deps, key, record.release), runtime: record.runtime }
  }
  if (record.fallback !== undefined) {
    return { release: await needRelease(deps, key, record.fallback), runtime: record.fallbackRuntime }
  }
  // Nothing to go back to: things stand still, data stays (ruling E2).
  return { release: await needRelease(deps, key, record.release), runtime: { ...freshRuntime, stopped: ['*'] } }
}

async function look(
  deps: Deps,
  key: AppKey,
  lease: Lease,
  app: Stored<AppRecord>,
  deployment: Stored<DeploymentRecord>,
): Promise<Attempt> {
  const record = deployment.value
  const { release, runtime } = await heading(deps, key, record)
  const prepared = await prepare(deps, key, release, runtime, app.value.identity)
  const { target, site, input } = prepared
  const forward = record.progress.direction === 'forward'
  const signal = AbortSignal.timeout(deps.settings.callDeadlineMs)
  const observed = await target.observe(site, key, app.value.identity, signal)
  const desired = desiredOf(record, app.value, target.render(input).resources, observed)
  const nowMs = deps.clock.nowMs()
  await recordInstances(deps, key, observed)
  const folded = foldObservation(rebase(record.progress, nowMs), desired, observed, nowMs)
  const progress = await foldRuns(deps, folded, record)
  const good = app.value.lastGood === undefined ? undefined : await findRelease(deps, key, app.value.lastGood)
  const planInput: PlanInput = {
    spec: input.release.spec,
    releaseHash: release.hash,
    desired,
    observed,
    identity: record.only === undefined ? app.value.identity : only(app.value.identity, record.only),
    kinds: target.kinds,
    progress,
    changedJobs: changedJobs(input.release.spec, good === undefined ? undefined : target.adapt(good.spec)),
    deleteData: dataToDelete(record, release, app.value.identity),
    gated: record.gated && record.kind !== 'remove' && forward,
    nowMs,
  }
  const plan = makePlan(planInput)
  const noted: Progress = {
    ...progress,
    met: [...progress.met, ...plan.met],
    waiting: noteWaiting(progress.waiting, plan.steps, nowMs),
  }
  return { deps, key, lease, app, deployment, release, prepared, desired, observed, progress: noted, planInput, plan }
}

/** Only a removal takes data with it: what the request names, and what the manifest marks `onDelete: delete`. */
function dataToDelete(record: DeploymentRecord, release: Release, identity: IdentityMap): ReadonlySet<ResourceId> {
  if (record.kind !== 'remove') return new Set()
  const marked = release.spec.volumes.filter((volume) => volume.onDelete === 'delete').map((volume) => volume.name)
  const names = new Set([...marked, ...(record.deleteVolumes ?? [])])
  // A stateful volume has one object for each ordinal: `volume/data@db-0`. It may be named whole or by the manifest's name.
  const isNamed = (id: ResourceId): boolean => {
    const name = id.slice('volume/'.length)
    return names.has(name) || names.has(name.split('@')[0]!)
  }
  return new Set(Object.keys(identity).filter((id) => id.startsWith('volume/') && isNamed(id)))
}

function desiredOf(
  record: DeploymentRecord,
  app: AppRecord,
  rendered: readonly Resource[],
  observed: Observed,
): readonly Resource[] {
  if (record.progress.direction === 'rollback') {
    if (record.fallback !== undefined) return rendered
    // Nothing to go back to: what came to be stands still, and nothing more is made (ruling E2).
    const there = new Set(observed.resources.map((resource) => resource.id))
    return rendered.filter((resource) => there.has(resource.id))
  }
  if (record.kind === 'remove') return []
  if (record.only === undefined) return rendered
  return app.removedAtMs === undefined ? rendered.filter((resource) => record.only!.includes(resource.id)) : []
}

const only = (identity: IdentityMap, ids: readonly ResourceId[]): IdentityMap =>
  Object.fromEntries(Object.entries(identity).filter(([id]) => ids.includes(id)))

async function act(attempt: Attempt): Promise<PassResult> {
  const { deps, key, lease, app, deployment, plan, progress } = attempt
  const record = deployment.value
  const forward = progress.direction === 'forward'
  const current: Stored<DeploymentRecord> = { ...deployment, value: { ...record, progress } }

  const refused = plan.problems.filter((item) => item.severity === 'error')
  if (refused.length > 0) {
    if (forward && record.accepted === undefined)
      return await endDeployment(deps, lease, app, current, 'failed', refused, 'the plan was refused')
    return await fail(attempt, current, refused)
  }
  if (forward && record.accepted === undefined) return await accept(attempt, current)

  const failure = judge({ ...attempt, spec: attempt.planInput.spec, steps: plan.steps, nowMs: attempt.planInput.nowMs })
  if (failure !== undefined) return await fail(attempt, current, [asProblem(failure)])

  if (forward) {
    const surprise = plan.steps.find((step) => step.kind === 'write' && !record.accepted?.includes(step.id))
    if (surprise !== undefined) {
      const shown = problem('drifted', `the world needs a write that the plan did not show: ${surprise.title}`, {
        fix: 'look at `escale plan` and deploy again',
      })
      return await endDeployment(deps, lease, app, current, 'drifted', [shown], shown.message)
    }
  }
  if (plan.steps.length === 0) {
    return plan.settling.length > 0 ? await settle(attempt, current) : await succeed(deps, lease, app, current, attempt)
  }

  const ready = readySteps(plan.steps)
  const doable = ready.filter((step) => step.kind !== 'wait' && step.kind !== 'gate')
  if (doable.length > 0) return await executeSteps(attempt, current, doable)

  const gate = ready.find((step) => step.kind === 'gate')
  if (gate !== undefined && record.state !== 'waiting') {
    await saveDeployment(deps, lease, current, { state: 'waiting', progress })
    await recordAppEvents(deps, key, [
      { type: 'deployment.waiting', about: record.id, actor: record.by, reason: gate.title },
    ])
    return { kind: 'progress' }
  }
  await saveDeployment(deps, lease, current, { progress })
  const atMs = nextTimeMs(
    { ...attempt, spec: attempt.planInput.spec, steps: plan.steps, nowMs: attempt.planInput.nowMs },
    gate === undefined ? pollMs : 60_000,
  )
  return { kind: 'again', atMs: Math.max(atMs, attempt.planInput.nowMs + 20) }
}

/** What was written is not visible yet: nothing can be said before it is (ruling D2). */
async function settle(attempt: Attempt, current: Stored<DeploymentRecord>): Promise<PassResult> {
  await saveDeployment(attempt.deps, attempt.lease, current, { progress: attempt.progress })
  return { kind: 'again', atMs: attempt.planInput.nowMs + pollMs }
}

/** The first tick: the plan as it is now is the one that counts (ruling A6). */
async function accept(attempt: Attempt, current: Stored<DeploymentRecord>): Promise<PassResult> {
  const { deps, key, lease, app, plan, planInput } = attempt
  const record = current.value
  if (plan.settling.length > 0) return await settle(attempt, current)
  if (record.kind === 'remove') await cancelOpenRuns(deps, key, record.by)
  else {
    // Taken when it was asked for; an older deployment that ended since may have given them back.
    const taken = await claimFor(deps, attempt.release)
    if (taken.length > 0) return await endDeployment(deps, lease, app, current, 'failed', taken, taken[0]?.message)
  }
  if (record.planHash !== undefined) {
    const hash = fingerprint(planInput, plan, record.runtime)
    if (hash !== record.planHash) {
      const stale = problem('stale-plan', 'the world has changed since this plan was made; nothing was done', {
        fix: 'run `escale plan` again and look at it',
      })
      return await endDeployment(deps, lease, app, current, 'stale', [stale], stale.message)
    }
  }
  await saveDeployment(deps, lease, current, {
    state: 'running',
    startedAtMs: planInput.nowMs,
    accepted: plan.steps.filter((step) => step.kind === 'write').map((step) => step.id),
    steps: plan.steps,
    progress: { ...attempt.progress, startedAtMs: planInput.nowMs },
  })
  await recordAppEvents(deps, key, [{ type: 'deployment.started', about: record.id, actor: record.by }])
  return { kind: 'progress' }
}

async function fail(
  attempt: Attempt,
  current: Stored<DeploymentRecord>,
  problems: readonly Problem[],
): Promise<PassResult> {
  const { deps, lease, app, progress } = attempt
  const reason = problems[0]?.message ?? 'it failed'
  if (progress.direction === 'rollback') {
    return await endDeployment(deps, lease, app, current, 'rollbackFailed', problems, reason)
  }
  return await beginRollback(deps, lease, app, current, problems, reason)
}

const asProblem = (failure: Failure): Problem =>
  problem(failure.code, failure.message, failure.unit === undefined ? {} : { path: failure.unit })
