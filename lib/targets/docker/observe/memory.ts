/**
 * Whether a container ran out of memory: a task only says "non-zero exit (137)", its container knows (measured).
 * An ended container never changes, so each is asked once; the newest of a pass suffice.
 */
import type { Engine } from '../engine/engine.ts'
import { isEngineError } from '../engine/errors.ts'
import type { Task } from '../engine/types/service.ts'
import { killedExitCode } from './tasks.ts'

export type OutOfMemory = (
  engine: Engine,
  tasks: readonly Task[],
  signal: AbortSignal,
) => Promise<(containerId: string) => boolean>

/** Calls that one pass may spend on this. */
const perPass = 3
const remembered = 512

export function outOfMemoryFinder(): OutOfMemory {
  const known = new Map<string, boolean>()
  return async (engine, tasks, signal) => {
    const suspects = tasks
      .filter(({ Status }) => Status.State === 'failed' && Status.ContainerStatus?.ExitCode === killedExitCode)
      .toSorted((a, b) => (a.Status.Timestamp < b.Status.Timestamp ? 1 : -1))
      .flatMap(({ Status }) => (Status.ContainerStatus === undefined ? [] : [Status.ContainerStatus.ContainerID]))
      .filter((id) => !known.has(id))
      .slice(0, perPass)
    await Promise.all(
      suspects.map(async (id) => {
        known.set(id, await ranOutOfMemory(engine, id, signal))
      }),
    )
    for (const id of [...known.keys()].slice(0, Math.max(0, known.size - remembered))) known.delete(id)
    return (id) => known.get(id) === true
  }
}

/** A container of another machine, or one that is gone, tells nothing. */
async function ranOutOfMemory(engine: Engine, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await engine.containers.inspect(id, { signal })).State.OOMKilled
  } catch (error) {
    if (isEngineError(error, 'notFound')) return false
    throw error
  }
}
