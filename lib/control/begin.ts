/** Puts a deployment on record and asks for a tick: the one way in for every verb that changes an app. */
import { EscaleError } from '../core/errors.ts'
import { derivedId, randomId } from '../core/ids.ts'
import type { AppKey } from '../model/app.ts'
import { freshRuntime, type RuntimeState } from '../model/release.ts'
import { freshProgress } from '../plan/progress.ts'
import type { ResourceId } from '../model/resource.ts'
import type { Operation, Stored } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { findApp, findDeployment, json } from './load.ts'
import { addresses, type AppRecord, type DeploymentKind, type DeploymentRecord, endedStates } from './records.ts'
import { withoutUndefined } from './save.ts'
import { recordAndWake, wake } from './wake.ts'

export interface Beginning {
  readonly key: AppKey
  readonly kind: DeploymentKind
  readonly cluster: string
  /** Number of the release it makes true. */
  readonly release: number
  readonly gated: boolean
  /** From the app as it is at this moment to the runtime state the deployment makes true. */
  readonly runtime: (now: RuntimeState) => RuntimeState
  readonly planHash?: string
  readonly deleteVolumes?: readonly string[]
  /** Repair: nothing but these. */
  readonly only?: readonly ResourceId[]
  /** Derives the id, so that a retried request finds its deployment (ruling D18). */
  readonly idempotencyKey?: string
  /** Written together with it: a new release. */
  readonly more?: readonly Operation[]
  readonly appChange?: Partial<AppRecord>
  readonly note?: string
}

const maxTries = 8

export async function beginDeployment(deps: Deps, actor: Actor, beginning: Beginning): Promise<DeploymentRecord> {
  const { key } = beginning
  const id =
    beginning.idempotencyKey === undefined ? randomId('dep', deps.random) : deploymentId(key, beginning.idempotencyKey)
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const app = await findApp(deps, key)
    const known = await knownDeployment(deps, key, beginning.idempotencyKey)
    if (known !== undefined) return known
    const record = make(deps, actor, beginning, id, app?.value, await pendingRuntime(deps, app?.value))
    const toCommit = await operations(deps, beginning, record, app)
    const result = await recordAndWake(deps, key, () => deps.store.commit(toCommit))
    // The release's number is taken: only the caller can choose another.
    if (!result.ok && result.failed < (beginning.more?.length ?? 0)) break
    if (!result.ok) continue
    await recordAppEvents(deps, key, [
      {
        type: 'deployment.created',
        about: record.id,
        actor: actor.subject,
        ...(beginning.note === undefined ? {} : { reason: beginning.note }),
        data: { kind: record.kind, release: record.release, number: record.number },
      },
    ])
    return record
  }
  throw new EscaleError('version-conflict', 'too many changes of this app at once; try again')
}

const deploymentId = (key: AppKey, idempotencyKey: string): string => derivedId('dep', key, idempotencyKey)

/** What an earlier request under the same key began. */
export async function knownDeployment(
  deps: Deps,
  key: AppKey,
  idempotencyKey: string | undefined,
): Promise<DeploymentRecord | undefined> {
  if (idempotencyKey === undefined) return undefined
  const ref = await deps.store.get<{ readonly number: number }>(
    addresses.deploymentRef(key, deploymentId(key, idempotencyKey)),
  )
  const found = ref === undefined ? undefined : (await findDeployment(deps, key, ref.value.number))?.value
  // The first request may have died before it woke anybody.
  if (found !== undefined && !endedStates.includes(found.state)) await wake(deps, key)
  return found
}

function make(
  deps: Deps,
  actor: Actor,
  beginning: Beginning,
  id: string,
  app: AppRecord | undefined,
  pending: RuntimeState,
): DeploymentRecord {
  const nowMs = deps.clock.nowMs()
  return withoutUndefined({
    id,
    number: (app?.lastDeploymentNumber ?? 0) + 1,
    key: beginning.key,
    kind: beginning.kind,
    cluster: beginning.cluster,
    release: beginning.release,
    fallback: app?.lastGood,
    runtime: beginning.runtime(pending),
    fallbackRuntime: app?.runtime ?? freshRuntime,
    state: 'queued' as const,
    gated: beginning.gated,
    by: actor.subject,
    createdAtMs: nowMs,
    planHash: beginning.planHash,
    steps: [],
    progress: freshProgress(nowMs),
    problems: [],
    deleteVolumes: beginning.deleteVolumes,
    only: beginning.only,
  })
}

/** What was asked for last, be it true yet or not: a verb that overtakes another must not undo it. */
export async function pendingRuntime(deps: Deps, app: AppRecord | undefined): Promise<RuntimeState> {
  if (app === undefined) return freshRuntime
  const number = app.next ?? app.active
  const pending = number === undefined ? undefined : (await findDeployment(deps, app.key, number))?.value
  const holds =
    pending !== undefined &&
    pending.kind !== 'remove' &&
    pending.progress.direction === 'forward' &&
    pending.cancel === undefined
  return holds ? pending.runtime : app.runtime
}

async function operations(
  deps: Deps,
  beginning: Beginning,
  record: DeploymentRecord,
  app: Stored<AppRecord> | undefined,
): Promise<readonly Operation[]> {
  const { key } = beginning
  const nowMs = deps.clock.nowMs()
  const base: AppRecord = app?.value ?? {
    key,
    cluster: beginning.cluster,
    createdAtMs: nowMs,
    lastReleaseNumber: 0,
    lastDeploymentNumber: 0,
    runtime: freshRuntime,
    identity: {},
  }
  const busy = base.active !== undefined
  const next: AppRecord = withoutUndefined({
    ...base,
    ...beginning.appChange,
    lastDeploymentNumber: record.number,
    ...(busy ? { next: record.number } : { active: record.number }),
  })
  const result: Operation[] = [
    ...(beginning.more ?? []),
    { put: addresses.deployment(key, record.number), value: json(record), ifAbsent: true },
    { put: addresses.deploymentRef(key, record.id), value: { number: record.number }, ifAbsent: true },
    {
      put: addresses.app(key),
      value: json(next),
      ...(app === undefined ? { ifAbsent: true as const } : { ifVersion: app.version }),
    },
  ]
  // Of those that wait only the newest counts; the one it displaces never began.
  if (busy && base.next !== undefined) {
    const displaced = await findDeployment(deps, key, base.next)
    if (displaced !== undefined) {
      const value = {
        ...displaced.value,
        state: 'superseded',
        endedAtMs: nowMs,
        reason: `deployment ${record.number} took over`,
      }
      result.push({ put: addresses.deployment(key, base.next), value: json(value), ifVersion: displaced.version })
    }
  }
  return result
}
