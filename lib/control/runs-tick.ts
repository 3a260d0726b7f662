/** One pass over the runs of one app: start what is on record, follow what runs, collect what has ended. */
import { EscaleError } from '../core/errors.ts'
import type { AppKey } from '../model/app.ts'
import type { ObservedRun } from '../model/observed.ts'
import type { Release } from '../model/release.ts'
import { jobUnits, type JobUnit } from '../model/unit.ts'
import type { Resource } from '../model/resource.ts'
import type { Lease, Stored } from '../store/store.ts'
import { unwatchedMs } from '../plan/rebase.ts'
import type { WriteContext } from '../targets/target.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { commitOrThrow, findApp, findDeployment, findRelease, findRun, json } from './load.ts'
import { holdLease } from './lease.ts'
import { type Prepared, prepare } from './prepare.ts'
import { addresses, type AppRecord, type EndedRun, type RunRecord } from './records.ts'
import { revealPinned } from '../vault/secrets.ts'
import { cancelRun } from './runs-cancel.ts'
import { fireSchedules } from './schedule.ts'
import type { PassResult } from './attempt.ts'

/** The cluster may forget a run; we look at least this often (ruling D19). */
const pollMs = 2_000
/** A run that was started and cannot be seen for this long is lost. */
const lostMs = 60_000
/** Looks are put on record no more often than this. */
const noteLookMs = 30_000

interface Work {
  readonly deps: Deps
  readonly key: AppKey
  readonly lease: Lease
  readonly app: AppRecord
  /** The app is gone, or on its way: what its runs left holds on to its networks. */
  readonly leaving: boolean
  readonly prepared: Map<number, Prepared>
}

export async function passRuns(deps: Deps, key: AppKey, lease: Lease): Promise<PassResult> {
  const app = (await findApp(deps, key))?.value
  if (app === undefined) return { kind: 'done' }
  const leaving = app.removedAtMs !== undefined || (await isBeingRemoved(deps, app))
  const work: Work = { deps, key, lease, app, leaving, prepared: new Map() }
  const release = app.current === undefined ? undefined : await findRelease(deps, key, app.current)
  let open = await openRuns(work)
  const dueMs =
    release === undefined || leaving
      ? undefined
      : await fireSchedules(
          deps,
          key,
          release,
          app.runtime,
          open.map((run) => run.value),
          (run) => cancelRun(deps, key, run.id, 'schedule'),
        )
  open = await openRuns(work)
  const moved = open.length === 0 ? false : await follow(work, open)
  if (moved) return { kind: 'progress' }
  const collectMs = await collect(work)
  const next = [open.length > 0 ? deps.clock.nowMs() + pollMs : undefined, dueMs, collectMs].filter(
    (at) => at !== undefined,
  )
  return next.length === 0 ? { kind: 'done' } : { kind: 'again', atMs: Math.min(...next) }
}

async function isBeingRemoved(deps: Deps, app: AppRecord): Promise<boolean> {
  const active = app.active === undefined ? undefined : (await findDeployment(deps, app.key, app.active))?.value
  return active?.kind === 'remove' && active.progress.direction === 'forward'
}

async function openRuns(work: Work): Promise<readonly Stored<RunRecord>[]> {
  const { collection, partition } = addresses.openRun(work.key, '')
  const page = await work.deps.store.list(collection, partition, { limit: 100 })
  const runs = await Promise.all(page.items.map((item) => findRun(work.deps, work.key, item.id)))
  // Those that are to end come first: what replaces one must not meet it.
  return runs
    .filter((run) => run !== undefined)
    .sort((a, b) => Number(b.value.cancelledBy !== undefined) - Number(a.value.cancelledBy !== undefined))
}

async function preparedFor(
  work: Work,
  number: number,
): Promise<{ readonly release: Release; readonly prepared: Prepared } | undefined> {
  const release = await findRelease(work.deps, work.key, number)
  if (release === undefined) return undefined
  const known = work.prepared.get(number)
  const prepared = known ?? (await prepare(work.deps, work.key, release, work.app.runtime, work.app.identity))
  work.prepared.set(number, prepared)
  return { release, prepared }
}

