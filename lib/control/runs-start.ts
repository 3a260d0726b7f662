/** Puts a run on record. Its native object is made by the tick, so that a crash in between costs nothing. */
import { EscaleError } from '../core/errors.ts'
import type { AppKey } from '../model/app.ts'
import type { Stored, Operation } from '../store/store.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { json } from './load.ts'
import type { Attempt } from './attempt.ts'
import { addresses, type AppRecord, type DeploymentRecord, type RunRecord } from './records.ts'
import { deploymentRunId } from './runs-fold.ts'
import { saveDeployment } from './save.ts'

export const runOperations = (run: RunRecord): readonly Operation[] => [
  { put: addresses.run(run.key, run.id), value: json(run), ifAbsent: true },
  { put: addresses.openRun(run.key, run.id), value: { job: run.job }, unconditional: true },
  {
    put: addresses.runOfJob(run.key, run.job, run.createdAtMs, run.id),
    value: { id: run.id },
    unconditional: true,
  },
]

export async function startDeploymentRun(
  attempt: Attempt,
  journalled: { readonly deployment: Stored<DeploymentRecord>; readonly app: Stored<AppRecord> },
  job: string,
  trigger: 'run' | 'verify',
): Promise<{ readonly deployment: Stored<DeploymentRecord>; readonly app: Stored<AppRecord> }> {
  const { deps, key, lease } = attempt
  const record = journalled.deployment.value
  const known = record.progress.runs[job]
  if (known !== undefined) return journalled
  const nowMs = deps.clock.nowMs()
  const run: RunRecord = {
    id: deploymentRunId(record.id, job),
    key,
    job,
    release: attempt.release.number,
    trigger: trigger === 'verify' ? 'verify' : 'release',
    by: record.by,
    state: 'pending',
    createdAtMs: nowMs,
    failedInstances: 0,
  }
  const runs = { ...record.progress.runs, [job]: { state: 'running' as const, startedAtMs: nowMs } }
  const saved = await saveDeployment(
    deps,
    lease,
    journalled.deployment,
    { progress: { ...record.progress, runs } },
    undefined,
    runOperations(run),
  )
  return { deployment: saved.deployment, app: journalled.app }
}

/** Records a run outside any deployment; answers the run that stands under the id. */
export async function recordRun(deps: Deps, run: RunRecord): Promise<RunRecord> {
  const result = await deps.store.commit(runOperations(run))
  if (result.ok) return run
  const there = await deps.store.get(addresses.run(run.key, run.id))
  if (there === undefined)
    throw new EscaleError('version-conflict', `run ${run.id} was recorded by somebody else in between`)
  return there.value as unknown as RunRecord
}

export async function recordSkipped(deps: Deps, key: AppKey, job: string, reason: string): Promise<void> {
  await recordAppEvents(deps, key, [{ type: 'run.skipped', about: job, actor: 'schedule', reason }])
}
