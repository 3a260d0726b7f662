/** The imperative verbs: each changes runtime state or heads for another release, by a deployment like any other (ruling A7). */
import { EscaleError, problem, refuse } from '../core/errors.ts'
import type { AppKey } from '../model/app.ts'
import { appKeyText } from '../model/app.ts'
import type { Release, RuntimeState } from '../model/release.ts'
import { type ServiceUnit, serviceUnits, type Unit } from '../model/unit.ts'
import { approvalId } from '../plan/ids.ts'
import { missingVersions } from '../vault/secrets.ts'
import type { Actor } from './actor.ts'
import { type Beginning, beginDeployment, pendingRuntime } from './begin.ts'
import { claimFor } from './claims.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { releaseBefore } from './history.ts'
import { commitOrThrow, deploymentById, findDeployment, json, needApp, needRelease } from './load.ts'
import { addresses, type AppRecord, type DeploymentKind, type DeploymentRecord, endedStates } from './records.ts'
import { recordAndWake, wake } from './wake.ts'

/** The release an action builds on: the one under way, else the one that stands. */
async function standing(deps: Deps, app: AppRecord): Promise<{ readonly release: Release; readonly gated: boolean }> {
  const active = app.active === undefined ? undefined : await findDeployment(deps, app.key, app.next ?? app.active)
  const record = active?.value
  if (record !== undefined && record.kind !== 'remove' && record.progress.direction === 'forward') {
    return { release: await needRelease(deps, app.key, record.release), gated: record.gated }
  }
  const number = record?.fallback ?? app.current
  if (number === undefined || app.removedAtMs !== undefined) {
    throw new EscaleError('wrong-state', `${appKeyText(app.key)} has no release that stands; deploy it first`)
  }
  return { release: await needRelease(deps, app.key, number), gated: false }
}

async function act(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  kind: DeploymentKind,
  change: (runtime: RuntimeState, release: Release) => RuntimeState,
  rest: Partial<Beginning> = {},
): Promise<DeploymentRecord> {
  const app = await needApp(deps, key)
  const { release, gated } = await standing(deps, app.value)
  // Fails before anything is on record where the request names what is not there.
  change(await pendingRuntime(deps, app.value), release)
  return await beginDeployment(deps, actor, {
    key,
    kind,
    cluster: app.value.cluster,
    release: release.number,
    gated,
    runtime: (now) => change(now, release),
    ...rest,
  })
}

export async function scaleApp(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  counts: Readonly<Record<string, number>>,
): Promise<DeploymentRecord> {
  return await act(deps, actor, key, 'scale', (runtime, release) => {
    const changed = { ...runtime.counts }
    for (const [name, count] of Object.entries(counts)) {
      const unit = scalable(release, name, count)
      changed[name] = { count, over: unit.scale.min }
    }
    return { ...runtime, counts: changed }
  })
}

function scalable(release: Release, name: string, count: number): ServiceUnit {
  const unit = needService(release, name)
  if (!Number.isSafeInteger(count) || count < 0 || count > 10_000) {
    refuse([
      problem('out-of-range', `${name}: ${count} is no count of instances`, {
        value: String(count),
        allowed: ['0 … 10000'],
      }),
    ])
  }
  if (unit.mode === 'perNode') {
    refuse([
      problem('conflict', `${name} runs once on each worker and cannot be scaled`, { path: `${unit.from}.mode` }),
    ])
  }
  if (unit.mode === 'stateful' && count > unit.scale.min) {
    refuse([
      problem('conflict', `${name} is stateful: more instances need more volumes`, {
        path: `${unit.from}.scale`,
        fix: `set scale: ${count} in the manifest and deploy it`,
      }),
    ])
  }
  return unit
}

function needService(release: Release, name: string): ServiceUnit {
  const services = serviceUnits(release.spec)
  const unit = services.find((candidate) => candidate.name === name)
  if (unit !== undefined) return unit
  return refuse([
    problem('unknown-reference', `there is no service ${JSON.stringify(name)}`, {
      value: name,
      allowed: services.map((candidate) => candidate.name),
    }),
  ])
}

export interface SomeServices {
  readonly services?: readonly string[]
}

const named = (release: Release, { services }: SomeServices): readonly string[] =>
  services === undefined ? ['*'] : services.map((name) => unitNamed(release, name).name)

function unitNamed(release: Release, name: string): Unit {
  return release.spec.units.find((unit) => unit.name === name) ?? needService(release, name)
}

export async function restartApp(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  options: SomeServices,
): Promise<DeploymentRecord> {
  return await act(deps, actor, key, 'restart', (runtime, release) => {
    const restarts = { ...runtime.restarts }
    for (const name of named(release, options)) restarts[name] = (restarts[name] ?? 0) + 1
    return { ...runtime, restarts }
  })
}

export async function stopApp(deps: Deps, actor: Actor, key: AppKey, options: SomeServices): Promise<DeploymentRecord> {
  return await act(deps, actor, key, 'stop', (runtime, release) => ({
    ...runtime,
    stopped: [...new Set([...runtime.stopped, ...named(release, options)])].sort(),
  }))
}