/** Answers whether anything changed. */
async function follow(work: Work, open: readonly Stored<RunRecord>[]): Promise<boolean> {
  const { deps, key, app } = work
  const target = await deps.target(app.cluster)
  const site = { installId: deps.installId, cluster: app.cluster }
  const observed = await target.observe(site, key, app.identity, AbortSignal.timeout(deps.settings.callDeadlineMs))
  let moved = false
  for (const run of open) {
    const seen = observed.runs.find((candidate) => candidate.runId === run.value.id)
    if (await followOne(work, run, seen)) moved = true
  }
  return moved
}

async function followOne(work: Work, run: Stored<RunRecord>, seen: ObservedRun | undefined): Promise<boolean> {
  const { deps } = work
  const record = run.value
  const found = await preparedFor(work, record.release)
  const job =
    found === undefined
      ? undefined
      : jobUnits(found.prepared.input.release.spec).find((unit) => unit.name === record.job)
  if (found === undefined || job === undefined) {
    return await end(work, run, undefined, {
      state: 'failed',
      reason: `release ${record.release} has no job ${record.job}`,
    })
  }
  if (record.cancelledBy !== undefined) {
    await removeNative(work, found.prepared, job, record)
    return await end(work, run, job, { state: 'cancelled', reason: `cancelled by ${record.cancelledBy}` })
  }
  const nowMs = deps.clock.nowMs()
  if (record.state === 'pending' || (seen === undefined && record.startedAtMs === undefined)) {
    return await startNative(work, run, found.prepared, job)
  }
  const startedAtMs = await watched(work, run, nowMs)
  if (seen === undefined) {
    if (nowMs - startedAtMs < lostMs) return false
    return await end(work, run, job, { state: 'failed', reason: 'the cluster knows nothing of it any more' })
  }
  if (seen.state === 'succeeded' || seen.state === 'failed') {
    return await end(work, run, job, {
      state: seen.state,
      failedInstances: seen.failed,
      ...(seen.exitCode === undefined ? {} : { exitCode: seen.exitCode }),
      ...(seen.reason === undefined ? {} : { reason: seen.reason }),
      ...(seen.endedAtMs === undefined ? {} : { endedAtMs: seen.endedAtMs }),
    })
  }
  if (job.timeoutMs !== undefined && nowMs - startedAtMs > job.timeoutMs) {
    await removeNative(work, found.prepared, job, record)
    return await end(work, run, job, {
      state: 'failed',
      reason: `it took longer than its timeout of ${job.timeoutMs / 1000} s`,
    })
  }
  return false
}

/**
 * When the run began, for its time limits: time that nobody watched is left out, so that neither a clock
 * that jumps nor a platform that was away ends a run.
 */
async function watched(work: Work, run: Stored<RunRecord>, nowMs: number): Promise<number> {
  const { deps, key, lease } = work
  const { startedAtMs = nowMs, lookedAtMs = startedAtMs } = run.value
  const shiftMs = unwatchedMs(lookedAtMs, nowMs)
  if (shiftMs === 0 && nowMs - lookedAtMs < noteLookMs) return startedAtMs
  const value = json({ ...run.value, startedAtMs: startedAtMs + shiftMs, lookedAtMs: nowMs })
  await commitOrThrow(deps, [
    { fence: lease.name, ifFence: lease.fence },
    { put: addresses.run(key, run.id), value, ifVersion: run.version },
  ])
  return startedAtMs + shiftMs
}

function native(prepared: Prepared, job: JobUnit, record: RunRecord): Resource {
  const main = {
    ...job.main,
    ...(record.command === undefined ? {} : { command: record.command }),
    env: {
      ...job.main.env,
      ...Object.fromEntries(
        Object.entries(record.env ?? {}).map(([name, text]) => [name, { kind: 'text' as const, text }]),
      ),
    },
  }
  return prepared.target.renderRun(prepared.input, { runId: record.id, job: { ...job, main } })
}

function contextOf(work: Work, prepared: Prepared): WriteContext {
  const { deps, key } = work
  return {
    site: prepared.site,
    key,
    release: prepared.input.release,
    deadlineMs: deps.clock.nowMs() + deps.settings.callDeadlineMs,
    signal: AbortSignal.timeout(deps.settings.callDeadlineMs),
    pace: 'declared',
    reveal: revealPinned(deps.vault, prepared.input.release.key, prepared.input.release.secretVersions),
  }
}

