/** Fires scheduled jobs: each time once, however often it is looked at, and never more than five minutes late. */
import { derivedId } from '../core/ids.ts'
import type { AppKey } from '../model/app.ts'
import { isStopped } from '../model/effective.ts'
import type { RuntimeState, Release } from '../model/release.ts'
import { jobUnits, type JobUnit } from '../model/unit.ts'
import { maxPage } from '../store/store.ts'
import { nextCronMs } from './cron.ts'
import type { Deps } from './deps.ts'
import { json } from './load.ts'
import { addresses, type CronState, type RunRecord } from './records.ts'
import { recordRun, recordSkipped } from './runs-start.ts'

/** A time this long past is not made up for (MANIFEST, "Change"). */
const catchUpMs = 5 * 60_000
const maxMissedCounted = 1_000

/** Fires what is due; answers when to look again, or undefined where nothing is scheduled. */
export async function fireSchedules(
  deps: Deps,
  key: AppKey,
  release: Release,
  runtime: RuntimeState,
  open: readonly RunRecord[],
  cancel: (run: RunRecord) => Promise<void>,
): Promise<number | undefined> {
  const { collection, partition } = addresses.cron(key, '')
  const page = await deps.store.list<CronState>(collection, partition, { limit: maxPage })
  const states = new Map(page.items.map((item) => [item.id, item.value]))
  let next: number | undefined
  for (const job of jobUnits(release.spec)) {
    if (job.schedule === undefined || isStopped(job.name, runtime)) continue
    const at = await fireJob(deps, key, release, job, job.schedule, states.get(job.name), open, cancel)
    states.delete(job.name)
    if (at !== undefined && (next === undefined || at < next)) next = at
  }
  // What is stopped or gone starts anew when it comes back: the times in between were nobody's wish.
  for (const job of states.keys()) await deps.store.commit([{ remove: addresses.cron(key, job), unconditional: true }])
  return next
}

async function fireJob(
  deps: Deps,
  key: AppKey,
  release: Release,
  job: JobUnit,
  schedule: NonNullable<JobUnit['schedule']>,
  state: CronState | undefined,
  open: readonly RunRecord[],
  cancel: (run: RunRecord) => Promise<void>,
): Promise<number | undefined> {
  const nowMs = deps.clock.nowMs()
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
    // After a long absence the count is not worth the counting.
    const leap = missed >= maxMissedCounted && nowMs - dueMs > 2 * catchUpMs
    dueMs = nextCronMs(schedule.cron, schedule.timeZone, leap ? nowMs - catchUpMs - 1 : dueMs)
  }
  if (fireMs !== undefined) await fire(deps, key, release, job, schedule, fireMs, open, cancel)
  if (missed > 0)
    await recordSkipped(
      deps,
      key,
      job.name,
      missed > maxMissedCounted ? `more than ${maxMissedCounted} times had passed` : `${missed} times had passed`,
    )
  const seen: CronState = { schedule: text, seenToMs: lastMs }
  if (state?.schedule !== text || state.seenToMs !== lastMs) {
    await deps.store.commit([{ put: addresses.cron(key, job.name), value: json(seen), unconditional: true }])
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
  const running = open.filter(
    (run) => run.job === job.name && run.trigger === 'schedule' && run.scheduledAtMs !== scheduledAtMs,
  )
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
