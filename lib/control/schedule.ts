/** Fires scheduled jobs: each time once, however often it is looked at, and never more than five minutes late. */
import { derivedId } from '../core/ids.ts'
import type { AppKey } from '../model/app.ts'
import { isStopped } from '../model/effective.ts'
import type { RuntimeState, Release } from '../model/release.ts'
import { jobUnits, type JobUnit } from '../model/unit.ts'
import { nextCronMs } from './cron.ts'
import type { Deps } from './deps.ts'
import { json } from './load.ts'
import { addresses, type CronState, type RunRecord } from './records.ts'
import { recordRun, recordSkipped } from './runs-start.ts'

/** A time this long past is not made up for (MANIFEST, "Change"). */
const catchUpMs = 5 * 60_000

/** Fires what is due; answers when to look again, or undefined where nothing is scheduled. */
export async function fireSchedules(
  deps: Deps,
  key: AppKey,
  release: Release,
  runtime: RuntimeState,
  open: readonly RunRecord[],
  cancel: (run: RunRecord) => Promise<void>,
): Promise<number | undefined> {
  let next: number | undefined
  for (const job of jobUnits(release.spec)) {
    if (job.schedule === undefined || isStopped(job.name, runtime)) continue
    const at = await fireJob(deps, key, release, job, job.schedule, open, cancel)
    if (at !== undefined && (next === undefined || at < next)) next = at
  }
  return next
}

async function fireJob(
  deps: Deps,
  key: AppKey,
  release: Release,
  job: JobUnit,
  schedule: NonNullable<JobUnit['schedule']>,
  open: readonly RunRecord[],
  cancel: (run: RunRecord) => Promise<void>,
): Promise<number | undefined> {
  const nowMs = deps.clock.nowMs()
  const address = addresses.cron(key, job.name)
  const stored = await deps.store.get(address)
  const state = stored?.value as unknown as CronState | undefined
  const text = `${schedule.cron} ${schedule.timeZone}`
  // A new or changed schedule counts from now: what it would have done before is not its business.
  const seenToMs = state?.schedule === text ? state.seenToMs : nowMs
  let dueMs = nextCronMs(schedule.cron, schedule.timeZone, seenToMs)
  let lastMs = seenToMs
  let missed = 0
  let fireMs: number | undefined
  while (dueMs !== undefined && dueMs <= nowMs) {
    if (fireMs !== undefined || nowMs - dueMs > catchUpMs) missed++
    if (nowMs - dueMs <= catchUpMs) fireMs = dueMs
    lastMs = dueMs
    dueMs = nextCronMs(schedule.cron, schedule.timeZone, dueMs)
  }
  if (fireMs !== undefined) await fire(deps, key, release, job, schedule, fireMs, open, cancel)
  if (missed > 0) await recordSkipped(deps, key, job.name, `${missed} times had passed`)
  const seen: CronState = { schedule: text, seenToMs: lastMs }
  if (stored === undefined || state?.schedule !== text || state.seenToMs !== lastMs) {
    await deps.store.commit([{ put: address, value: json(seen), unconditional: true }])
  }
  return dueMs
}

async function fire(
  deps: Deps,
  key: AppKey,
  release: Release,
  job: JobUnit,
  schedule: NonNullable<JobUnit['schedule']>,
  scheduledAtMs: number,
  open: readonly RunRecord[],
  cancel: (run: RunRecord) => Promise<void>,
): Promise<void> {
  const running = open.filter((run) => run.job === job.name && run.trigger === 'schedule' && run.scheduledAtMs !== scheduledAtMs)
  if (running.length > 0 && schedule.concurrency === 'forbid') {
    await recordSkipped(deps, key, job.name, `the run before (${running[0]?.id}) is still open`)
    return
  }
  if (schedule.concurrency === 'replace') for (const run of running) await cancel(run)
  await recordRun(deps, {
    id: derivedId('run', key, job.name, scheduledAtMs),
    key,
    job: job.name,
    release: release.number,
    trigger: 'schedule',
    by: 'schedule',
    state: 'pending',
    createdAtMs: deps.clock.nowMs(),
    scheduledAtMs,
    failedInstances: 0,
  })
}