async function startNative(work: Work, run: Stored<RunRecord>, prepared: Prepared, job: JobUnit): Promise<boolean> {
  const { deps, key } = work
  const resource = native(prepared, job, run.value)
  const executor = prepared.target.executors[resource.kind]
  if (executor === undefined)
    throw new EscaleError('internal-error', `nothing writes resources of kind ${resource.kind}`)
  await holdLease(deps, work.lease)
  try {
    await executor.create(resource, contextOf(work, prepared))
  } catch (error) {
    if (!(error instanceof EscaleError) || ['unreachable', 'timed-out', 'version-conflict'].includes(error.code))
      throw error
    return await end(work, run, job, { state: 'failed', reason: error.message })
  }
  const startedAtMs = deps.clock.nowMs()
  const saved = await deps.store.commit([
    { fence: work.lease.name, ifFence: work.lease.fence },
    {
      put: addresses.run(key, run.id),
      value: json({ ...run.value, state: 'running', startedAtMs }),
      ifVersion: run.version,
    },
  ])
  if (saved.ok)
    await recordAppEvents(deps, key, [
      { type: 'run.started', about: run.value.job, actor: run.value.by, data: { run: run.id } },
    ])
  return true
}

async function removeNative(work: Work, prepared: Prepared, job: JobUnit, record: RunRecord): Promise<void> {
  await holdLease(work.deps, work.lease)
  const resource = native(prepared, job, record)
  const entry = { kind: resource.kind, name: resource.name, holdsData: false }
  await prepared.target.executors[resource.kind]?.remove(entry, undefined, contextOf(work, prepared))
}

type End = Pick<RunRecord, 'state'> & Partial<RunRecord>

async function end(work: Work, run: Stored<RunRecord>, job: JobUnit | undefined, change: End): Promise<boolean> {
  const { deps, key } = work
  const endedAtMs = change.endedAtMs ?? deps.clock.nowMs()
  const ended: EndedRun = { job: run.value.job, endedAtMs, collectAtMs: endedAtMs + (job?.keepForMs ?? 0) }
  const saved = await deps.store.commit([
    { put: addresses.run(key, run.id), value: json({ ...run.value, ...change, endedAtMs }), ifVersion: run.version },
    { remove: addresses.openRun(key, run.id), unconditional: true },
    { put: addresses.endedRun(key, run.id), value: json(ended), unconditional: true },
  ])
  if (!saved.ok) return true
  const type = { succeeded: 'run.succeeded', failed: 'run.failed', cancelled: 'run.cancelled' } as const
  if (change.state === 'succeeded' || change.state === 'failed' || change.state === 'cancelled') {
    await recordAppEvents(deps, key, [
      {
        type: type[change.state],
        about: run.value.job,
        actor: run.value.by,
        ...(change.reason === undefined ? {} : { reason: change.reason }),
        data: { run: run.id, ...(change.exitCode === undefined ? {} : { exitCode: change.exitCode }) },
      },
    ])
  }
  return true
}

/** Removes the native remains of runs beyond `history` or older than `keepFor`; answers when the next one is due. */
async function collect(work: Work): Promise<number | undefined> {
  const { deps, key } = work
  const { collection, partition } = addresses.endedRun(key, '')
  const page = await deps.store.list(collection, partition, { limit: 200 })
  const ended = page.items
    .map((item) => ({ id: item.id, ...(item.value as unknown as EndedRun) }))
    .sort((a, b) => b.endedAtMs - a.endedAtMs)
  const nowMs = deps.clock.nowMs()
  const kept = new Map<string, number>()
  let next: number | undefined
  for (const item of ended) {
    const run = await findRun(deps, key, item.id)
    const found = run === undefined ? undefined : await preparedFor(work, run.value.release)
    const job =
      found === undefined
        ? undefined
        : jobUnits(found.prepared.input.release.spec).find((unit) => unit.name === item.job)
    const count = kept.get(item.job) ?? 0
    if (job !== undefined && count < job.history && item.collectAtMs > nowMs && !work.leaving) {
      kept.set(item.job, count + 1)
      next = Math.min(next ?? item.collectAtMs, item.collectAtMs)
      continue
    }
    if (run !== undefined && found !== undefined && job !== undefined)
      await removeNative(work, found.prepared, job, run.value)
    await deps.store.commit([{ remove: addresses.endedRun(key, item.id), unconditional: true }])
  }
  return next
}
