/**
 * Idempotency keys (ruling D18): the answer of the first request is kept for a day and given to every
 * repetition. A lease tells a first request that still runs from one that died.
 */
import { EscaleError } from '../core/errors.ts'
import type { Json } from '../core/hash.ts'
import { sha256Hex, stableStringify } from '../core/hash.ts'
import type { Deps } from '../control/deps.ts'
import type { Repeat } from './route.ts'

export const keepMs = 24 * 3_600_000
const runMs = 120_000

/** What is kept of an answer, and given again. */
export interface KeptAnswer {
  readonly status: number
  readonly body: Json
  readonly location?: string
  readonly problem: boolean
}

export interface OnceRequest {
  readonly key: string
  /** Keys of different projects never meet. */
  readonly project: string | undefined
  /** Principal, route, parameters and body: all that makes a request the same. */
  readonly fingerprint: Json
  readonly repeat: Repeat
  readonly holder: string
}

/** Runs `work` under the key, or answers what the first run answered. `undefined` of `work` is not kept. */
export async function underKey<T>(
  deps: Pick<Deps, 'store'>,
  request: OnceRequest,
  work: () => Promise<T>,
  keep: (result: T) => KeptAnswer | undefined,
): Promise<{ readonly fresh: T } | { readonly kept: KeptAnswer }> {
  const name = `api/${sha256Hex(stableStringify([request.project ?? null, request.key]))}`
  const first = await deps.store.once(name, sha256Hex(stableStringify(request.fingerprint)), keepMs)
  if (first.kind === 'mismatch') {
    throw new EscaleError(
      'key-reused',
      'The idempotency key was used before with another request; use a new key for a new request.',
    )
  }
  if (first.kind === 'again' && first.result !== undefined) return { kept: first.result as unknown as KeptAnswer }
  const lease = await deps.store.acquire(name, request.holder, runMs)
  if (lease === undefined) {
    throw new EscaleError(
      'in-progress',
      'The first request under this idempotency key still runs; try again in a second.',
    )
  }
  try {
    if (first.kind === 'again' && request.repeat !== 'continue') {
      throw new EscaleError(
        'interrupted',
        'The first request under this idempotency key ended without an answer and may have taken effect; look, then use a new key.',
      )
    }
    const fresh = await work()
    const kept = keep(fresh)
    if (kept !== undefined) await deps.store.settle(name, kept as unknown as Json)
    return { fresh }
  } finally {
    await deps.store.release(lease)
  }
}
