/** The lease of one app, held long enough for the next native call (ruling A3). */
import { EscaleError } from '../core/errors.ts'
import type { Lease } from '../store/store.ts'
import type { Deps } from './deps.ts'

export async function holdLease(deps: Deps, lease: Lease): Promise<Lease> {
  const held = await deps.store.renew(lease, deps.settings.leaseMs)
  if (held === undefined) throw new EscaleError('version-conflict', 'the lease was lost to another tick')
  return held
}

/** A call must not outlive the lease: a slow one could write the old after the new. */
export const mayCall = (deps: Deps, lease: Lease): boolean =>
  lease.expiresAtMs - deps.clock.nowMs() > deps.settings.callDeadlineMs
