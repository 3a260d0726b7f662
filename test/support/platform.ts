/** A whole control plane in memory, on a clock that tests move. */
import { type Log, silentLog } from '../../lib/core/deps.ts'
import { begin } from './begin.ts'
import { defaultSettings, type Deps } from '../../lib/control/deps.ts'
import { addresses, type DeploymentRecord, endedStates } from '../../lib/control/records.ts'
import { tick } from '../../lib/control/tick.ts'
import { findApp, findDeployment } from '../../lib/control/load.ts'
import type { AppKey } from '../../lib/model/app.ts'
import type { AppSpec } from '../../lib/model/unit.ts'
import type { Store } from '../../lib/store/store.ts'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import { MemoryCluster } from '../../lib/targets/memory/cluster.ts'
import type { Faults } from '../../lib/targets/memory/faults.ts'
import { memoryTarget } from '../../lib/targets/memory/target.ts'
import type { Timing } from '../../lib/targets/memory/timing.ts'
import type { World } from '../../lib/targets/memory/world.ts'
import type { Target } from '../../lib/targets/target.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'
import type { Vault } from '../../lib/vault/vault.ts'
import { type ManualClock, manualClock } from './clock.ts'
import { seededRandom } from './random.ts'
import { key as defaultKey } from './specs.ts'

export interface TestPlatform {
  readonly deps: Deps
  readonly clock: ManualClock
  readonly cluster: MemoryCluster
  readonly store: Store
  readonly target: Target
  /** Puts a release of this spec on record and asks for its deployment. */
  deploy(spec: AppSpec, options?: Partial<Parameters<typeof begin>[2]>): Promise<DeploymentRecord>
  /** Ticks and moves the clock until the app is at rest; answers the deployment. */
  settle(deployment?: DeploymentRecord, key?: AppKey): Promise<DeploymentRecord>
  /** One tick, then the clock moves to when the next is due (or by a second). */
  step(key?: AppKey): Promise<'done' | 'again'>
}

export interface PlatformOptions {
  readonly faults?: Faults
  readonly world?: World
  readonly store?: Store
  readonly vault?: Vault
  readonly clock?: ManualClock
  readonly nodes?: number
  readonly log?: Log
  readonly domain?: string
  readonly timing?: Timing
  /** The cluster's clock is this much ahead: changed together with the other clock, it lets that one alone jump. */
  readonly ahead?: { ms: number }
}

export async function testPlatform(options: PlatformOptions = {}): Promise<TestPlatform> {
  const clock = options.clock ?? manualClock()
  const random = seededRandom(options.store === undefined ? 'first' : 'second')
  const store = options.store ?? memoryStore({ clock, random })
  const { ahead = { ms: 0 } } = options
  const cluster = new MemoryCluster({
    clock: { ...clock, nowMs: () => clock.nowMs() + ahead.ms },
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    ...(options.world === undefined ? {} : { world: options.world }),
    ...(options.nodes === undefined ? {} : { nodes: options.nodes }),
  })
  const target = memoryTarget(cluster)
  const deps: Deps = {
    store,
    vault: options.vault ?? memoryVault({ clock, random }),
    target: async () => target,
    clock,
    random,
    log: options.log ?? silentLog,
    installId: 'test',
    poke: () => {},
    settings: defaultSettings,
    sources: {},
  }
  if (options.store === undefined) {
    await store.commit([
      {
        put: addresses.cluster('local'),
        value: {
          name: 'local',
          kind: 'memory',
          createdAtMs: 0,
          ...(options.domain === undefined ? {} : { domain: options.domain }),
        },
        unconditional: true,
      },
      {
        put: addresses.project('default'),
        value: { name: 'default', createdAtMs: 0, grants: [] },
        unconditional: true,
      },
    ])
  }

  const step = async (key: AppKey = defaultKey): Promise<'done' | 'again'> => {
    const result = await tick(deps, key)
    if (result.kind === 'again') clock.advance(Math.min(Math.max(result.atMs - clock.nowMs(), 10), 5_000))
    return result.kind
  }

  return {
    deps,
    clock,
    cluster,
    store,
    target,
    deploy: (spec, change) => begin(deps, spec, change ?? {}),
    step,
    async settle(deployment, key = defaultKey) {
      for (let n = 0; n < 2_000; n++) {
        const result = await step(key)
        const app = (await findApp(deps, key))?.value
        if (deployment !== undefined) {
          const now = await record(deps, deployment)
          if (endedStates.includes(now.state)) return now
        } else if (app !== undefined && app.active === undefined && app.lastDeploymentNumber > 0) {
          return (await findDeployment(deps, key, app.lastDeploymentNumber))!.value
        }
        if (result === 'done') clock.advance(100)
      }
      throw new Error('the app did not come to rest')
    },
  }
}

export async function record(deps: Deps, deployment: DeploymentRecord): Promise<DeploymentRecord> {
  const stored = await deps.store.get(addresses.deployment(deployment.key, deployment.number))
  return stored!.value as unknown as DeploymentRecord
}

/** Ticks until something holds; a test that waits for what never comes fails. */
export async function until(platform: TestPlatform, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 500; n++) {
    if (await holds()) return
    await platform.step()
  }
  throw new Error('it never came to hold')
}
