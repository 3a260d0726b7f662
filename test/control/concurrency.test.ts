import { describe, expect, it } from 'vitest'
import { approveDeployment, cancelDeployment, rollbackApp, scaleApp, stopApp } from '../../lib/control/actions.ts'
import { deployApp, planApp } from '../../lib/control/deploy.ts'
import { findApp } from '../../lib/control/load.ts'
import { tick } from '../../lib/control/tick.ts'
import type { ServiceUnit } from '../../lib/model/unit.ts'
import { eventsOf, imageOf, instancesOf, objectOf, resourceIds } from '../support/look.ts'
import { record, type TestPlatform, testPlatform, until } from '../support/platform.ts'
import { container, job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const image = (reference: string) => ({ main: container({ image: { reference } }) })
const scale = (count: number) => ({ min: count, max: count, schedule: {} })
const rolling = (change: Partial<ServiceUnit['update']['rolling']>): ServiceUnit['update'] => {
  const { update } = service('web')
  return { ...update, rolling: { ...update.rolling, ...change } }
}
const app = (reference: string) => spec([service('web', image(reference))])
const appRecord = async ({ deps }: TestPlatform) => (await findApp(deps, key))!.value

/** A platform on which release 1 stands. */
async function standing(first = app('app:1')): Promise<TestPlatform> {
  const platform = await testPlatform()
  expect((await platform.settle(await platform.deploy(first))).state).toBe('succeeded')
  return platform
}

/** The manifest of the app for tests that begin with text. */
const manifest = (reference: string): string =>
  `apiVersion: escale/v1\nkind: App\nmetadata: {name: shop}\nservices:\n  web: {image: '${reference}'}\n`
const request = (reference: string) => ({ project: 'default', manifest: manifest(reference), files: {}, params: {} })

describe('two deployments of one app', () => {
  it('end with the newer one, and the older is superseded', async () => {
    const platform = await standing()
    const older = await platform.deploy(app('app:2'))
    await platform.step()
    const newer = await platform.deploy(app('app:3'))
    expect((await platform.settle(newer)).state).toBe('succeeded')
    expect((await record(platform.deps, older)).state).toBe('superseded')
    expect(imageOf(platform, 'web')).toBe('app:3')
  })

  it('never leave a superseded release as the one to go back to', async () => {
    const platform = await standing()
    await platform.deploy(app('app:2'))
    await platform.step()
    platform.cluster.faults = {
      instance: (_unit, body) =>
        JSON.stringify(body).includes('app:3') ? { exitAfterMs: 10, exitCode: 1 } : undefined,
    }
    expect((await platform.settle(await platform.deploy(app('app:3')))).state).toBe('failed')
    expect(imageOf(platform, 'web')).toBe('app:1')
    expect(await appRecord(platform)).toMatchObject({ lastGood: 1, current: 1 })
  })

  it('wait for the newest alone where several are asked for before a tick', async () => {
    const platform = await standing()
    const all = [
      await platform.deploy(app('app:2')),
      await platform.deploy(app('app:3')),
      await platform.deploy(app('app:4')),
    ]
    await platform.settle(all[2])
    expect(await Promise.all(all.map(async (one) => (await record(platform.deps, one)).state))).toEqual([
      'superseded',
      'superseded',
      'succeeded',
    ])
    expect(imageOf(platform, 'web')).toBe('app:4')
  })

  it('both get on record when they are asked for at the same moment', async () => {
    const platform = await testPlatform()
    const both = await Promise.all(
      ['app:1', 'app:2'].map((reference) => deployApp(platform.deps, actor, request(reference))),
    )
    expect(both.map((one) => one.release).sort()).toEqual([1, 2])
    await platform.settle()
    const states = await Promise.all(both.map(async (one) => (await record(platform.deps, one)).state))
    expect(states.sort()).toEqual(['succeeded', 'superseded'])
  })

  it('do not run a job of the older on beside that of the newer', async () => {
    const platform = await standing()
    platform.cluster.faults = { run: () => ({ exitCode: 0, tookMs: 60_000 }) }
    const withJob = (reference: string) =>
      spec([
        service('web', { ...image(reference), dependsOn: { migrate: 'completed' } }),
        job('migrate', image(reference)),
      ])
    await platform.deploy(withJob('app:2'))
    await platform.step()
    await platform.step()
    expect(platform.cluster.world.runs.size).toBe(1)
    await platform.settle(await platform.deploy(withJob('app:3')))
    expect(await eventsOf(platform)).toContain('run.cancelled: cancelled by deployment 3 took over')
    expect([...platform.cluster.world.runs.values()].map((run) => run.state)).toEqual(['succeeded'])
  })

  it('go on with jobs and approvals where the newer one is of the same release', async () => {
    const platform = await standing()
    const update = rolling({ settleMs: 20_000 })
    const web = service('web', { ...image('app:2'), update, dependsOn: { migrate: 'completed' } })
    const gated = spec([web, job('migrate')], { approval: 'required' })
    const deployment = await platform.deploy(gated)
    await until(platform, async () => (await record(platform.deps, deployment)).state === 'waiting')
    await approveDeployment(platform.deps, actor, key, deployment.id)
    await until(platform, () => imageOf(platform, 'web') === 'app:2')
    const scaled = await scaleApp(platform.deps, actor, key, { web: 2 })
    expect((await platform.settle(scaled)).state).toBe('succeeded')
    expect((await eventsOf(platform)).filter((type) => type === 'run.started')).toHaveLength(1)
    expect(instancesOf(platform, 'web')).toHaveLength(2)
    expect(await appRecord(platform)).toMatchObject({ current: 2 })
  })
})

describe('a deployment during a rollback', () => {
  it('takes over from it', async () => {
    // Without surge the old instance is gone when the new one fails, so that going back takes its time.
    const update = rolling({ maxSurge: { count: 0 }, maxUnavailable: { count: 1 } })
    const platform = await standing(spec([service('web', { ...image('app:1'), update })]))
    platform.cluster.faults = {
      instance: (_unit, body) =>
        JSON.stringify(body).includes('app:2') ? { exitAfterMs: 10, exitCode: 1 } : undefined,
    }
    const bad = await platform.deploy(spec([service('web', { ...image('app:2'), update })]))
    await until(platform, async () => (await record(platform.deps, bad)).state === 'rollingBack')
    const good = await platform.settle(await platform.deploy(app('app:3')))
    expect(good).toMatchObject({ state: 'succeeded', fallback: 1 })
    expect((await record(platform.deps, bad)).state).toBe('superseded')
    expect(imageOf(platform, 'web')).toBe('app:3')
  })
})

describe('verbs that overtake each other', () => {
  it('keep what was asked for before', async () => {
    const platform = await standing(spec([service('web'), service('api')]))
    await scaleApp(platform.deps, actor, key, { web: 3 })
    await scaleApp(platform.deps, actor, key, { api: 2 })
    await stopApp(platform.deps, actor, key, { services: ['api'] })
    await platform.settle()
    expect([instancesOf(platform, 'web').length, instancesOf(platform, 'api').length]).toEqual([3, 0])
    expect((await appRecord(platform)).runtime).toMatchObject({
      counts: { web: { count: 3 }, api: { count: 2 } },
      stopped: ['api'],
    })
  })

  it('scale the release under way', async () => {
    const platform = await standing()
    await platform.deploy(app('app:2'))
    await platform.step()
    const scaled = await platform.settle(await scaleApp(platform.deps, actor, key, { web: 2 }))
    expect(scaled).toMatchObject({ state: 'succeeded', release: 2 })
    expect(imageOf(platform, 'web')).toBe('app:2')
    expect(instancesOf(platform, 'web')).toHaveLength(2)
  })
})

describe('cancelling', () => {
  const second = spec([
    service('web', { ...image('app:2'), scale: scale(2) }),
    service('extra', { dependsOn: { web: 'healthy' } }),
  ])

  it.each([{ leave: false }, { leave: true }])(
    'ends at every step of a deployment (leave: $leave)',
    async ({ leave }) => {
      for (let steps = 0; ; steps++) {
        const platform = await standing()
        const deployment = await platform.deploy(second)
        for (let n = 0; n < steps; n++) await platform.step()
        if ((await record(platform.deps, deployment)).endedAtMs !== undefined) {
          expect(steps).toBeGreaterThan(3)
          return
        }
        await cancelDeployment(platform.deps, actor, key, deployment.id, { leave })
        const { writes } = platform.cluster.world
        const done = await platform.settle(deployment)
        expect(done, `after ${steps} steps`).toMatchObject({ state: 'cancelled', reason: 'cancelled by test' })
        if (leave) expect(platform.cluster.world.writes).toBe(writes)
        else {
          expect(imageOf(platform, 'web')).toBe('app:1')
          expect(resourceIds(platform)).toEqual(['network/default', 'service/web'])
        }
        expect((await appRecord(platform)).current).toBe(1)
      }
    },
  )

  it('ends a pinned deployment that had not begun as cancelled', async () => {
    const platform = await testPlatform()
    const plan = await planApp(platform.deps, actor, request('app:1'))
    const deployment = await deployApp(platform.deps, actor, { ...request('app:1'), planHash: plan.hash })
    await cancelDeployment(platform.deps, actor, key, deployment.id, { leave: false })
    expect((await platform.settle(deployment)).state).toBe('cancelled')
    expect(platform.cluster.world.writes).toBe(0)
  })

  it('lets a rollback by hand find what stood before what was left', async () => {
    const platform = await standing()
    platform.cluster.faults = {
      instance: (_unit, body) => (JSON.stringify(body).includes('app:2') ? { neverReady: true } : undefined),
    }
    const deployment = await platform.deploy(app('app:2'))
    await until(platform, () => imageOf(platform, 'web') === 'app:2')
    await cancelDeployment(platform.deps, actor, key, deployment.id, { leave: true })
    await platform.settle(deployment)
    const back = await platform.settle(await rollbackApp(platform.deps, actor, key, {}))
    expect(back).toMatchObject({ state: 'succeeded', release: 1 })
    expect(imageOf(platform, 'web')).toBe('app:1')
  })
})

describe('an approval', () => {
  const gated = { ...app('app:1'), approval: 'required' as const }

  it('is waited for, for longer than a day, with nothing written and no failure', async () => {
    const platform = await testPlatform()
    const deployment = await platform.deploy(gated)
    for (let n = 0; n < 30; n++) await platform.step()
    expect((await record(platform.deps, deployment)).state).toBe('waiting')
    platform.clock.advance(30 * 3_600_000)
    for (let n = 0; n < 30; n++) await platform.step()
    expect((await record(platform.deps, deployment)).state).toBe('waiting')
    expect(platform.cluster.world.writes).toBe(0)
    await approveDeployment(platform.deps, actor, key, deployment.id)
    expect((await platform.settle(deployment)).state).toBe('succeeded')
    expect((await eventsOf(platform)).filter((type) => type.startsWith('deployment.waiting'))).toHaveLength(1)
  })

  it('is not looked for more than once a minute', async () => {
    const platform = await testPlatform()
    await platform.deploy(gated)
    await platform.step()
    for (let n = 0; n < 5; n++) {
      platform.clock.advance(120_000)
      const result = await tick(platform.deps, key)
      expect(result.kind === 'again' && result.atMs - platform.clock.nowMs()).toBe(60_000)
    }
  })

  it('is asked for again by another release, and not where nothing is written', async () => {
    const platform = await testPlatform()
    const first = await platform.deploy(gated)
    await until(platform, async () => (await record(platform.deps, first)).state === 'waiting')
    await approveDeployment(platform.deps, actor, key, first.id)
    await platform.settle(first)
    expect((await platform.settle(await platform.deploy(gated))).state).toBe('succeeded')
    const second = await platform.deploy({ ...gated, ...spec([service('web', image('app:2'))]), approval: 'required' })
    for (let n = 0; n < 5; n++) await platform.step()
    expect((await record(platform.deps, second)).state).toBe('waiting')
  })
})

describe('a pinned plan', () => {
  it('is deployed while the world is as it was', async () => {
    const platform = await testPlatform()
    const plan = await planApp(platform.deps, actor, request('app:1'))
    const deployment = await deployApp(platform.deps, actor, { ...request('app:1'), planHash: plan.hash })
    expect((await platform.settle(deployment)).state).toBe('succeeded')
  })

  it('is refused when the world has changed by the time of the request', async () => {
    const platform = await testPlatform()
    await platform.settle(await deployApp(platform.deps, actor, request('app:1')))
    const plan = await planApp(platform.deps, actor, request('app:2'))
    await platform.settle(await scaleApp(platform.deps, actor, key, { web: 3 }))
    const late = deployApp(platform.deps, actor, { ...request('app:2'), planHash: plan.hash })
    await expect(late).rejects.toMatchObject({ code: 'stale-plan' })
  })

  it('is stale when the world changes before the first tick, and nothing is done', async () => {
    const platform = await testPlatform()
    await platform.settle(await deployApp(platform.deps, actor, request('app:1')))
    const plan = await planApp(platform.deps, actor, request('app:2'))
    const deployment = await deployApp(platform.deps, actor, { ...request('app:2'), planHash: plan.hash })
    const { writes } = platform.cluster.world
    objectOf(platform, 'service/web')!.body = { ...objectOf(platform, 'service/web')!.body, replicas: 7 }
    expect((await platform.settle(deployment)).state).toBe('stale')
    expect(platform.cluster.world.writes).toBe(writes)
    expect((await appRecord(platform)).current).toBe(1)
  })

  it('goes on when the request is made again under its key, though the world has moved by itself', async () => {
    const platform = await testPlatform()
    const plan = await planApp(platform.deps, actor, request('app:1'))
    const once = { ...request('app:1'), planHash: plan.hash, idempotencyKey: 'one' }
    const first = await deployApp(platform.deps, actor, once)
    await platform.settle(first)
    expect((await deployApp(platform.deps, actor, once)).id).toBe(first.id)
  })
})

describe('two ticks at once', () => {
  it('work one after the other', async () => {
    const platform = await testPlatform()
    await platform.deploy(app('app:1'))
    const results = await Promise.all([tick(platform.deps, key), tick(platform.deps, key), tick(platform.deps, key)])
    expect(results.map((result) => result.kind)).toEqual(['again', 'again', 'again'])
    expect(platform.cluster.world.writes).toBe(resourceIds(platform).length)
  })

  it('write nothing after the lease was lost', async () => {
    const platform = await testPlatform()
    let stalled = true
    platform.cluster.faults = {
      // The first call takes so long that the lease runs out meanwhile, and another tick does the work.
      after: async () => {
        if (!stalled) return
        stalled = false
        platform.clock.advance(100_000)
        await platform.settle()
      },
    }
    const deployment = await platform.deploy(app('app:1'))
    const result = await tick(platform.deps, key)
    expect(result.kind).toBe('again')
    const done = await record(platform.deps, deployment)
    expect(done.state).toBe('succeeded')
    expect((await eventsOf(platform)).filter((type) => type.startsWith('deployment.succeeded'))).toHaveLength(1)
  })

  it('lose no wake-up that arrives while one ends', async () => {
    const platform = await standing()
    const { store } = platform
    // Asked for right between the last look of a tick and its putting off.
    let asked = false
    const setDue = store.setDue.bind(store)
    store.setDue = async (name, atMs, options) => {
      if (!asked && atMs === undefined) {
        asked = true
        await platform.deploy(app('app:2'))
      }
      await setDue(name, atMs, options)
    }
    for (let n = 0; n < 200 && !asked; n++) await platform.step()
    expect(asked).toBe(true)
    expect((await store.due(platform.clock.nowMs(), 10)).map((item) => item.name)).toContain('app/default/shop/default')
  })
})