export async function startApp(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  options: SomeServices,
): Promise<DeploymentRecord> {
  return await act(deps, actor, key, 'start', (runtime, release) => {
    const names = named(release, options)
    if (names.includes('*')) return { ...runtime, stopped: [] }
    // One service of a wholly stopped app starts alone: the others stay stopped by name.
    const stopped = runtime.stopped.includes('*') ? release.spec.units.map((unit) => unit.name) : runtime.stopped
    return { ...runtime, stopped: stopped.filter((name) => !names.includes(name)) }
  })
}

export interface RollbackOptions {
  /** Number of the release to go to; absent: the one before the current. */
  readonly toRelease?: number
}

export async function rollbackApp(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  options: RollbackOptions,
): Promise<DeploymentRecord> {
  const app = await needApp(deps, key)
  const release = await rollbackTarget(deps, app.value, options)
  const missing = await missingVersions(deps.vault, key, release.secretVersions)
  if (missing.length > 0) {
    refuse(
      missing.map((name) =>
        problem('secret-missing', `release ${release.number} pins a version of secret ${name} that is gone`, {
          fix: `set the secret again and deploy the manifest of release ${release.number}`,
        }),
      ),
    )
  }
  const problems = await claimFor(deps, release)
  if (problems.length > 0) refuse(problems)
  return await beginDeployment(deps, actor, {
    key,
    kind: 'rollback',
    cluster: app.value.cluster,
    release: release.number,
    gated: false,
    runtime: (now) => now,
    appChange: { removedAtMs: undefined } as Partial<AppRecord>,
  })
}

async function rollbackTarget(deps: Deps, app: AppRecord, options: RollbackOptions): Promise<Release> {
  const { current } = app
  if (options.toRelease !== undefined) {
    const release = await needRelease(deps, app.key, options.toRelease)
    if (release.cluster !== app.cluster)
      throw new EscaleError('cluster-changed', `release ${release.number} ran on cluster ${release.cluster}`)
    return release
  }
  if (current === undefined)
    throw new EscaleError('no-good-release', `${appKeyText(app.key)} has no release that stands`)
  // Something else is there than what stood last, or on its way: back means back to that.
  const last = await findDeployment(deps, app.key, app.next ?? app.active ?? app.lastDeploymentNumber)
  if (last !== undefined && leftInPlace(last.value) && last.value.release !== current)
    return await needRelease(deps, app.key, current)
  const before = await releaseBefore(deps, app.key, current)
  if (before === undefined)
    throw new EscaleError('no-good-release', `no release before ${current} of ${appKeyText(app.key)} ever stood`)
  return before
}

/** Whether a deployment is under way, or ended without success and without going back. */
function leftInPlace({ state, progress }: DeploymentRecord): boolean {
  if (state === 'rollbackFailed' || state === 'drifted') return true
  if (endedStates.includes(state) && state !== 'failed' && state !== 'cancelled') return false
  return progress.direction === 'forward'
}

export async function removeApp(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  options: { readonly deleteVolumes: readonly string[] },
): Promise<DeploymentRecord> {
  const app = await needApp(deps, key)
  const native = Object.keys(app.value.identity)
    .filter((id) => id.startsWith('volume/'))
    .map((id) => id.slice('volume/'.length))
  const known = [...new Set(native.flatMap((name) => [name.split('@')[0]!, name]))].sort()
  const unknown = options.deleteVolumes.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    refuse(
      unknown.map((name) =>
        problem('unknown-reference', `the app has no volume ${JSON.stringify(name)}`, { value: name, allowed: known }),
      ),
    )
  }
  if (app.value.lastReleaseNumber === 0) throw new EscaleError('wrong-state', `${appKeyText(key)} was never deployed`)
  return await beginDeployment(deps, actor, {
    key,
    kind: 'remove',
    cluster: app.value.cluster,
    release: app.value.current ?? app.value.lastReleaseNumber,
    gated: false,
    runtime: (now) => now,
    deleteVolumes: options.deleteVolumes,
  })
}

export async function approveDeployment(deps: Deps, actor: Actor, key: AppKey, id: string): Promise<DeploymentRecord> {
  const stored = await deploymentById(deps, key, id)
  const record = stored.value
  if (record.state !== 'waiting')
    throw new EscaleError('wrong-state', `deployment ${id} is ${record.state} and waits for no approval`)
  const release = await needRelease(deps, key, record.release)
  const approved = [...record.progress.approved, approvalId(release.hash)]
  const value: DeploymentRecord = { ...record, state: 'running', progress: { ...record.progress, approved } }
  await recordAndWake(deps, key, () =>
    commitOrThrow(deps, [
      { put: addresses.deployment(key, record.number), value: json(value), ifVersion: stored.version },
    ]),
  )
  await recordAppEvents(deps, key, [{ type: 'deployment.approved', about: id, actor: actor.subject }])
  return value
}

export async function cancelDeployment(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  id: string,
  options: { readonly leave: boolean },
): Promise<DeploymentRecord> {
  for (;;) {
    const stored = await deploymentById(deps, key, id)
    const record = stored.value
    if (endedStates.includes(record.state))
      throw new EscaleError('wrong-state', `deployment ${id} has ended: ${record.state}`)
    const cancel = { by: actor.subject, leave: options.leave, atMs: deps.clock.nowMs() }
    const value: DeploymentRecord = { ...record, cancel }
    const result = await deps.store.commit([
      { put: addresses.deployment(key, record.number), value: json(value), ifVersion: stored.version },
    ])
    if (!result.ok) continue
    await wake(deps, key)
    return value
  }
}
