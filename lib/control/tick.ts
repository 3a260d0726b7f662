/**
 * A tick: one pass after another for one app, under its lease, within a budget of time: observe, plan, run
 * what may run now, record. It holds nothing between passes, so that a crash costs nothing (DESIGN §5).
 */
import { EscaleError } from '../core/errors.ts'
import { base32 } from '../core/hash.ts'
import { type AppKey, appKeyText } from '../model/app.ts'
import type { Lease } from '../store/store.ts'
import type { PassResult, TickResult } from './attempt.ts'
import type { Deps } from './deps.ts'
import { findApp } from './load.ts'
import { passDeployment } from './pass.ts'
import { addresses, leaseOf } from './records.ts'
import { passVerify } from './repair.ts'
import { passRuns } from './runs-tick.ts'
import { dueName } from './wake.ts'

export async function tick(deps: Deps, key: AppKey): Promise<TickResult> {
  const holder = base32(deps.random.bytes(10))
  const lease = await deps.store.acquire(leaseOf(key), holder, deps.settings.leaseMs)
  // Somebody else is at it; a second look later makes sure that a death over there is noticed.
  if (lease === undefined) return { kind: 'again', atMs: deps.clock.nowMs() + 1_000 }
  try {
    // Should this process die, somebody looks again when its lease has run out. Who asks from here on sets an earlier time.
    const heldUntilMs = deps.clock.nowMs() + deps.settings.leaseMs
    await deps.store.setDue(dueName(key), heldUntilMs, { replace: true })
    const result = await passes(deps, key, lease)
    await setNext(deps, key, result, heldUntilMs)
    return result
  } finally {
    await deps.store.release(lease)
  }
}

/** Puts on record when to look again, without losing what somebody asked for meanwhile. */
async function setNext(deps: Deps, key: AppKey, result: TickResult, heldUntilMs: number): Promise<void> {
  const due = dueName(key)
  if (result.kind === 'again' && result.atMs <= heldUntilMs) return await deps.store.setDue(due, result.atMs)
  await deps.store.setDue(due, result.kind === 'again' ? result.atMs : undefined, { replace: true })
  // What was put on record before this line and not seen by the last pass had its due time overwritten just now.
  if (await hasWork(deps, key)) await deps.store.setDue(due, deps.clock.nowMs())
}

async function hasWork(deps: Deps, key: AppKey): Promise<boolean> {
  if ((await findApp(deps, key))?.value.active !== undefined) return true
  const { collection, partition } = addresses.openRun(key, '')
  return (await deps.store.list(collection, partition, { limit: 1 })).items.length > 0
}

async function passes(deps: Deps, key: AppKey, lease: Lease): Promise<TickResult> {
  const untilMs = deps.clock.nowMs() + deps.settings.tickBudgetMs
  for (;;) {
    const result = await pass(deps, key, lease)
    if (result.kind !== 'progress') return result
    if (deps.clock.nowMs() >= untilMs) return { kind: 'again', atMs: deps.clock.nowMs() }
  }
}

async function pass(deps: Deps, key: AppKey, lease: Lease): Promise<PassResult> {
  try {
    const deployment = await passDeployment(deps, key, lease)
    if (deployment.kind === 'progress') return deployment
    const verified = await passVerify(deps, key, lease)
    if (verified.kind === 'progress') return verified
    const runs = await passRuns(deps, key, lease)
    return earlier(earlier(deployment, verified), runs)
  } catch (error) {
    // The world may be away for a while, or somebody wrote first: both pass by themselves.
    if (error instanceof EscaleError && isPassing(error)) {
      deps.log.warn('tick put off', { app: appKeyText(key), code: error.code, reason: error.message })
      return { kind: 'again', atMs: deps.clock.nowMs() + 2_000 }
    }
    throw error
  }
}

const isPassing = (error: EscaleError): boolean =>
  ['unreachable', 'timed-out', 'version-conflict', 'in-use', 'store-busy', 'store-conflict'].includes(error.code)

function earlier(a: PassResult, b: PassResult): PassResult {
  if (a.kind === 'progress' || b.kind === 'progress') return { kind: 'progress' }
  if (a.kind === 'done') return b
  if (b.kind === 'done') return a
  return { kind: 'again', atMs: Math.min(a.atMs, b.atMs) }
}
