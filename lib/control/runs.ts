/** Starting and cancelling runs of jobs by hand. */
import { EscaleError, problem, refuse } from '../core/errors.ts'
import { randomId } from '../core/ids.ts'
import { type AppKey, appKeyText } from '../model/app.ts'
import { jobUnits } from '../model/unit.ts'
import type { Actor } from './actor.ts'
import type { Deps } from './deps.ts'
import { needApp, needRelease } from './load.ts'
import { getRun } from './queries.ts'
import type { RunRecord } from './records.ts'
import { cancelRun as requestEnd } from './runs-cancel.ts'
import { recordRun } from './runs-start.ts'
import { recordAndWake } from './wake.ts'

export interface RunOptions {
  /** Instead of the job's own command. */
  readonly command?: readonly string[]
  /** Beside and over the job's own variables. */
  readonly env?: Readonly<Record<string, string>>
}

export async function startRun(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  job: string,
  options: RunOptions,
): Promise<RunRecord> {
  const app = (await needApp(deps, key)).value
  if (app.current === undefined || app.removedAtMs !== undefined) {
    throw new EscaleError('wrong-state', `${appKeyText(key)} has no release that stands; deploy it first`)
  }
  const release = await needRelease(deps, key, app.current)
  const jobs = jobUnits(release.spec).map((unit) => unit.name)
  if (!jobs.includes(job)) {
    refuse([problem('unknown-reference', `there is no job ${JSON.stringify(job)}`, { value: job, allowed: jobs })])
  }
  const run: RunRecord = {
    id: randomId('run', deps.random),
    key,
    job,
    release: release.number,
    trigger: 'manual',
    by: actor.subject,
    state: 'pending',
    createdAtMs: deps.clock.nowMs(),
    failedInstances: 0,
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.env === undefined ? {} : { env: options.env }),
  }
  return await recordAndWake(deps, key, () => recordRun(deps, run))
}

export async function cancelRun(deps: Deps, actor: Actor, key: AppKey, id: string): Promise<RunRecord> {
  const run = await getRun(deps, key, id)
  if (run.endedAtMs !== undefined) throw new EscaleError('wrong-state', `run ${id} has ended: ${run.state}`)
  await recordAndWake(deps, key, () => requestEnd(deps, key, id, actor.subject))
  return await getRun(deps, key, id)
}
