/**
 * Token buckets as one number: how long the bucket needs to be full again (GCRA). Taking adds to it, time
 * takes away; tokens that are not there yet are a debt, and the wait is how long until it is paid (ruling D4).
 */
import type { BucketSpec } from './store.ts'

export interface BucketState {
  /** Time until the bucket is full if nobody takes; not whole, for fractions of tokens count. */
  readonly fillMs: number
  /** Latest time that any taker has seen: the bucket's own time. */
  readonly atMs: number
}

/** Clocks of takers differ by less; a larger step back is a clock that was set, and the bucket follows it. */
export const maxSkewMs = 60_000

/** Sums of fractions such as 1000/3 are off by less; without it the last token of a full bucket would cost a millisecond. */
const toleranceMs = 1e-6

export function takeTokens(
  state: BucketState | undefined,
  bucket: BucketSpec,
  count: number,
  nowMs: number,
): { readonly state: BucketState; readonly waitMs: number } {
  const msPerToken = 1000 / bucket.perSecond
  const elapsedMs = state === undefined ? 0 : nowMs - state.atMs
  // Whatever way time steps back, nothing is filled by it. A taker whose clock is a little behind uses the
  // bucket's time, lest two clocks fill it by turns; after a large step the bucket counts on in the new time,
  // lest it stand still until the old one is reached again.
  const atMs = state !== undefined && elapsedMs < 0 && elapsedMs >= -maxSkewMs ? state.atMs : nowMs
  const leftMs = state === undefined ? 0 : Math.max(0, state.fillMs - Math.max(0, elapsedMs))
  const fillMs = leftMs + count * msPerToken
  const waitMs = Math.max(0, Math.ceil(fillMs - bucket.burst * msPerToken - toleranceMs))
  return { state: { fillMs, atMs }, waitMs }
}
