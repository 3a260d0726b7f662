/** Puts a release and its deployment on record, without a manifest. */
import type { Deps } from '../../lib/control/deps.ts'
import { beginDeployment, type Beginning } from '../../lib/control/begin.ts'
import { findApp } from '../../lib/control/load.ts'
import { addresses, type DeploymentRecord } from '../../lib/control/records.ts'
import type { Release } from '../../lib/model/release.ts'
import type { AppSpec } from '../../lib/model/unit.ts'
import { key, release } from './specs.ts'

export async function begin(
  deps: Deps,
  spec: AppSpec,
  change: Partial<Beginning> & { readonly release_?: Partial<Release> },
): Promise<DeploymentRecord> {
  const appKey = change.key ?? key
  const app = await findApp(deps, appKey)
  const number = (app?.value.lastReleaseNumber ?? 0) + 1
  const made = release(number, spec, { key: appKey, ...change.release_ })
  return await beginDeployment(
    deps,
    { subject: 'test' },
    {
      key: appKey,
      kind: 'deploy',
      cluster: 'local',
      release: number,
      gated: true,
      runtime: (now) => now,
      appChange: { lastReleaseNumber: number },
      more: [{ put: addresses.release(appKey, number), value: made, ifAbsent: true }],
      ...change,
    },
  )
}
