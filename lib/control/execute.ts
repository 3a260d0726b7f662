/**
 * Runs the steps that may run now: intents are journalled before the first call, results after the last;
 * each call has a deadline and is never repeated within a pass (rulings A3, D1, D6).
 */
import { EscaleError, problem } from '../core/errors.ts'
import type { Observed, ObservedResource } from '../model/observed.ts'
import type { ResourceId } from '../model/resource.ts'
import type { Problem } from '../core/problems.ts'
import type { WriteFact } from '../plan/progress.ts'
import type { Step, WriteStep } from '../plan/step.ts'
import type { IdentityEntry, WriteContext, WriteResult } from '../targets/target.ts'
import type { Lease, Stored } from '../store/store.ts'
import { beginRollback, endDeployment } from './endings.ts'
import { type NewEvent, recordAppEvents } from './events.ts'
import type { Attempt, PassResult } from './attempt.ts'
import { holdLease, mayCall } from './lease.ts'
import type { DeploymentRecord } from './records.ts'
import { revealPinned } from '../vault/secrets.ts'
import { startDeploymentRun } from './runs-start.ts'
import { saveDeployment } from './save.ts'

/** Calls under way at once for one app. */
const width = 8
/** A write that was refused this often is not tried again. */
const maxAttempts = 4

type WriteOutcome =
  | { readonly kind: 'done'; readonly step: WriteStep; readonly result: WriteResult }
  | { readonly kind: 'removed'; readonly step: WriteStep }
  | { readonly kind: 'failed'; readonly step: WriteStep; readonly error: EscaleError }
  /** Not begun: the lease would not have outlived it. The next pass comes to it. */
  | { readonly kind: 'left'; readonly step: WriteStep }

export async function executeSteps(
  attempt: Attempt,
  current: Stored<DeploymentRecord>,
  steps: readonly Step[],
): Promise<PassResult> {
  const { deps } = attempt
  const writes = steps.filter((step) => step.kind === 'write')
  const jobs = steps.filter((step) => step.kind === 'run' || step.kind === 'verify')
  const lease = await holdLease(deps, attempt.lease)
  let journalled = await journalIntents(attempt, current, writes)
  const outcomes = await inParallel(writes, width, (step) => write(attempt, lease, step))
  journalled = await journalResults(attempt, journalled, outcomes)
  await recordWrites(attempt, outcomes)
  for (const step of jobs) journalled = await startDeploymentRun(attempt, journalled, step.job, step.kind)
  return await afterwards(attempt, journalled, outcomes)
}

interface Journalled {
  readonly deployment: Stored<DeploymentRecord>
  readonly app: Attempt['app']
}

/** The intent enters the journal and the identity map before the call: a crash leaves no orphan (ruling D6). */
async function journalIntents(
  attempt: Attempt,
  current: Stored<DeploymentRecord>,
  writes: readonly WriteStep[],
): Promise<Journalled> {
  const { deps, lease, app, progress, desired, observed } = attempt
  const nowMs = deps.clock.nowMs()
  const facts: Record<string, WriteFact> = { ...progress.writes }
  const identity: Record<string, IdentityEntry> = { ...app.value.identity }
  for (const step of writes) {
    facts[step.id] = {
      resource: step.resource,
      direction: progress.direction,
      attempts: (facts[step.id]?.attempts ?? 0) + 1,
      intentAtMs: nowMs,
      // What failed before this try is not the write's failure: an earlier try that took effect would have been seen.
      failedBefore: failedOf(observed, step.resource),
      ...(step.intent === undefined ? {} : { intent: step.intent }),
    }
    const resource = desired.find((candidate) => candidate.id === step.resource)
    if (resource === undefined) continue
    identity[step.resource] = {
      ...identity[step.resource],
      kind: resource.kind,
      name: resource.name,
      holdsData: resource.holdsData,
      ...(resource.unit === undefined ? {} : { unit: resource.unit }),
    }
  }
  const saved = await saveDeployment(
    deps,
    lease,
    current,
    { progress: { ...progress, writes: facts }, state: progress.direction === 'forward' ? 'running' : 'rollingBack' },
    { stored: app, change: { identity } },
  )
  return { deployment: saved.deployment, app: saved.app ?? app }
}

