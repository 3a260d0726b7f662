/** What a simulated cluster shows of one app. */
import type { Observed, ObservedInstance, ObservedRun, ObservedUnit } from '../../model/observed.ts'
import { serviceBody } from './body.ts'
import { isReady } from './simulate.ts'
import type { MemoryInstance, MemoryRun, World } from './world.ts'

export function observeMemory(
  seen: { readonly world: World; readonly atMs: number },
  installId: string,
  app: string,
): Observed {
  const { world, atMs: nowMs } = seen
  const ours = [...world.objects.values()].filter(
    (object) => object.owner.installId === installId && object.owner.app === app,
  )
  const units: ObservedUnit[] = []
  for (const object of ours) {
    if (object.kind !== 'service') continue
    const unit = object.unit ?? object.name
    const rollout = world.rollouts.get(object.name)
    const { replicas } = serviceBody(object.body)
    units.push({
      unit,
      resource: object.resource,
      ...(replicas === null ? {} : { desired: replicas }),
      ...(rollout === undefined
        ? {}
        : {
            rollout: {
              id: rollout.id,
              state: rollout.state,
              ...(rollout.reason === undefined ? {} : { reason: rollout.reason }),
            },
          }),
      instances: (world.instances.get(object.name) ?? []).map((instance) => instanceOf(instance, unit, nowMs)),
    })
  }
  return {
    atMs: nowMs,
    resources: ours
      .filter((object) => object.kind !== 'job')
      .map((object) => ({
        id: object.resource,
        kind: object.kind,
        name: object.name,
        nativeId: object.nativeId,
        version: String(object.version),
        intent: object.intent,
        actual: object.body,
        createdAtMs: object.createdAtMs,
      })),
    units,
    runs: ours.flatMap((object) => {
      const run = world.runs.get(object.name)
      return run === undefined ? [] : [runOf(run, nowMs)]
    }),
  }
}

function instanceOf(instance: MemoryInstance, unit: string, nowMs: number): ObservedInstance {
  const state = stateOf(instance, nowMs)
  return {
    unit,
    nativeId: instance.nativeId,
    slot: instance.slot,
    ...(instance.template === undefined ? {} : { template: instance.template }),
    state,
    wanted: instance.wanted,
    sinceMs: instance.ended?.atMs ?? instance.createdAtMs,
    ...(instance.ended === undefined ? {} : { exitCode: instance.ended.exitCode }),
    ...(instance.ended?.reason === undefined ? {} : { reason: instance.ended.reason }),
    node: 'memory',
  }
}

export function stateOf(instance: MemoryInstance, nowMs: number): ObservedInstance['state'] {
  if (instance.ended !== undefined) return instance.ended.exitCode === 0 ? 'completed' : 'failed'
  if (instance.stoppingSinceMs !== undefined) return 'stopping'
  if (nowMs < instance.startsAtMs) return 'pending'
  return isReady(instance, nowMs) ? 'ready' : 'starting'
}

function runOf(run: MemoryRun, nowMs: number): ObservedRun {
  const ended = run.attempts.filter((attempt) => nowMs >= attempt.endsAtMs)
  const last = ended.at(-1)
  return {
    runId: run.runId,
    job: run.job,
    state: run.state,
    startedAtMs: run.startedAtMs,
    ...(run.endedAtMs === undefined ? {} : { endedAtMs: run.endedAtMs }),
    succeeded: ended.filter((attempt) => attempt.exitCode === 0).length,
    failed: ended.filter((attempt) => attempt.exitCode !== 0).length,
    ...(last === undefined ? {} : { exitCode: last.exitCode }),
  }
}
