/**
 * The loop of a platform that stays up: ticks what was poked or is due, listens to its clusters, and keeps
 * the way in from outside in step. Nothing it holds is lost with it: what is due stands in the store.
 */
import { EscaleError } from '../core/errors.ts'
import { stableStringify } from '../core/hash.ts'
import { type AppKey, appKeyText, parseAppKey } from '../model/app.ts'
import type { Deps } from './deps.ts'
import { listClusters } from './clusters.ts'
import { activeRoutes } from './routing.ts'
import { tick } from './tick.ts'
import { dueName } from './wake.ts'

export interface Loop {
  /** Asks for a tick of the app soon. */
  poke(key: AppKey): void
  /** Ends after the ticks under way. */
  stop(): Promise<void>
}

/** Apps ticked at once. */
const width = 4
const sweepEveryMs = 1_000
/** What is told of within this time is looked at once. */
const gatherMs = 25
/** Between two looks that only the cluster asked for. */
const restMs = 250
const retryWatchMs = 2_000
/** A tick that failed for an unforeseen reason is tried again, but never in a hurry. */
const afterFailureMs = 10_000

/** `deps.poke` of the caller must lead to the `poke` of what this answers. */
export function startLoop(deps: Deps): Loop {
  return new ControlLoop(deps)
}