const failedOf = (observed: Observed, resource: ResourceId): readonly string[] =>
  observed.units
    .filter((unit) => unit.resource === resource)
    .flatMap((unit) =>
      unit.instances.filter((instance) => instance.state === 'failed').map((instance) => instance.nativeId),
    )

async function write(attempt: Attempt, lease: Lease, step: WriteStep): Promise<WriteOutcome> {
  if (!mayCall(attempt.deps, lease)) return { kind: 'left', step }
  const { deps, prepared, desired, observed, app } = attempt
  const executor = prepared.target.executors[step.resourceKind]
  const seen = observed.resources.find((resource) => resource.id === step.resource)
  const context: WriteContext = {
    site: prepared.site,
    key: attempt.key,
    release: prepared.input.release,
    deadlineMs: deps.clock.nowMs() + deps.settings.callDeadlineMs,
    signal: AbortSignal.timeout(deps.settings.callDeadlineMs),
    pace: attempt.progress.direction === 'rollback' && immediately(attempt, step) ? 'immediate' : 'declared',
    reveal: revealPinned(deps.vault, prepared.input.release.key, prepared.input.release.secretVersions),
  }
  try {
    if (executor === undefined)
      throw new EscaleError('internal-error', `nothing writes resources of kind ${step.resourceKind}`)
    if (step.action === 'remove') {
      const entry = app.value.identity[step.resource]
      if (entry !== undefined) await executor.remove(entry, seen, context)
      return { kind: 'removed', step }
    }
    const resource = desired.find((candidate) => candidate.id === step.resource)
    if (resource === undefined)
      throw new EscaleError('internal-error', `step ${step.id} writes nothing that is desired`)
    return { kind: 'done', step, result: await perform(step, resource) }
  } catch (error) {
    const coded =
      error instanceof EscaleError ? error : new EscaleError('internal-error', messageOf(error), { cause: error })
    return { kind: 'failed', step, error: coded }
  }

  async function perform(toDo: WriteStep, resource: Attempt['desired'][number]): Promise<WriteResult> {
    if (seen === undefined || toDo.action === 'create') return await executor!.create(resource, context)
    if (toDo.action === 'replace') {
      await executor!.remove(entryOf(resource, seen), seen, context)
      return await executor!.create(resource, context)
    }
    return await executor!.update(resource, seen, context)
  }
}

