/** Writes a deployment, and with it the app, only under the lease's fence and over the version that was read. */
import { EscaleError } from '../core/errors.ts'
import { stableStringify } from '../core/hash.ts'
import type { Lease, Operation, Stored } from '../store/store.ts'
import type { Deps } from './deps.ts'
import { json } from './load.ts'
import { addresses, type AppRecord, type DeploymentRecord } from './records.ts'

export async function saveDeployment(
  deps: Deps,
  lease: Lease,
  stored: Stored<DeploymentRecord>,
  change: Partial<DeploymentRecord>,
  app?: { readonly stored: Stored<AppRecord>; readonly change: Partial<AppRecord> },
  more: readonly Operation[] = [],
): Promise<{ readonly deployment: Stored<DeploymentRecord>; readonly app?: Stored<AppRecord> }> {
  const value: DeploymentRecord = { ...stored.value, ...change }
  const { key, number } = value
  const operations: Operation[] = [
    { fence: lease.name, ifFence: lease.fence },
    { put: addresses.deployment(key, number), value: json(value), ifVersion: stored.version },
    ...more,
  ]
  const appValue = app === undefined ? undefined : withoutUndefined({ ...app.stored.value, ...app.change })
  const appChanged = app !== undefined && stableStringify(appValue) !== stableStringify(app.stored.value)
  if (app !== undefined && appChanged) {
    operations.push({ put: addresses.app(key), value: json(appValue), ifVersion: app.stored.version })
  }
  const result = await deps.store.commit(operations)
  if (!result.ok) {
    if (result.failed === 0) throw new EscaleError('version-conflict', 'the lease was lost to another tick')
    throw new EscaleError('version-conflict', 'the deployment was changed by somebody else in between')
  }
  const deployment = { ...stored, value, version: result.versions[1] ?? stored.version + 1 }
  if (app === undefined) return { deployment }
  const version = appChanged ? (result.versions.at(-1) ?? app.stored.version + 1) : app.stored.version
  return { deployment, app: { ...app.stored, value: appValue as AppRecord, version } }
}

/** A member set to undefined is removed: JSON has none. */
export function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
