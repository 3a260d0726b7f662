/** The simulated cluster as a thing with native calls: each may be refused, stalled or lose its answer on command. */
import type { Clock } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/hash.ts'
import { jobBody } from './body.ts'
import { stateOf } from './observe.ts'
import type { Call, Faults } from './faults.ts'
import { advance, type Physics } from './simulate.ts'
import { defaultTiming, type Timing } from './timing.ts'
import { emptyWorld, freshId, type MemoryObject, objectKey, type Owner, type World } from './world.ts'

export interface MemoryClusterOptions {
  readonly clock: Clock
  readonly world?: World
  readonly timing?: Timing
  readonly faults?: Faults
  readonly nodes?: number
}

export interface NewObject {
  readonly kind: string
  readonly name: string
  readonly owner: Owner
  readonly resource: string
  readonly unit?: string
  readonly body: JsonObject
  readonly intent: string
  readonly template?: string
}

export class MemoryCluster {
  readonly world: World
  /** May be replaced at any time: a test turns faults on and off. */
  faults: Faults
  readonly nodes: number
  readonly #clock: Clock
  readonly #timing: Timing
  #calls = 0
  /** States right after each call, for observations that lag. */
  #past: { readonly atMs: number; readonly world: World }[] = []
  /** The cluster lives on steadily while the machine's clock is set back: its own time is the clock's and what it lost. */
  #lostMs = 0
  #lookedAtMs: number

  constructor(options: MemoryClusterOptions) {
    this.world = options.world ?? emptyWorld()
    this.faults = options.faults ?? {}
    this.nodes = options.nodes ?? 1
    this.#clock = options.clock
    this.#timing = options.timing ?? defaultTiming
    this.#lookedAtMs = options.clock.nowMs()
    this.#lostMs = Math.max(0, this.world.simulatedToMs - this.#lookedAtMs)
  }

  nowMs(): number {
    const clockMs = this.#clock.nowMs()
    this.#lostMs += Math.max(0, this.#lookedAtMs - clockMs)
    this.#lookedAtMs = clockMs
    return clockMs + this.#lostMs
  }

  /** The world as an observer sees it now: perhaps as it was a while ago. */
  seen(): { readonly world: World; readonly atMs: number } {
    this.#advance()
    const nowMs = this.nowMs()
    const { lagMs } = this.faults
    if (lagMs === undefined || lagMs === 0) return { world: this.world, atMs: nowMs }
    const atMs = nowMs - lagMs
    // Before the first call nothing had changed by our hand.
    const past = this.#past.filter((entry) => entry.atMs <= atMs).at(-1) ?? this.#past[0]
    const world = structuredClone(past?.world ?? this.world)
    advance(world, atMs, { ...this.#physics(), faults: { ...this.faults, moment: () => {} } })
    return { world, atMs }
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, signal)
  }

  /** What happened to the instances and runs of each app so far: text that differs when anything did. */
  states(installId: string): ReadonlyMap<string, string> {
    const { world, atMs } = this.seen()
    const states = new Map<string, string>()
    for (const { owner, name } of world.objects.values()) {
      if (owner.installId !== installId) continue
      const instances = (world.instances.get(name) ?? []).map((one) => `${one.nativeId}=${stateOf(one, atMs)}`)
      const told = [world.rollouts.get(name)?.state, world.runs.get(name)?.state, ...instances].filter(
        (part) => part !== undefined,
      )
      states.set(owner.app, [states.get(owner.app) ?? '', ...told].join(' '))
    }
    return states
  }

  /** Writes one object: creates it, or replaces its body. */
  async put(verb: 'create' | 'update', object: NewObject, signal: AbortSignal): Promise<MemoryObject> {
    return await this.#call(verb, object.kind, object.name, signal, () => {
      const key = objectKey(object.kind, object.name)
      const there = this.world.objects.get(key)
      if (verb === 'create' && there !== undefined) {
        const ours = there.owner.installId === object.owner.installId && there.owner.app === object.owner.app
        if (!ours) throw new EscaleError('name-taken', `${object.kind} ${object.name} belongs to ${there.owner.app}`)
      }
      if (there !== undefined) {
        const restarted = there.template !== object.template
        const changed = there.intent !== object.intent
        there.body = object.body
        there.intent = object.intent
        if (object.template !== undefined) there.template = object.template
        if (changed) there.version++
        if (restarted || changed) this.#beginRollout(there)
        return there
      }
      const created: MemoryObject = {
        ...object,
        nativeId: freshId(this.world, object.kind),
        createdAtMs: this.nowMs(),
        version: 1,
      }
      this.world.objects.set(key, created)
      if (object.kind === 'service') this.#beginRollout(created)
      if (object.kind === 'job') this.#beginRun(created)
      return created
    })
  }

  async remove(kind: string, name: string, signal: AbortSignal): Promise<void> {
    await this.#call('remove', kind, name, signal, () => {
      if (kind === 'network') this.#refuseInUse(name)
      this.world.objects.delete(objectKey(kind, name))
      this.world.instances.delete(name)
      this.world.rollouts.delete(name)
      this.world.runs.delete(name)
    })
  }

  #refuseInUse(_network: string): void {
    // Instances that still stop hold their networks for a moment, as engines have it.
    const nowMs = this.nowMs()
    for (const instances of this.world.instances.values()) {
      if (
        instances.some(
          (one) => one.ended === undefined && one.stoppingSinceMs !== undefined && nowMs < (one.goneAtMs ?? 0),
        )
      ) {
        throw new EscaleError('in-use', 'the network has active endpoints')
      }
    }
  }

  #beginRollout(object: MemoryObject): void {
    this.world.rollouts.set(object.name, { id: freshId(this.world, 'rollout'), state: 'inProgress' })
  }

  #beginRun(object: MemoryObject): void {
    const body = jobBody(object.body)
    this.world.runs.set(object.name, {
      runId: body.runId,
      job: body.job,
      name: object.name,
      attempts: [],
      completions: body.completions,
      parallelism: body.parallelism,
      retries: body.retries,
      startedAtMs: this.nowMs(),
      state: 'pending',
    })
  }

  async #call<T>(verb: Call['verb'], kind: string, name: string, signal: AbortSignal, act: () => T): Promise<T> {
    this.#advance()
    const call: Call = { verb, kind, name, number: ++this.#calls }
    const fault = this.faults.call?.(call)
    if (fault?.kind === 'fail') throw new EscaleError('engine-refused', fault.message)
    if (fault?.kind === 'stall') {
      await aborted(signal)
      throw new EscaleError('timed-out', `${verb} of ${kind} ${name} did not end before its deadline`)
    }
    if (this.#past.length === 0) this.#remember()
    const result = act()
    this.world.writes++
    this.#advance()
    this.#remember()
    await this.faults.after?.(call)
    if (fault?.kind === 'loseAnswer') {
      throw new EscaleError('timed-out', `the answer to ${verb} of ${kind} ${name} was lost`)
    }
    return result
  }

  #advance(): void {
    advance(this.world, this.nowMs(), this.#physics())
  }

  #physics(): Physics {
    return { timing: this.#timing, faults: this.faults, nodes: this.nodes }
  }

  #remember(): void {
    if (this.faults.lagMs === undefined) return
    this.#past = [...this.#past.slice(-50), { atMs: this.nowMs(), world: structuredClone(this.world) }]
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