const entryOf = (resource: Attempt['desired'][number], seen: ObservedResource): IdentityEntry => ({
  kind: resource.kind,
  name: seen.name,
  nativeId: seen.nativeId,
  holdsData: resource.holdsData,
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** `rollback: {speed: rolling}` keeps the unit's own rhythm on the way back. */
function immediately(attempt: Attempt, step: WriteStep): boolean {
  const unit = attempt.prepared.input.release.spec.units.find((candidate) => candidate.name === step.unit)
  return unit?.kind !== 'service' || unit.update.rollback.speed === 'immediate'
}

async function journalResults(
  attempt: Attempt,
  journalled: Journalled,
  outcomes: readonly WriteOutcome[],
): Promise<Journalled> {
  if (outcomes.length === 0) return journalled
  const { deps, lease } = attempt
  const nowMs = deps.clock.nowMs()
  const { progress } = journalled.deployment.value
  const facts: Record<string, WriteFact> = { ...progress.writes }
  const identity: Record<string, IdentityEntry> = { ...journalled.app.value.identity }
  for (const outcome of outcomes) {
    const { step } = outcome
    const fact = facts[step.id]
    if (fact === undefined) continue
    if (outcome.kind === 'removed') {
      facts[step.id] = { ...fact, doneAtMs: nowMs }
      delete identity[step.resource]
    } else if (outcome.kind === 'done') {
      const { nativeId, version, rollout } = outcome.result
      facts[step.id] = {
        ...fact,
        doneAtMs: nowMs,
        ...(nativeId === undefined ? {} : { nativeId }),
        ...(version === undefined ? {} : { version }),
        ...(rollout === undefined ? {} : { rollout }),
      }
      const entry = identity[step.resource]
      if (entry !== undefined) {
        identity[step.resource] = {
          ...entry,
          ...(nativeId === undefined ? {} : { nativeId }),
          ...(step.intent === undefined ? {} : { intent: step.intent }),
        }
      }
    }
  }
  const saved = await saveDeployment(
    deps,
    lease,
    journalled.deployment,
    { progress: { ...progress, writes: facts } },
    { stored: journalled.app, change: { identity } },
  )
  return { deployment: saved.deployment, app: saved.app ?? journalled.app }
}

async function recordWrites(attempt: Attempt, outcomes: readonly WriteOutcome[]): Promise<void> {
  const { by } = attempt.deployment.value
  const events = outcomes.flatMap((outcome): NewEvent[] => {
    if (outcome.kind === 'failed' || outcome.kind === 'left') return []
    const { step } = outcome
    const type =
      step.action === 'create' ? 'resource.created' : step.action === 'remove' ? 'resource.removed' : 'resource.updated'
    return [
      {
        type,
        about: step.resource,
        actor: by,
        reason: step.because,
        data: { name: step.name, kind: step.resourceKind },
      },
    ]
  })
  await recordAppEvents(attempt.deps, attempt.key, events)
}

/** What a failed call means: try again later, or turn back. */
async function afterwards(
  attempt: Attempt,
  journalled: Journalled,
  outcomes: readonly WriteOutcome[],
): Promise<PassResult> {
  const { deps, lease, progress } = attempt
  const failed = outcomes.filter((outcome) => outcome.kind === 'failed')
  if (failed.length === 0) return { kind: 'progress' }
  const nowMs = deps.clock.nowMs()
  const final = failed.filter(({ step, error }) => {
    const attempts = journalled.deployment.value.progress.writes[step.id]?.attempts ?? 1
    return isFinal(error) || (!passesByItself(error) && attempts >= maxAttempts)
  })
  if (final.length === 0) {
    const most = Math.max(
      ...failed.map(({ step }) => journalled.deployment.value.progress.writes[step.id]?.attempts ?? 1),
    )
    for (const { step, error } of failed) {
      deps.log.warn('write put off', { step: step.title, code: error.code, reason: error.message })
    }
    return { kind: 'again', atMs: nowMs + Math.min(30_000, 250 * 2 ** Math.min(most, 7)) }
  }
  const problems: Problem[] = final.map(({ step, error }) =>
    problem(error.code, `${step.title}: ${error.message}`, step.unit === undefined ? {} : { path: step.unit }),
  )
  const reason = problems[0]?.message ?? 'a write failed'
  if (progress.direction === 'rollback') {
    return await endDeployment(deps, lease, journalled.app, journalled.deployment, 'rollbackFailed', problems, reason)
  }
  return await beginRollback(deps, lease, journalled.app, journalled.deployment, problems, reason)
}

/** Refusals that no second try would change. */
const isFinal = (error: EscaleError): boolean =>
  [
    'name-taken',
    'backend-cannot',
    'needs-grant',
    'secret-missing',
    'image-not-found',
    'image-platform',
    'internal-error',
  ].includes(error.code)

/** The engine is away, slow, or somebody wrote first: as long as it takes. */
const passesByItself = (error: EscaleError): boolean =>
  ['unreachable', 'timed-out', 'version-conflict', 'in-use', 'store-conflict'].includes(error.code)

async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await run(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker))
  return results
}
