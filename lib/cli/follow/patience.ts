/** Repeats a read while the server is away: a restart of the platform must not end whoever waits. */
import { isApiError } from '../api-error.ts'

const mostTries = 12
const longestPauseMs = 15_000

const isAway = (error: unknown): boolean => isApiError(error) && [0, 502, 503, 504].includes(error.status)

export async function patiently<T>(
  read: () => Promise<T>,
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  tell: () => void,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read()
    } catch (error) {
      if (!isAway(error) || tries === mostTries || signal.aborted) throw error
      if (tries === 1) tell()
      await sleep(Math.min(250 * 2 ** tries, longestPauseMs), signal)
    }
  }
}
