/**
 * A store that misbehaves on request, over any other: it refuses, loses answers, is slow or dies. Loss of an
 * answer means that the write took effect and the caller is not told.
 */
import type { Clock } from '../../lib/core/deps.ts'
import { EscaleError } from '../../lib/core/errors.ts'
import type { CommitResult, Operation, Store } from '../../lib/store/store.ts'

export type StoreCall = Exclude<keyof Store, 'close'>

/** The process is gone: nothing behind this may run. Never an `EscaleError`, lest somebody handles it. */
export class Crash extends Error {
  override readonly name: string = 'Crash'
}

export interface Faults {
  /** Every call that reached the store or was kept from it, in order. */
  readonly calls: readonly StoreCall[]
  /** The next `times` calls of the operation fail before anything is written. */
  failNext(call: StoreCall, options?: { readonly times?: number; readonly error?: Error }): void
  /** The next `times` calls of the operation take effect, then fail. */
  loseAnswer(call: StoreCall, options?: { readonly times?: number; readonly error?: Error }): void
  /** While it stands, commits for which `choose` answers an index are refused as if that condition did not hold. Answers how to end it. */
  refuseCommits(choose: (operations: readonly Operation[]) => number | undefined): () => void
  /** While it stands, commits for which `matches` holds fail before anything is written. Answers how to end it. */
  failCommits(matches: (operations: readonly Operation[]) => boolean, error?: Error): () => void
  /** Each call takes so long on the clock that was passed. */
  delay(ms: number): void
  /** Lets `calls` more calls through, then every call throws `Crash`; `lost`: the last one let through loses its answer so. */
  crashAfter(calls: number, options?: { readonly lost?: boolean }): void
  /** No faults any more; what was called stays known. */
  heal(): void
}

const gone = (): Error => new EscaleError('store-unavailable', 'the store does not answer (a fault of the test)')

interface Planned {
  readonly call: StoreCall
  readonly when: 'before' | 'after'
  readonly error: Error
  left: number
}

export function faultyStore(store: Store, clock: Clock): { readonly store: Store; readonly faults: Faults } {
  const calls: StoreCall[] = []
  const planned = new Set<Planned>()
  const refusals = new Set<(operations: readonly Operation[]) => number | undefined>()
  const failures = new Set<(operations: readonly Operation[]) => Error | undefined>()
  let delayMs = 0
  let crash: { left: number; readonly lost: boolean } | undefined

  function plan(
    call: StoreCall,
    when: Planned['when'],
    { times = 1, error = gone() }: { times?: number; error?: Error } = {},
  ): void {
    planned.add({ call, when, error, left: times })
  }

  function strike(call: StoreCall, when: Planned['when']): void {
    for (const one of planned) {
      if (one.call !== call || one.when !== when) continue
      if (--one.left <= 0) planned.delete(one)
      throw one.error
    }
  }

  async function through<T>(call: StoreCall, run: () => Promise<T>): Promise<T> {
    calls.push(call)
    if (delayMs > 0) await clock.sleep(delayMs)
    if (crash !== undefined && crash.left-- <= 0) throw new Crash(`before ${call}`)
    strike(call, 'before')
    const answer = await run()
    if (crash?.lost === true && crash.left === 0) throw new Crash(`after ${call}`)
    strike(call, 'after')
    return answer
  }

  function commit(operations: readonly Operation[]): Promise<CommitResult> {
    for (const fail of failures) {
      const error = fail(operations)
      if (error !== undefined) throw error
    }
    for (const choose of refusals) {
      const failed = choose(operations)
      if (failed !== undefined) return Promise.resolve({ ok: false, failed })
    }
    return store.commit(operations)
  }

  return {
    store: {
      get: (address) => through('get', () => store.get(address)),
      list: (collection, partition, options) => through('list', () => store.list(collection, partition, options)),
      commit: (operations) => through('commit', async () => commit(operations)),
      append: (stream, entries) => through('append', () => store.append(stream, entries)),
      read: (stream, after, limit) => through('read', () => store.read(stream, after, limit)),
      acquire: (name, holder, ttlMs) => through('acquire', () => store.acquire(name, holder, ttlMs)),
      renew: (lease, ttlMs) => through('renew', () => store.renew(lease, ttlMs)),
      release: (lease) => through('release', () => store.release(lease)),
      due: (beforeMs, limit) => through('due', () => store.due(beforeMs, limit)),
      setDue: (name, dueAtMs, options) => through('setDue', () => store.setDue(name, dueAtMs, options)),
      take: (bucket, count) => through('take', () => store.take(bucket, count)),
      claim: (space, names, owner) => through('claim', () => store.claim(space, names, owner)),
      unclaim: (space, names, owner) => through('unclaim', () => store.unclaim(space, names, owner)),
      claims: (space, owner) => through('claims', () => store.claims(space, owner)),
      once: (key, requestHash, keepMs) => through('once', () => store.once(key, requestHash, keepMs)),
      settle: (key, result) => through('settle', () => store.settle(key, result)),
      close: () => store.close(),
    },
    faults: {
      calls,
      failNext: (call, options) => plan(call, 'before', options),
      loseAnswer: (call, options) => plan(call, 'after', options),
      refuseCommits(choose) {
        refusals.add(choose)
        return () => void refusals.delete(choose)
      },
      failCommits(matches, error = gone()) {
        const fail = (operations: readonly Operation[]): Error | undefined => (matches(operations) ? error : undefined)
        failures.add(fail)
        return () => void failures.delete(fail)
      },
      delay(ms) {
        delayMs = ms
      },
      crashAfter(count, { lost = false } = {}) {
        crash = { left: count, lost }
      },
      heal() {
        planned.clear()
        refusals.clear()
        failures.clear()
        delayMs = 0
        crash = undefined
      },
    },
  }
}
