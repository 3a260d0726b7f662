/** The loop on the real clock, over the simulated cluster with times of a few milliseconds. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLog } from '../../lib/core/deps.ts'
import { EscaleError } from '../../lib/core/errors.ts'
import { systemClock } from '../../lib/core/system.ts'
import { defaultSettings, type Deps } from '../../lib/control/deps.ts'
import { findApp } from '../../lib/control/load.ts'
import { type Loop, startLoop } from '../../lib/control/loop.ts'
import { addresses, type DeploymentRecord } from '../../lib/control/records.ts'
import { dueName } from '../../lib/control/wake.ts'
import type { AppKey } from '../../lib/model/app.ts'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import type { Store } from '../../lib/store/store.ts'
import { MemoryCluster } from '../../lib/targets/memory/cluster.ts'
import type { Faults } from '../../lib/targets/memory/faults.ts'
import { memoryTarget } from '../../lib/targets/memory/target.ts'
import { emptyWorld, type World } from '../../lib/targets/memory/world.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'
import { begin } from '../support/begin.ts'
import { record } from '../support/platform.ts'
import { seededRandom } from '../support/random.ts'
import { key, service, spec } from '../support/specs.ts'

const timing = { startMs: 2, readyMs: 2, restartMs: 2, runMs: 2, stopMs: 2 }
const { update } = service('web')
const app = spec([service('web', { update: { ...update, rolling: { ...update.rolling, settleMs: 5 } } })])

interface Running {
  readonly deps: Deps
  readonly errors: readonly string[]
  readonly store: Store
  readonly world: World
  loop(): Loop
}

const loops = new Set<Loop>()
afterEach(async () => {
  await Promise.all([...loops].map((loop) => loop.stop()))
  loops.clear()
})

async function platform(
  options: { readonly faults?: Faults; readonly store?: Store; readonly world?: World; readonly pokes?: boolean } = {},
): Promise<Running> {
  const random = seededRandom('loop')
  const store = options.store ?? memoryStore({ clock: systemClock, random })
  const world = options.world ?? emptyWorld()
  const target = memoryTarget(
    new MemoryCluster({
      clock: systemClock,
      world,
      timing,
      ...(options.faults === undefined ? {} : { faults: options.faults }),
    }),
  )
  const errors: string[] = []
  let current: Loop | undefined
  const deps: Deps = {
    store,
    vault: memoryVault({ clock: systemClock, random }),
    target: async () => target,
    clock: systemClock,
    random,
    log: { ...silentLog, error: (message) => void errors.push(message) },
    installId: 'test',
    poke: (which) => {
      if (options.pokes !== false) current?.poke(which)
    },
    settings: defaultSettings,
    sources: {},
  }
  await store.commit([
    { put: addresses.cluster('local'), value: { name: 'local', kind: 'memory', createdAtMs: 0 }, unconditional: true },
    { put: addresses.project('default'), value: { name: 'default', createdAtMs: 0, grants: [] }, unconditional: true },
  ])
  return {
    deps,
    errors,
    store,
    world,
    loop() {
      current = startLoop(deps)
      loops.add(current)
      return current
    },
  }
}

const ends = async ({ deps }: Running, deployment: DeploymentRecord): Promise<DeploymentRecord> =>
  await vi.waitUntil(
    async () => {
      const now = await record(deps, deployment)
      return now.endedAtMs === undefined ? undefined : now
    },
    { timeout: 15_000, interval: 5 },
  )

describe('the loop', () => {
  it('brings a deployment to its end when it is poked', async () => {
    const running = await platform()
    running.loop()
    expect((await ends(running, await begin(running.deps, app, {}))).state).toBe('succeeded')
  })

  it('finds what is due though every poke is lost', async () => {
    const running = await platform({ pokes: false })
    running.loop()
    expect((await ends(running, await begin(running.deps, app, {}))).state).toBe('succeeded')
  })

  it('goes on where another process stopped', async () => {
    const running = await platform()
    const deployment = await begin(running.deps, app, {})
    running.loop()
    expect((await ends(running, deployment)).state).toBe('succeeded')
  })

  it('ends cleanly in the middle of a deployment, which the next one brings to its end', async () => {
    let stop: (() => void) | undefined
    const running = await platform({ faults: { after: () => stop?.() } })
    const first = running.loop()
    let stopped: Promise<void> | undefined
    stop = () => {
      stopped ??= first.stop()
    }
    const deployment = await begin(running.deps, app, {})
    await vi.waitUntil(() => stopped !== undefined, { timeout: 15_000, interval: 5 })
    await stopped
    const { writes } = running.world
    const lease = await running.store.acquire(`app/${key.project}/${key.app}/${key.environment}`, 'test', 1_000)
    expect(lease, 'the lease is free').toBeDefined()
    await running.store.release(lease!)
    stop = undefined
    const next = await platform({ store: running.store, world: running.world })
    next.loop()
    expect((await ends(next, deployment)).state).toBe('succeeded')
    expect(next.world.writes).toBeGreaterThanOrEqual(writes)
  })

  it('does nothing any more after it was stopped', async () => {
    const running = await platform()
    const loop = running.loop()
    await loop.stop()
    const deployment = await begin(running.deps, app, {})
    loop.poke(key)
    await loop.stop()
    expect((await record(running.deps, deployment)).state).toBe('queued')
  })

  it('survives a tick that fails: other apps go on, and it is due again', async () => {
    const running = await platform()
    const other: AppKey = { ...key, app: 'other' }
    running.loop()
    const broken = await begin(running.deps, app, {})
    await running.store.commit([{ remove: addresses.deployment(key, broken.number), unconditional: true }])
    const good = await begin(running.deps, app, { key: other })
    expect((await ends(running, good)).state).toBe('succeeded')
    await vi.waitUntil(() => running.errors.includes('tick failed'), { timeout: 15_000, interval: 5 })
    const far = Date.now() + 60_000
    await vi.waitUntil(
      async () =>
        (await running.store.due(far, 10)).some((item) => item.name === dueName(key) && item.dueAtMs > Date.now()),
      { timeout: 15_000, interval: 5 },
    )
  })

  it('survives a store that is away for a while', async () => {
    const running = await platform()
    running.loop()
    let away = true
    const { store } = running
    const due = store.due.bind(store)
    store.due = async (...args) => {
      if (away) throw new EscaleError('store-unavailable', 'the store is away')
      return await due(...args)
    }
    await vi.waitUntil(() => running.errors.includes('sweep failed'), { timeout: 15_000, interval: 5 })
    away = false
    expect((await ends(running, await begin(running.deps, app, {}))).state).toBe('succeeded')
  })

  it('brings many apps to their ends', async () => {
    const running = await platform()
    running.loop()
    const keys = Array.from({ length: 12 }, (_, n): AppKey => ({ ...key, app: `app-${n}` }))
    const deployments = await Promise.all(keys.map((at) => begin(running.deps, app, { key: at })))
    const done = await Promise.all(deployments.map((one) => ends(running, one)))
    expect(new Set(done.map((one) => one.state))).toEqual(new Set(['succeeded']))
    for (const at of keys) expect((await findApp(running.deps, at))!.value.active).toBeUndefined()
  })
})
