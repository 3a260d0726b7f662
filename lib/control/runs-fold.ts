/** Facts about the runs of a deployment, from their records. */
import { derivedId } from '../core/ids.ts'
import type { Progress, RunFact } from '../plan/progress.ts'
import type { Deps } from './deps.ts'
import { findRun } from './load.ts'
import type { DeploymentRecord } from './records.ts'

/** The same deployment and job always make the same run (ruling D19). */
export const deploymentRunId = (deploymentId: string, job: string): string => derivedId('run', deploymentId, job)

export async function foldRuns(deps: Deps, progress: Progress, deployment: DeploymentRecord): Promise<Progress> {
  const runs: Record<string, RunFact> = { ...progress.runs }
  for (const [job, fact] of Object.entries(runs)) {
    if (fact.state !== 'running') continue
    const run = (await findRun(deps, deployment.key, fact.run ?? deploymentRunId(deployment.id, job)))?.value
    if (run === undefined || run.state === 'pending' || run.state === 'running') continue
    runs[job] = {
      ...fact,
      state: run.state === 'succeeded' ? 'succeeded' : 'failed',
      ...(run.exitCode === undefined ? {} : { exitCode: run.exitCode }),
      ...(run.reason === undefined ? {} : { reason: run.reason }),
    }
  }
  return { ...progress, runs }
}