class ControlLoop implements Loop {
  readonly #deps: Deps
  readonly #ending = new AbortController()
  readonly #waiting = new Set<string>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #again = new Set<string>()
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly atMs: number }>()
  readonly #endedAtMs = new Map<string, number>()
  readonly #watches = new Map<string, Promise<void>>()
  readonly #ingress = new Map<string, IngressKeeper>()
  readonly #sweeper: Promise<void>

  constructor(deps: Deps) {
    this.#deps = deps
    this.#sweeper = this.#sweep()
  }

  poke(key: AppKey): void {
    this.#enqueue(appKeyText(key))
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    for (const { timer } of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    await Promise.all([this.#sweeper, ...this.#running.values(), ...this.#watches.values()])
    await Promise.all([...this.#ingress.values()].map((keeper) => keeper.stop()))
  }

  #enqueue(text: string): void {
    if (this.#ending.signal.aborted) return
    // One that is being ticked is looked at once more afterwards: the poke may tell of something newer.
    if (this.#running.has(text)) this.#again.add(text)
    else this.#waiting.add(text)
    this.#start()
  }

  /** A cluster tells of every container; one look in a while sees them all, and leaves the machine to the app. */
  #nudge(text: string): void {
    const nowMs = this.#deps.clock.nowMs()
    const soonMs = Math.max(nowMs + gatherMs, (this.#endedAtMs.get(text) ?? 0) + restMs)
    this.#wakeAt(text, soonMs)
  }

  #start(): void {
    for (const text of this.#waiting) {
      if (this.#running.size >= width) return
      this.#waiting.delete(text)
      const run = this.#run(text).finally(() => {
        this.#running.delete(text)
        if (this.#again.delete(text)) this.#waiting.add(text)
        if (!this.#ending.signal.aborted) this.#start()
      })
      this.#running.set(text, run)
    }
  }

  async #run(text: string): Promise<void> {
    const key = parseAppKey(text)
    clearTimeout(this.#timers.get(text)?.timer)
    this.#timers.delete(text)
    try {
      const result = await tick(this.#deps, key)
      if (result.kind === 'again') this.#wakeAt(text, result.atMs)
    } catch (error) {
      this.#deps.log.error('tick failed', { app: text, reason: messageOf(error) })
      this.#wakeAt(text, this.#deps.clock.nowMs() + afterFailureMs)
      await this.#postpone(key)
    }
    this.#endedAtMs.set(text, this.#deps.clock.nowMs())
    for (const keeper of this.#ingress.values()) keeper.touch()
  }

  /** On record too, for whoever comes after this process. */
  async #postpone(key: AppKey): Promise<void> {
    try {
      await this.#deps.store.setDue(dueName(key), this.#deps.clock.nowMs() + afterFailureMs, { replace: true })
    } catch (error) {
      this.#deps.log.error('the store refuses a write', { reason: messageOf(error) })
    }
  }

  #wakeAt(text: string, atMs: number): void {
    if (this.#ending.signal.aborted) return
    const set = this.#timers.get(text)
    if (set !== undefined && set.atMs <= atMs) return
    clearTimeout(set?.timer)
    const inMs = Math.min(Math.max(atMs - this.#deps.clock.nowMs(), 0), 60_000)
    const timer = setTimeout(() => {
      this.#timers.delete(text)
      this.#enqueue(text)
    }, inMs)
    this.#timers.set(text, { timer, atMs })
  }

  async #sweep(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        for (const item of await this.#deps.store.due(this.#deps.clock.nowMs(), 100)) {
          const text = item.name.replace(/^app\//, '')
          if (!this.#timers.has(text)) this.#enqueue(text)
        }
        await this.#attend()
      } catch (error) {
        this.#deps.log.error('sweep failed', { reason: messageOf(error) })
      }
      await this.#deps.clock.sleep(sweepEveryMs, signal)
    }
  }

  /** Watches every cluster there is, also those that came later. */
  async #attend(): Promise<void> {
    for (const { name } of (await listClusters(this.#deps, {})).items) {
      if (this.#watches.has(name)) continue
      this.#ingress.set(name, new IngressKeeper(this.#deps, name))
      this.#watches.set(name, this.#watch(name))
    }
  }

  async #watch(cluster: string): Promise<void> {
    const { signal } = this.#ending
    const site = { installId: this.#deps.installId, cluster }
    while (!signal.aborted) {
      try {
        const target = await this.#deps.target(cluster)
        this.#ingress.get(cluster)?.touch()
        await target.watch(
          site,
          (key) => {
            this.#ingress.get(cluster)?.touch()
            if (key !== undefined) this.#nudge(appKeyText(key))
          },
          signal,
        )
      } catch (error) {
        this.#deps.log.warn('watching a cluster ended', { cluster, reason: messageOf(error) })
      }
      await this.#deps.clock.sleep(retryWatchMs, signal)
    }
  }
}

/** Keeps one cluster's ingress in step: gathers what changed, applies, and tries again after a failure. */
class IngressKeeper {
  readonly #deps: Deps
  readonly #cluster: string
  readonly #ending = new AbortController()
  #dirty = false
  #work: Promise<void> | undefined
  #last = ''

  constructor(deps: Deps, cluster: string) {
    this.#deps = deps
    this.#cluster = cluster
  }

  touch(): void {
    this.#dirty = true
    if (this.#work !== undefined || this.#ending.signal.aborted) return
    this.#work = this.#keep().finally(() => {
      this.#work = undefined
      if (this.#dirty) this.touch()
    })
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#work
  }

  async #keep(): Promise<void> {
    const { signal } = this.#ending
    while (this.#dirty && !signal.aborted) {
      await this.#deps.clock.sleep(gatherMs, signal)
      this.#dirty = false
      try {
        await this.#apply(signal)
      } catch (error) {
        this.#deps.log.warn('routes were not applied', { cluster: this.#cluster, reason: messageOf(error) })
        this.#dirty = true
        await this.#deps.clock.sleep(1_000, signal)
      }
    }
  }

  async #apply(signal: AbortSignal): Promise<void> {
    const target = await this.#deps.target(this.#cluster)
    if (target.ingress === undefined) return
    const routes = await activeRoutes(this.#deps, this.#cluster, target)
    const problems = await target.ingress.apply(
      { installId: this.#deps.installId, cluster: this.#cluster },
      routes,
      signal,
    )
    const text = stableStringify(problems)
    if (problems.length > 0 && text !== this.#last)
      this.#deps.log.warn('routes with problems', { cluster: this.#cluster, problems })
    this.#last = text
  }
}

const messageOf = (error: unknown): string =>
  error instanceof EscaleError
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error)
