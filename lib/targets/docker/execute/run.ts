/**
 * Runs of jobs are services in job mode. Removing such a service leaves its tasks running for good (measured on
 * 20.10: swarm wants them to complete), so a run is first told to want no completions, which ends them.
 */
import { EscaleError } from '../../../core/errors.ts'
import type { Executor, WriteContext } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import type { Service, Task } from '../engine/types/service.ts'
import { callOptions, found, isOfApp } from './deps.ts'
import type { ExecutorDeps } from './deps.ts'
import { serviceExecutor } from './service.ts'

const pollMs = 200

export function runExecutor(deps: ExecutorDeps): Executor {
  const service = serviceExecutor(deps)
  return {
    ...service,
    remove: async (entry, current, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const there = await found(engine.services.inspect(current?.nativeId ?? entry.nativeId ?? entry.name, options))
      if (there === undefined || !isOfApp(context, there.Spec.Labels)) return
      await endTasks(deps, engine, there, context)
      await service.remove({ ...entry, nativeId: there.ID }, current, context)
    },
  }
}

const isRunning = ({ Status: { State } }: Task): boolean =>
  !['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'].includes(State)

async function endTasks(deps: ExecutorDeps, engine: Engine, run: Service, context: WriteContext): Promise<void> {
  const running = async (): Promise<number> =>
    (await engine.tasks.list({ ...callOptions(deps, context), filters: { service: [run.ID] } })).filter(isRunning)
      .length
  if ((await running()) === 0) return
  if (run.Spec.Mode?.ReplicatedJob?.TotalCompletions !== 0) {
    const { TaskTemplate: template } = run.Spec
    const spec = {
      ...run.Spec,
      Mode: { ReplicatedJob: { ...run.Spec.Mode?.ReplicatedJob, TotalCompletions: 0 } },
      TaskTemplate: { ...template, ForceUpdate: (template.ForceUpdate ?? 0) + 1 },
    }
    await engine.services.update(run.ID, run.Version.Index, spec, callOptions(deps, context))
  }
  for (let left = await running(); left > 0; left = await running()) {
    if (context.signal.aborted || deps.clock.nowMs() + pollMs >= context.deadlineMs)
      throw new EscaleError('in-use', `${left} tasks of the run "${run.Spec.Name}" are still stopping`)
    await deps.clock.sleep(pollMs, context.signal)
  }
}
