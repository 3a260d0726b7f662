/** The real clock and the real source of chance; only edges import this. */
import { randomBytes } from 'node:crypto'
import type { Clock, Random } from './deps.ts'

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done)
    }),
}

export const systemRandom: Random = { bytes: (count) => randomBytes(count) }
