/** Runs of jobs. Swarm leaves a failed job at 0/1 for ever: that the attempts are used up is computed here (ruling D19). */
import type { ObservedRun, RunState } from '../../../model/observed.ts'
import type { Service, Task } from '../engine/types/service.ts'
import { mark } from '../labels.ts'
import { timeMs } from './tasks.ts'

export interface RunFacts {
  readonly service: Service
  readonly tasks: readonly Task[]
  readonly nowMs: number
}

interface RunStateOf {
  readonly state: RunState
  readonly reason?: string
}

const numberOf = (text: string | undefined, otherwise: number): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : otherwise

const hasFailed = ({ Status: { State } }: Task): boolean =>
  State === 'failed' || State === 'rejected' || State === 'orphaned'

export function observedRun({ service, tasks, nowMs }: RunFacts): ObservedRun {
  const labels = service.Spec.Labels ?? {}
  const completions = service.Spec.Mode?.ReplicatedJob?.TotalCompletions ?? 1
  const succeeded = tasks.filter(({ Status }) => Status.State === 'complete')
  const failed = tasks.filter(hasFailed)
  const startedAtMs = earliest(tasks.filter(hasStarted).map(({ CreatedAt }) => timeMs(CreatedAt)))
  const { state, reason } = stateOf({
    labels,
    completions,
    succeeded: succeeded.length,
    failed,
    tasks,
    nowMs,
    createdAtMs: timeMs(service.CreatedAt),
  })
  const ended = state === 'succeeded' || state === 'failed'
  const decisive = latest(state === 'failed' ? failed : succeeded)
  return {
    runId: labels[mark.run] ?? '',
    job: labels[mark.job] ?? '',
    state,
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(ended ? { endedAtMs: decisive === undefined ? nowMs : timeMs(decisive.Status.Timestamp) } : {}),
    succeeded: succeeded.length,
    failed: failed.length,
    ...(ended && decisive?.Status.ContainerStatus !== undefined
      ? { exitCode: decisive.Status.ContainerStatus.ExitCode }
      : {}),
    ...(reason === undefined ? {} : { reason }),
  }
}

const latest = (tasks: readonly Task[]): Task | undefined =>
  tasks.toSorted((a, b) => timeMs(a.Status.Timestamp) - timeMs(b.Status.Timestamp)).at(-1)

const hasStarted = ({ Status: { State } }: Task): boolean =>
  State === 'starting' || State === 'running' || State === 'complete' || State === 'failed' || State === 'shutdown'

const earliest = (times: readonly number[]): number | undefined => (times.length === 0 ? undefined : Math.min(...times))

interface Counted {
  readonly labels: Readonly<Record<string, string>>
  readonly completions: number
  readonly succeeded: number
  readonly failed: readonly Task[]
  readonly tasks: readonly Task[]
  readonly nowMs: number
  readonly createdAtMs: number
}

function stateOf({ labels, completions, succeeded, failed, tasks, nowMs, createdAtMs }: Counted): RunStateOf {
  // How a run is ended before its time, see its executor.
  if (completions === 0) return { state: 'failed', reason: 'it was ended' }
  if (succeeded >= completions) return { state: 'succeeded' }
  const retries = numberOf(labels[mark.retries], 0)
  const reason = failed.at(-1)?.Status.Err
  if (exhausted(failed, retries)) return { state: 'failed', ...(reason === undefined ? {} : { reason }) }
  const timeoutMs = numberOf(labels[mark.timeoutMs], Number.POSITIVE_INFINITY)
  if (nowMs - createdAtMs > timeoutMs) return { state: 'failed', reason: `it did not end within ${timeoutMs} ms` }
  const state = tasks.some(hasStarted) ? 'running' : 'pending'
  const waiting = tasks.find(({ Status }) => Status.State === 'pending')?.Status
  const why = reason ?? waiting?.Err ?? waiting?.Message
  return { state, ...(why === undefined || why === '' ? {} : { reason: why }) }
}

/** One completion that has failed more often than it may be tried again ends the run. */
function exhausted(failed: readonly Task[], retries: number): boolean {
  const bySlot = new Map<number, number>()
  for (const { Slot = 0 } of failed) bySlot.set(Slot, (bySlot.get(Slot) ?? 0) + 1)
  return [...bySlot.values()].some((count) => count > retries)
}
