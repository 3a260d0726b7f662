/**
 * The one health check a swarm task has. Swarm replaces what is unhealthy, so it must not follow `ready`: the
 * start helper reports healthy at the first ready success, then follows `live` alone (ruling B6).
 */
import { stableStringify } from '../../../core/hash.ts'
import type { JsonObject } from '../../../core/hash.ts'
import { startHelperCheck } from '../../../core/start-helper.ts'
import type { HelperCheck, HelperEnvironment } from '../../../core/start-helper.ts'
import type { Check, Health } from '../../../model/unit.ts'

const nanosPerMs = 1_000_000

/** How often the engine asks before the first success. */
const eagerIntervalMs = 1_000
/** How often it asks afterwards where there is nothing left to check. */
const idleIntervalMs = 60_000

export type HealthNeed =
  | { readonly kind: 'none' }
  /** One command does for all checks: the engine runs it by itself. */
  | { readonly kind: 'direct'; readonly check: Check; readonly withinMs: number }
  | { readonly kind: 'helper'; readonly health: Health; readonly withinMs: number }

export interface HealthInput {
  readonly health: Health | undefined
  /** The time to become ready where `startup` does not say it. */
  readonly defaultWithinMs: number
  /** Variables that only the helper can set: the engine's own check would not see them. */
  readonly hidden: boolean
}

export function healthNeed({ health, defaultWithinMs, hidden }: HealthInput): HealthNeed {
  if (
    health === undefined ||
    (health.ready === undefined && health.live === undefined && health.startup?.check === undefined)
  )
    return { kind: 'none' }
  const withinMs = health.startup?.withinMs ?? defaultWithinMs
  const { ready, live } = health
  const one = live ?? ready
  const same =
    health.startup?.check === undefined &&
    ready !== undefined &&
    live !== undefined &&
    stableStringify(ready) === stableStringify(live)
  // A live check alone is what the engine's own check means. A ready check alone is not: it must not restart anything later.
  const alone = health.startup?.check === undefined && ready === undefined && live !== undefined
  if (one !== undefined && (same || alone) && one.probe.kind === 'exec' && !hidden)
    return { kind: 'direct', check: one, withinMs }
  return { kind: 'helper', health, withinMs }
}

const helperCheck = (check: Check | undefined): HelperCheck | undefined =>
  check === undefined ? undefined : { probe: check.probe, timeoutMs: check.timeoutMs }

export const noHealthCheck: JsonObject = { Test: ['NONE'] }

const duration = (ms: number): number => Math.round(ms * nanosPerMs)

export function directHealthCheck(check: Check, withinMs: number): JsonObject {
  const command = check.probe.kind === 'exec' ? check.probe.command : []
  return {
    Test: ['CMD', ...command],
    Interval: duration(check.intervalMs),
    Timeout: duration(check.timeoutMs),
    StartPeriod: duration(withinMs),
    Retries: check.failures,
  }
}

export function helperHealthCheck(health: Health, withinMs: number, environment: HelperEnvironment): JsonObject {
  const { ready, live, startup } = health
  const laterMs = live === undefined ? idleIntervalMs : live.intervalMs
  const paceMs = Math.max(0, laterMs - eagerIntervalMs)
  const startupCheck = helperCheck(startup?.check)
  const readyCheck = helperCheck(ready)
  const liveCheck = helperCheck(live)
  const command = startHelperCheck({
    environment,
    startupWithinMs: withinMs,
    ...(paceMs === 0 ? {} : { paceMs }),
    ...(startupCheck === undefined ? {} : { startup: startupCheck }),
    ...(readyCheck === undefined ? {} : { ready: readyCheck }),
    ...(liveCheck === undefined ? {} : { live: liveCheck }),
  })
  if (command === undefined) return noHealthCheck
  const longestMs = [startup?.check, ready, live].reduce((sum, check) => sum + (check?.timeoutMs ?? 0), 0)
  return {
    Test: ['CMD', ...command],
    Interval: duration(Math.min(eagerIntervalMs, laterMs)),
    Timeout: duration(longestMs + paceMs + 1_000),
    StartPeriod: duration(withinMs),
    Retries: live?.failures ?? ready?.failures ?? 3,
  }
}
