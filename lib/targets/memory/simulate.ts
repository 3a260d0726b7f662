/**
 * Moves the simulated cluster forward to a time, event by event: instances start, become ready, end and are
 * replaced; rollouts go on batch by batch, never below the floor nor above the surge; runs retry.
 */
import { type ServiceBody, serviceBody } from './body.ts'
import type { Faults } from './faults.ts'
import type { Timing } from './timing.ts'
import { freshId, type MemoryInstance, type MemoryObject, type MemoryRun, type World } from './world.ts'

export interface Physics {
  readonly timing: Timing
  readonly faults: Faults
  readonly nodes: number
}

/** Longest that one look may simulate in steps; beyond it only the end state matters. */
const maxEvents = 10_000

export function advance(world: World, toMs: number, physics: Physics): void {
  // A clock that jumps back stops nothing: time stands until it has caught up.
  if (toMs < world.simulatedToMs) return
  let nowMs = Math.max(world.simulatedToMs, 0)
  if (nowMs === 0) nowMs = toMs
  for (let events = 0; events < maxEvents; events++) {
    settle(world, nowMs, physics)
    const next = nextEventMs(world, nowMs)
    if (next === undefined || next > toMs) break
    nowMs = next
  }
  world.simulatedToMs = toMs
  settle(world, toMs, physics)
}

/** Does all that is due at one moment. */
function settle(world: World, nowMs: number, physics: Physics): void {
  for (const object of world.objects.values()) {
    if (object.kind !== 'service') continue
    endInstances(world, object, nowMs)
    converge(world, object, nowMs, physics)
  }
  for (const run of world.runs.values()) advanceRun(run, nowMs, physics)
  physics.faults.moment?.(world, nowMs)
}

export const isReady = (instance: MemoryInstance, nowMs: number): boolean =>
  instance.ended === undefined && instance.stoppingSinceMs === undefined && nowMs >= instance.readyAtMs

const isThere = (instance: MemoryInstance): boolean => instance.ended === undefined

function endInstances(world: World, object: MemoryObject, nowMs: number): void {
  for (const instance of world.instances.get(object.name) ?? []) {
    if (instance.ended !== undefined) continue
    if (instance.goneAtMs !== undefined && nowMs >= instance.goneAtMs) {
      instance.ended = { atMs: instance.goneAtMs, exitCode: 0, reason: 'stopped' }
    } else if (instance.exitsAtMs !== undefined && nowMs >= instance.exitsAtMs) {
      const exitCode = instance.exitCode ?? 1
      const why = instance.exitReason === undefined ? {} : { reason: instance.exitReason }
      instance.ended = { atMs: instance.exitsAtMs, exitCode, ...why }
      instance.wanted = false
    }
  }
}

function converge(world: World, object: MemoryObject, nowMs: number, physics: Physics): void {
  const body = serviceBody(object.body)
  const asked = body.replicas ?? physics.nodes
  const all = world.instances.get(object.name) ?? []
  const there = all.filter(isThere)
  const wanted = there.filter((instance) => instance.wanted)
  const fresh = wanted.filter((instance) => instance.template === object.template)
  const old = wanted.filter((instance) => instance.template !== object.template)
  const rollout = world.rollouts.get(object.name)
  const failedNew = all.filter(
    (instance) =>
      instance.template === object.template && instance.ended !== undefined && instance.ended.exitCode !== 0,
  )
  if (rollout !== undefined && rollout.state === 'inProgress') {
    const limit = physics.faults.stopRolloutAfter
    if (limit !== undefined && failedNew.length >= limit) {
      rollout.state = 'stopped'
      rollout.reason = `${failedNew.length} new instances failed`
    } else if (old.length === 0 && fresh.length === asked && fresh.every((instance) => isReady(instance, nowMs))) {
      rollout.state = 'completed'
    }
  }
  if (rollout?.state === 'stopped') return

  const { maxSurge, maxUnavailable } = bounds(body, asked)
  // Those that are still stopping count: never more than the surge allows are there at once.
  const roomFor = (freshCount: number): number => {
    const present = (world.instances.get(object.name) ?? []).filter(isThere).length
    return Math.min(asked - freshCount, asked + maxSurge - present)
  }
  // Too many: the old ones go first, then the youngest.
  if (old.length === 0) {
    for (const instance of fresh.slice(asked)) stop(instance, nowMs, body, physics)
    start(world, object, roomFor(fresh.length), nowMs, physics, failedNew.at(-1)?.ended?.atMs)
    return
  }
  const ready = wanted.filter((instance) => isReady(instance, nowMs))
  const freshWell = fresh.every((instance) => nowMs >= instance.readyAtMs + body.update.settleMs)
  if (!freshWell && fresh.length > 0) return
  // Old ones that are not ready cost nothing to stop; ready ones only while the floor holds.
  let spare = ready.length - Math.max(0, asked - maxUnavailable)
  let excess = Math.max(0, wanted.length - asked)
  for (const instance of old) {
    const readyNow = isReady(instance, nowMs)
    if (readyNow && spare <= 0) continue
    if (readyNow && excess <= 0 && maxUnavailable === 0) continue
    stop(instance, nowMs, body, physics)
    excess--
    if (readyNow) spare--
  }
  start(world, object, roomFor(fresh.length), nowMs, physics, failedNew.at(-1)?.ended?.atMs)
}

