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
import { passDeployment } from './pass.ts'
import { leaseOf } from './records.ts'
import { passRuns } from './runs-tick.ts'

export const dueName = (key: AppKey): string => `app/${appKeyText(key)}`

export async function tick(deps: Deps, key: AppKey): Promise<TickResult> {
  const holder = base32(deps.random.bytes(10))
  const lease = await deps.store.acquire(leaseOf(key), holder, deps.settings.leaseMs)
  // Somebody else is at it; a second look later makes sure that a death over there is noticed.
  if (lease === undefined) return { kind: 'again', atMs: deps.clock.nowMs() + 1_000 }
  let result: TickResult
  try {
    result = await passes(deps, key, lease)
  } finally {
    await deps.store.release(lease)
  }
  await deps.store.setDue(dueName(key), result.kind === 'again' ? result.atMs : undefined, { replace: true })
  return result
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
    const runs = await passRuns(deps, key, lease)
    return earlier(deployment, runs)
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
  error.code === 'unreachable' || error.code === 'timed-out' || error.code === 'version-conflict'

function earlier(a: PassResult, b: PassResult): PassResult {
  if (a.kind === 'progress' || b.kind === 'progress') return { kind: 'progress' }
  if (a.kind === 'done') return b
  if (b.kind === 'done') return a
  return { kind: 'again', atMs: Math.min(a.atMs, b.atMs) }
}
