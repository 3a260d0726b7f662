/**
 * A clock that jumps, or a process that was away, must fail nothing: time nobody watched is taken out of
 * the progress by moving all its times along.
 */
import type { Progress } from './progress.ts'

/** Looks are at most a minute apart while a deployment is under way; a longer gap was not watched. */
const watchedGapMs = 90_000

/** By how much to move times that were taken before the last look; negative after a clock was set back. */
export function unwatchedMs(lookedAtMs: number, nowMs: number): number {
  const gapMs = nowMs - lookedAtMs
  return gapMs > watchedGapMs ? gapMs - 1_000 : Math.min(gapMs, 0)
}

export function rebase(progress: Progress, nowMs: number): Progress {
  const shiftMs = unwatchedMs(progress.lookedAtMs, nowMs)
  const looked = { ...progress, lookedAtMs: nowMs }
  if (shiftMs === 0) return looked
  const map = <T>(record: Readonly<Record<string, T>>, move: (value: T) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, move(value)]))
  return {
    ...looked,
    startedAtMs: progress.startedAtMs + shiftMs,
    writes: map(progress.writes, (fact) => ({
      ...fact,
      intentAtMs: fact.intentAtMs + shiftMs,
      ...(fact.doneAtMs === undefined ? {} : { doneAtMs: fact.doneAtMs + shiftMs }),
      ...(fact.seenAtMs === undefined ? {} : { seenAtMs: fact.seenAtMs + shiftMs }),
    })),
    waiting: map(progress.waiting, (atMs) => atMs + shiftMs),
    readySince: map(progress.readySince, (atMs) => atMs + shiftMs),
    advanced: map(progress.advanced, (value) => ({ ...value, atMs: value.atMs + shiftMs })),
  }
}