function bounds(body: ServiceBody, asked: number): { readonly maxSurge: number; readonly maxUnavailable: number } {
  if (body.update.strategy === 'recreate' || body.replicas === null)
    return { maxSurge: 0, maxUnavailable: body.replicas === null ? 1 : asked }
  const { maxSurge, maxUnavailable } = body.update
  return maxSurge === 0 && maxUnavailable === 0 ? { maxSurge: 1, maxUnavailable: 0 } : { maxSurge, maxUnavailable }
}

function stop(instance: MemoryInstance, nowMs: number, body: ServiceBody, physics: Physics): void {
  const drainMs = Number((body.template['drainMs'] as number | undefined) ?? 0)
  instance.wanted = false
  instance.stoppingSinceMs = nowMs
  instance.goneAtMs = nowMs + drainMs + physics.timing.stopMs
}

function start(
  world: World,
  object: MemoryObject,
  count: number,
  nowMs: number,
  physics: Physics,
  lastFailureMs: number | undefined,
): void {
  const instances = world.instances.get(object.name) ?? []
  world.instances.set(object.name, instances)
  for (let n = 0; n < count; n++) {
    const fault = physics.faults.instance?.(object.unit ?? object.name, object.body)
    // What failed is started again after a pause, as engines do.
    const notBeforeMs = lastFailureMs === undefined ? nowMs : Math.max(nowMs, lastFailureMs + physics.timing.restartMs)
    const startsAtMs = notBeforeMs + physics.timing.startMs
    const base = {
      nativeId: freshId(world, 'instance'),
      service: object.name,
      slot: String(freeSlot(instances)),
      ...(object.template === undefined ? {} : { template: object.template }),
      createdAtMs: nowMs,
      startsAtMs,
      readyAtMs: fault?.neverReady === true ? Number.POSITIVE_INFINITY : startsAtMs + physics.timing.readyMs,
      wanted: true,
    }
    if (fault?.cannotStart !== undefined) {
      const never = { readyAtMs: Number.POSITIVE_INFINITY, exitsAtMs: startsAtMs, exitCode: 128 }
      instances.push({ ...base, ...never, exitReason: fault.cannotStart })
      continue
    }
    instances.push({
      ...base,
      ...(fault?.exitAfterMs === undefined
        ? {}
        : { exitsAtMs: startsAtMs + fault.exitAfterMs, exitCode: fault.exitCode ?? 1 }),
    })
  }
  trimHistory(instances)
}

/** An engine keeps a short history of what ended; so do we. */
function trimHistory(instances: MemoryInstance[]): void {
  const ended = instances.filter((instance) => instance.ended !== undefined)
  for (const instance of ended.slice(0, Math.max(0, ended.length - 20)))
    instances.splice(instances.indexOf(instance), 1)
}

function freeSlot(instances: readonly MemoryInstance[]): number {
  const taken = new Set(instances.filter(isThere).map((instance) => instance.slot))
  let slot = 1
  while (taken.has(String(slot))) slot++
  return slot
}

function advanceRun(run: MemoryRun, nowMs: number, physics: Physics): void {
  while (run.state === 'pending' || run.state === 'running') {
    const ended = run.attempts.filter((attempt) => nowMs >= attempt.endsAtMs)
    const succeeded = ended.filter((attempt) => attempt.exitCode === 0).length
    const failed = ended.length - succeeded
    const last = Math.max(run.startedAtMs, ...ended.map((attempt) => attempt.endsAtMs))
    if (succeeded >= run.completions) {
      run.state = 'succeeded'
      run.endedAtMs = last
      return
    }
    if (failed > run.retries) {
      run.state = 'failed'
      run.endedAtMs = last
      return
    }
    const open = run.attempts.length - ended.length
    const room = Math.min(run.parallelism - open, run.completions - succeeded - open)
    if (room <= 0) return
    run.state = 'running'
    for (let n = 0; n < room; n++) {
      const outcome = physics.faults.run?.(run.job, run.attempts.length + 1)
      const startedAtMs = last
      run.attempts.push({
        startedAtMs,
        endsAtMs: startedAtMs + (outcome?.tookMs ?? physics.timing.runMs),
        exitCode: outcome?.exitCode ?? 0,
      })
    }
  }
}

/** The next moment at which something happens by time alone. */
function nextEventMs(world: World, nowMs: number): number | undefined {
  let next: number | undefined
  const consider = (atMs: number | undefined): void => {
    if (atMs === undefined || !Number.isFinite(atMs) || atMs <= nowMs) return
    if (next === undefined || atMs < next) next = atMs
  }
  for (const object of world.objects.values()) {
    if (object.kind !== 'service') continue
    const { settleMs } = serviceBody(object.body).update
    for (const instance of world.instances.get(object.name) ?? []) {
      if (instance.ended !== undefined) continue
      consider(instance.startsAtMs)
      consider(instance.readyAtMs)
      consider(instance.readyAtMs + settleMs)
      consider(instance.exitsAtMs)
      consider(instance.goneAtMs)
    }
  }
  for (const run of world.runs.values()) {
    if (run.endedAtMs === undefined) for (const attempt of run.attempts) consider(attempt.endsAtMs)
  }
  return next
}
