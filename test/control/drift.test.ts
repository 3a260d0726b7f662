import { describe, expect, it } from 'vitest'
import { planApp } from '../../lib/control/deploy.ts'
import { EscaleError } from '../../lib/core/errors.ts'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import { defaultTiming } from '../../lib/targets/memory/timing.ts'
import { objectKey } from '../../lib/targets/memory/world.ts'
import { manualClock } from '../support/clock.ts'
import { faultyStore } from '../support/faults.ts'
import { imageOf, instancesOf, objectOf, resourceIds } from '../support/look.ts'
import { record, type TestPlatform, testPlatform, until } from '../support/platform.ts'
import { seededRandom } from '../support/random.ts'
import { container, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const image = (reference: string) => ({ main: container({ image: { reference } }) })
const scale = (count: number) => ({ min: count, max: count, schedule: {} })
const app = (reference: string) => spec([service('web', { ...image(reference), scale: scale(2) })])
const manifest = `apiVersion: escale/v1\nkind: App\nmetadata: {name: shop}\nservices:\n  web: {image: 'app:1', scale: 2}\n`
const request = { project: 'default', manifest, files: {}, params: {} }

async function standing(): Promise<TestPlatform> {
  const platform = await testPlatform()
  expect((await platform.settle(await platform.deploy(app('app:1')))).state).toBe('succeeded')
  return platform
}

function changeByHand(platform: TestPlatform, id: string, change: object): void {
  const object = objectOf(platform, id)!
  object.body = { ...object.body, ...change }
}

describe('a change by hand', () => {
  it('is left alone by ticks, also by the look after the last write', async () => {
    const platform = await standing()
    changeByHand(platform, 'service/web', { replicas: 5 })
    const { writes } = platform.cluster.world
    for (let n = 0; n < 50; n++) {
      await platform.step()
      platform.clock.advance(10_000)
    }
    expect(platform.cluster.world.writes).toBe(writes)
    expect(objectOf(platform, 'service/web')!.body['replicas']).toBe(5)
  })

  it('is shown and named by a plan', async () => {
    const platform = await standing()
    changeByHand(platform, 'service/web', { replicas: 5 })
    const { text } = await planApp(platform.deps, actor, request)
    expect(text).toContain('services.web.scale: 5 → 2')
  })

  it('is told apart from a change of the manifest, and repaired by a deployment', async () => {
    const platform = await standing()
    changeByHand(platform, 'service/web', { replicas: 5 })
    const done = await platform.settle(await platform.deploy(app('app:1')))
    expect(done.steps.filter((step) => step.kind === 'write')).toMatchObject([
      { resource: 'service/web', action: 'update', because: 'drift', replacesInstances: false },
    ])
    expect(instancesOf(platform, 'web').filter((instance) => instance.wanted)).toHaveLength(2)
  })

  it('is brought back by a deployment where an object was removed', async () => {
    const platform = await standing()
    const { name } = objectOf(platform, 'service/web')!
    platform.cluster.world.objects.delete(objectKey('service', name))
    platform.cluster.world.instances.delete(name)
    for (let n = 0; n < 50; n++) await platform.step()
    expect(resourceIds(platform)).toEqual(['network/default'])
    const done = await platform.settle(await platform.deploy(app('app:1')))
    expect(done.steps.filter((step) => step.kind === 'write')).toMatchObject([
      { resource: 'service/web', action: 'create', because: 'drift' },
    ])
    expect(instancesOf(platform, 'web')).toHaveLength(2)
  })

  it('of what a deployment has nothing to do with ends it as drifted, and no more is written', async () => {
    const platform = await testPlatform()
    const two = (reference: string) => spec([service('web', image(reference)), service('api')])
    await platform.settle(await platform.deploy(two('app:1')))
    const deployment = await platform.deploy(two('app:2'))
    await until(platform, () => imageOf(platform, 'web') === 'app:2')
    changeByHand(platform, 'service/api', { replicas: 4 })
    const { writes } = platform.cluster.world
    const done = await platform.settle(deployment)
    expect(done).toMatchObject({ state: 'drifted', problems: [{ code: 'drifted' }] })
    expect(done.reason).toContain('api')
    expect(platform.cluster.world.writes).toBe(writes)
  })
})

describe('an observation that lags', () => {
  it.each([1_000, 5_000, 20_000])('makes no write twice (%i ms)', async (lagMs) => {
    const platform = await testPlatform({ faults: { lagMs } })
    expect((await platform.settle(await platform.deploy(app('app:1')))).state).toBe('succeeded')
    expect(platform.cluster.world.writes).toBe(2)
    expect((await platform.settle(await platform.deploy(app('app:2')))).state).toBe('succeeded')
    expect(platform.cluster.world.writes).toBe(3)
    expect((await platform.settle(await platform.deploy(app('app:2')))).state).toBe('succeeded')
    expect(platform.cluster.world.writes).toBe(3)
  })

  it('does not hide from a rollback what was just written', async () => {
    const platform = await standing()
    platform.cluster.faults = {
      lagMs: 5_000,
      instance: (_unit, body) =>
        JSON.stringify(body).includes('app:2') ? { exitAfterMs: 10, exitCode: 1 } : undefined,
    }
    expect((await platform.settle(await platform.deploy(app('app:2')))).state).toBe('failed')
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('does not hide from a newer deployment what the older one wrote', async () => {
    const platform = await standing()
    platform.cluster.faults = { lagMs: 5_000 }
    await platform.deploy(app('app:2'))
    await until(platform, () => imageOf(platform, 'web') === 'app:2')
    expect((await platform.settle(await platform.deploy(app('app:1')))).state).toBe('succeeded')
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('does not hide from a newer deployment what the older one removed', async () => {
    const platform = await testPlatform()
    const two = spec([service('web'), service('api')])
    await platform.settle(await platform.deploy(two))
    platform.cluster.faults = { lagMs: 5_000 }
    await platform.deploy(spec([service('web')]))
    await until(platform, () => objectOf(platform, 'service/api') === undefined)
    expect((await platform.settle(await platform.deploy(two))).state).toBe('succeeded')
    expect(resourceIds(platform)).toEqual(['network/default', 'service/api', 'service/web'])
  })
})

describe('a clock that jumps', () => {
  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('%s an hour at any step of a deployment fails nothing and delays nothing', async (_way, byMs) => {
    for (let steps = 1; steps < 12; steps++) {
      // The control plane's clock jumps; the cluster takes its time as ever: longer than half of the budget.
      const ahead = { ms: 0 }
      const platform = await testPlatform({ ahead, timing: { ...defaultTiming, readyMs: 20_000 } })
      await platform.settle(await platform.deploy(app('app:1')))
      const deployment = await platform.deploy(app('app:2'))
      const fromMs = platform.cluster.nowMs()
      for (let n = 0; n < steps; n++) await platform.step()
      platform.clock.advance(byMs)
      ahead.ms -= byMs
      const done = await platform.settle(deployment)
      expect(done.state, `after ${steps} steps: ${done.reason}`).toBe('succeeded')
      expect(platform.cluster.nowMs() - fromMs).toBeLessThan(90_000)
    }
  })

  it('together with that of the engine fails nothing either', async () => {
    for (const byMs of [3_600_000, -3_600_000]) {
      const platform = await standing()
      const deployment = await platform.deploy(app('app:2'))
      await platform.step()
      platform.clock.advance(byMs)
      expect((await platform.settle(deployment)).state).toBe('succeeded')
    }
  })
})

describe('an engine that goes away', () => {
  it('in the middle of a deployment is waited for, and the deployment goes on', async () => {
    const platform = await standing()
    const deployment = await platform.deploy(app('app:2'))
    await platform.step()
    const { target } = platform.deps
    const away = {
      ...platform.deps,
      target: () => Promise.reject(new EscaleError('unreachable', 'the engine is away')),
    }
    Object.assign(platform.deps, { target: away.target })
    for (let n = 0; n < 100; n++) await platform.step()
    expect((await record(platform.deps, deployment)).endedAtMs).toBeUndefined()
    Object.assign(platform.deps, { target })
    expect((await platform.settle(deployment)).state).toBe('succeeded')
  })

  it('while it is written to is tried again, however often', async () => {
    const platform = await standing()
    let refused = 0
    platform.cluster.faults = { call: () => (++refused <= 10 ? { kind: 'loseAnswer' } : undefined) }
    expect((await platform.settle(await platform.deploy(app('app:2')))).state).toBe('succeeded')
  })

  it('and refuses for good fails the deployment after four tries, and it goes back', async () => {
    const platform = await standing()
    let calls = 0
    platform.cluster.faults = {
      call: ({ verb }) => (verb === 'update' && ++calls <= 4 ? { kind: 'fail', message: 'no such driver' } : undefined),
    }
    const done = await platform.settle(await platform.deploy(app('app:2')))
    expect(done).toMatchObject({ state: 'failed', problems: [{ code: 'engine-refused', path: 'web' }] })
    expect(done.reason).toContain('no such driver')
    expect(imageOf(platform, 'web')).toBe('app:1')
  })
})

describe('a store that refuses a write', () => {
  it.each(['failNext', 'loseAnswer'] as const)('only delays (%s)', async (how) => {
    for (let at = 1; at < 40; at++) {
      const clock = manualClock()
      const random = seededRandom('refused')
      const { store, faults } = faultyStore(memoryStore({ clock, random }), clock)
      const platform = await testPlatform({ clock, store })
      await store.commit([
        {
          put: { collection: 'project', partition: 'all', id: 'default' },
          value: { name: 'default', createdAtMs: 0, grants: [] },
          unconditional: true,
        },
      ])
      const deployment = await platform.deploy(app('app:1'))
      const commits = () => faults.calls.filter((call) => call === 'commit').length
      const from = commits()
      let struck = false
      for (let n = 0; n < 200; n++) {
        if (!struck && commits() - from >= at) {
          faults[how]('commit')
          struck = true
        }
        await platform.step().catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'store-unavailable' })
          clock.advance(100_000)
        })
        if ((await record(platform.deps, deployment)).endedAtMs !== undefined) break
      }
      expect((await record(platform.deps, deployment)).state).toBe('succeeded')
      if (!struck) return
    }
  })
})
