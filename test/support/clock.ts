/** A clock that stands still until told otherwise; sleeping moves it on. */
import type { Clock } from '../../lib/core/deps.ts'

export interface ManualClock extends Clock {
  /** Moves the clock on, or back where negative. */
  advance(ms: number): void
  set(timeMs: number): void
}

export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let timeMs = startMs
  return {
    nowMs: () => timeMs,
    async sleep(ms) {
      timeMs += ms
    },
    advance(ms) {
      timeMs += ms
    },
    set(toMs) {
      timeMs = toMs
    },
  }
}
