import { describe, expect, it } from 'vitest'
import { restartApp, rollbackApp, scaleApp } from '../../lib/control/actions.ts'
import { findApp } from '../../lib/control/load.ts'
import type { ServiceUnit } from '../../lib/model/unit.ts'
import type { Faults, InstanceFault } from '../../lib/targets/memory/faults.ts'
import { eventsOf, imageOf, instancesOf, objectOf, resourceIds } from '../support/look.ts'
import { type TestPlatform, testPlatform, until } from '../support/platform.ts'
import { container, job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const image = (reference: string) => ({ main: container({ image: { reference } }) })
const update = (change: Partial<ServiceUnit['update']>): ServiceUnit['update'] => ({
  ...service('web').update,
  ...change,
})
const rollback = (change: Partial<ServiceUnit['update']['rollback']>) =>
  update({ rollback: { ...service('web').update.rollback, ...change } })
const bad = (fault: InstanceFault, rest: Faults = {}): Faults => ({
  ...rest,
  instance: (_unit, body) => (JSON.stringify(body).includes('app:2') ? fault : undefined),
})
const app = (reference: string, change: Partial<ServiceUnit> = {}) =>
  spec([service('web', { ...image(reference), ...change })])
const appRecord = async ({ deps }: TestPlatform) => (await findApp(deps, key))!.value

async function standing(change: Partial<ServiceUnit> = {}): Promise<TestPlatform> {
  const platform = await testPlatform()
  expect((await platform.settle(await platform.deploy(app('app:1', change)))).state).toBe('succeeded')
  return platform
}

describe('a deployment fails', () => {
  it('when nothing becomes ready within its budget, and no earlier', async () => {
    const platform = await standing()
    platform.cluster.faults = bad({ neverReady: true })
    const done = await platform.settle(await platform.deploy(app('app:2')))
    expect(done).toMatchObject({ state: 'failed', reason: 'web: 0 of 1 ready, and none more within 30 s' })
    const wrote = Object.values(done.progress.writes).find(
      (fact) => fact.resource === 'service/web' && fact.direction === 'forward',
    )!
    expect(done.progress.startedAtMs - wrote.doneAtMs!).toBeGreaterThanOrEqual(30_000)
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('not while one instance after the other becomes ready, however long the whole takes', async () => {
    const slow = {
      scale: { min: 6, max: 6, schedule: {} },
      update: update({ rolling: { maxSurge: { count: 1 }, maxUnavailable: { count: 0 }, settleMs: 20_000 } }),
    }
    const platform = await standing(slow)
    const done = await platform.settle(await platform.deploy(app('app:2', slow)))
    expect(done.state).toBe('succeeded')
    expect(done.endedAtMs! - done.startedAtMs!).toBeGreaterThan(100_000)
  })

  it('after as many instances have failed as the budget allows, long before the time is up', async () => {
    const platform = await standing()
    platform.cluster.faults = bad({ exitAfterMs: 10, exitCode: 3 })
    const done = await platform.settle(await platform.deploy(app('app:2')))
    expect(done.state).toBe('failed')
    expect(done.reason).toMatch(/web: \d new instances failed; the last: exit status 3/)
    expect(done.endedAtMs! - done.startedAtMs!).toBeLessThan(15_000)
  })

  it('says what the cluster says of an instance that cannot start', async () => {
    const platform = await standing()
    platform.cluster.faults = bad({ cannotStart: 'no such image' })
    expect((await platform.settle(await platform.deploy(app('app:2')))).reason).toContain('no such image')
  })

  it('does not count failures from before', async () => {
    const platform = await standing()
    platform.cluster.faults = bad({ exitAfterMs: 10, exitCode: 3 })
    expect((await platform.settle(await platform.deploy(app('app:2')))).state).toBe('failed')
    platform.cluster.faults = {}
    expect((await platform.settle(await platform.deploy(app('app:2')))).state).toBe('succeeded')
  })

  it('when the cluster stops its rollout, which is then never written again', async () => {
    const platform = await standing()
    platform.cluster.faults = bad({ exitAfterMs: 10, exitCode: 3 }, { stopRolloutAfter: 1 })
    const done = await platform.settle(await platform.deploy(app('app:2')))
    expect(done).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('web: the rollout stopped: 1 new instances failed'),
    })
    const forward = Object.values(done.progress.writes).filter(
      (fact) => fact.resource === 'service/web' && fact.direction === 'forward',
    )
    expect(forward).toMatchObject([{ attempts: 1 }])
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('again where a rollout was left stopped, instead of calling it good', async () => {
    const left = { update: rollback({ auto: false }) }
    const platform = await standing(left)
    platform.cluster.faults = bad({ exitAfterMs: 10, exitCode: 3 }, { stopRolloutAfter: 1 })
    expect((await platform.settle(await platform.deploy(app('app:2', left)))).state).toBe('failed')
    expect((await platform.settle(await platform.deploy(app('app:2', left)))).state).toBe('failed')
    expect(await appRecord(platform)).toMatchObject({ current: 1, lastGood: 1 })
    expect((await platform.settle(await rollbackApp(platform.deps, actor, key, {}))).state).toBe('succeeded')
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('when a job that it waits for fails, and goes back', async () => {
    const platform = await standing()
    platform.cluster.faults = { run: () => ({ exitCode: 7 }) }
    const gated = spec([service('web', { ...image('app:2'), dependsOn: { migrate: 'completed' } }), job('migrate')])
    const done = await platform.settle(await platform.deploy(gated))
    expect(done).toMatchObject({
      state: 'failed',
      problems: [{ path: 'migrate', message: 'job migrate: it ended with exit status 7' }],
    })
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('when its verification fails, and goes back', async () => {
    const platform = await standing()
    platform.cluster.faults = { run: () => ({ exitCode: 1 }) }
    const done = await platform.settle(
      await platform.deploy(
        spec([service('web', { ...image('app:2'), update: update({ verify: 'smoke' }) }), job('smoke')]),
      ),
    )
    expect(done.state).toBe('failed')
    expect(done.reason).toContain('smoke')
    expect(imageOf(platform, 'web')).toBe('app:1')
    expect((await eventsOf(platform)).filter((type) => type === 'run.started')).toHaveLength(1)
  })

  it('not because of a gate job that takes longer than an instance may', async () => {
    const platform = await standing()
    platform.cluster.faults = { run: () => ({ exitCode: 0, tookMs: 600_000 }) }
    const gated = spec([service('web', { ...image('app:2'), dependsOn: { migrate: 'completed' } }), job('migrate')])
    expect((await platform.settle(await platform.deploy(gated))).state).toBe('succeeded')
  })

  it('when what it depends on does not become ready by itself', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(spec([service('db')])))
    platform.cluster.faults = { instance: (unit) => (unit === 'db' ? { neverReady: true } : undefined) }
    const name = objectOf(platform, 'service/db')!.name
    platform.cluster.world.instances.set(name, [])
    await platform.step()
    const done = await platform.settle(
      await platform.deploy(spec([service('db'), service('web', { dependsOn: { db: 'healthy' } })])),
    )
    expect(done).toMatchObject({ state: 'failed', reason: 'db: 0 of 1 ready, and none more within 30 s' })
    expect(objectOf(platform, 'service/web')).toBeUndefined()
  })
})

describe('a failed deployment', () => {
  it('leaves everything as it is where it is not to go back', async () => {
    const left = { update: rollback({ auto: false }) }
    const platform = await standing(left)
    platform.cluster.faults = bad({ neverReady: true })
    expect((await platform.settle(await platform.deploy(app('app:2', left)))).state).toBe('failed')
    expect(imageOf(platform, 'web')).toBe('app:2')
    expect(await appRecord(platform)).toMatchObject({ current: 1, lastGood: 1 })
  })

  it('with nothing to go back to stands still, and its volumes stay', async () => {
    const platform = await testPlatform({ faults: bad({ exitAfterMs: 10, exitCode: 3 }) })
    const first = spec([service('web', image('app:2')), service('db')], {
      volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }],
    })
    expect((await platform.settle(await platform.deploy(first))).state).toBe('failed')
    expect(resourceIds(platform)).toEqual(['network/default', 'service/db', 'service/web', 'volume/data'])
    platform.clock.advance(60_000)
    expect([...instancesOf(platform, 'web'), ...instancesOf(platform, 'db')]).toEqual([])
  })

  it('with nothing to go back to makes nothing only in order to stop it', async () => {
    const platform = await testPlatform({ faults: { run: () => ({ exitCode: 1 }) } })
    const done = await platform.settle(
      await platform.deploy(spec([service('web', { dependsOn: { migrate: 'completed' } }), job('migrate')])),
    )
    expect(done.state).toBe('failed')
    expect(resourceIds(platform)).toEqual(['network/default'])
  })

  it('ends as rollbackFailed where going back fails too', async () => {
    const platform = await standing()
    let going = 'forward'
    platform.cluster.faults = {
      instance: () => ({ exitAfterMs: 10, exitCode: going === 'forward' ? 3 : 4 }),
      call: ({ verb }) => {
        if (verb === 'update' && imageOf(platform, 'web') === 'app:2') going = 'back'
        return undefined
      },
    }
    // Without surge nothing of the old is left to be ready at once.
    const surge = { update: update({ rolling: { maxSurge: { count: 0 }, maxUnavailable: { count: 1 }, settleMs: 0 } }) }
    const done = await platform.settle(await platform.deploy(app('app:2', surge)))
    expect(done.state).toBe('rollbackFailed')
    expect(done.problems.map((item) => item.message)).toEqual([
      expect.stringContaining('exit status 3'),
      expect.stringContaining('exit status 4'),
    ])
    platform.cluster.faults = {}
    expect((await platform.settle(await rollbackApp(platform.deps, actor, key, {}))).release).toBe(1)
  })

  it.each([
    ['immediate', 'immediate'],
    ['rolling', 'declared'],
  ] as const)('goes back at its own speed: %s', async (speed, pace) => {
    const platform = await standing({ update: rollback({ speed }) })
    const executor = platform.target.executors['service']!
    const paces: string[] = []
    const watched = {
      ...executor,
      update: (...args: Parameters<typeof executor.update>) => (paces.push(args[2].pace), executor.update(...args)),
    }
    Object.assign(platform.deps, {
      target: async () => ({ ...platform.target, executors: { ...platform.target.executors, service: watched } }),
    })
    platform.cluster.faults = bad({ exitAfterMs: 10, exitCode: 3 })
    await platform.settle(await platform.deploy(app('app:2', { update: rollback({ speed }) })))
    expect(paces).toEqual(['declared', pace])
  })

  it('goes back against the order of dependencies', async () => {
    const platform = await testPlatform()
    const chain = (reference: string) =>
      spec([
        service('db', image(reference)),
        service('api', { ...image(reference), dependsOn: { db: 'healthy' } }),
        service('web', { ...image(reference), dependsOn: { api: 'healthy' } }),
        service('last', { ...image(reference), dependsOn: { web: 'healthy' } }),
      ])
    await platform.settle(await platform.deploy(chain('app:1')))
    platform.cluster.faults = {
      instance: (unit, body) =>
        unit === 'last' && JSON.stringify(body).includes('app:2') ? { neverReady: true } : undefined,
    }
    const done = await platform.settle(await platform.deploy(chain('app:2')))
    expect(done.state).toBe('failed')
    const order = (direction: string) =>
      Object.values(done.progress.writes)
        .filter((fact) => fact.direction === direction)
        .sort((a, b) => a.intentAtMs - b.intentAtMs)
        .map((fact) => fact.resource)
    expect(order('forward')).toEqual(['service/db', 'service/api', 'service/web', 'service/last'])
    expect(order('rollback')).toEqual(['service/last', 'service/web', 'service/api', 'service/db'])
  })
})

describe('gate jobs', () => {
  const gated = (reference: string) =>
    spec([service('web', { ...image(reference), dependsOn: { migrate: 'completed' } }), job('migrate')])
  const started = async (platform: TestPlatform): Promise<number> =>
    (await eventsOf(platform)).filter((type) => type === 'run.started').length

  it('run once for each deployment that changes a dependent, and never otherwise', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(gated('app:1')))
    expect(await started(platform)).toBe(1)
    await platform.settle(await platform.deploy(gated('app:2')))
    expect(await started(platform)).toBe(2)
    await platform.settle(await platform.deploy(gated('app:2')))
    await platform.settle(await scaleApp(platform.deps, actor, key, { web: 3 }))
    await platform.settle(await restartApp(platform.deps, actor, key, {}))
    await platform.settle(await rollbackApp(platform.deps, actor, key, { toRelease: 1 }))
    expect(await started(platform)).toBe(2)
    expect(imageOf(platform, 'web')).toBe('app:1')
  })

  it('of a release run when they change, with nothing that depends on them', async () => {
    const platform = await testPlatform()
    const release = (reference: string) => spec([service('web'), job('seed', { run: 'release', ...image(reference) })])
    await platform.settle(await platform.deploy(release('app:1')))
    await platform.settle(await platform.deploy(release('app:1')))
    expect(await started(platform)).toBe(1)
    await platform.settle(await platform.deploy(release('app:2')))
    expect(await started(platform)).toBe(2)
  })
})

describe('the order of a deployment', () => {
  const firstAt = (platform: TestPlatform, unit: string): number =>
    Math.min(
      ...[...platform.cluster.world.instances]
        .filter(([name]) => name.endsWith(`.${unit}`))
        .flatMap(([, all]) => all.map((instance) => instance.createdAtMs)),
    )
  const lastOf = (platform: TestPlatform, unit: string, what: 'startsAtMs' | 'readyAtMs'): number =>
    Math.max(
      ...instancesOf(platform, unit)
        .filter((instance) => instance.wanted)
        .map((instance) => instance[what]),
    )

  it('is that of what has started, is healthy and has completed', async () => {
    const platform = await testPlatform()
    const app3 = spec([
      service('late', { dependsOn: { migrate: 'completed', api: 'started' } }),
      service('api', { dependsOn: { db: 'healthy' } }),
      service('db'),
      job('migrate', { dependsOn: { db: 'healthy' } }),
    ])
    await platform.settle(await platform.deploy(app3))
    expect(firstAt(platform, 'api')).toBeGreaterThanOrEqual(lastOf(platform, 'db', 'readyAtMs'))
    expect(firstAt(platform, 'late')).toBeGreaterThanOrEqual(lastOf(platform, 'api', 'startsAtMs'))
    const [run] = [...platform.cluster.world.runs.values()]
    expect(run!.startedAtMs).toBeGreaterThanOrEqual(lastOf(platform, 'db', 'readyAtMs'))
    expect(firstAt(platform, 'late')).toBeGreaterThanOrEqual(run!.endedAtMs!)
  })

  it('takes the ordinals of a stateful service one after the other, on create and on update, each stopped before its successor starts', async () => {
    const platform = await testPlatform()
    const stateful = (reference: string) =>
      spec([service('db', { ...image(reference), mode: 'stateful', scale: { min: 3, max: 3, schedule: {} } })])
    for (const reference of ['app:1', 'app:2']) {
      let most = 0
      platform.cluster.faults = {
        moment: (world) => {
          for (const all of world.instances.values())
            most = Math.max(most, all.filter((instance) => instance.ended === undefined).length)
        },
      }
      expect((await platform.settle(await platform.deploy(stateful(reference)))).state).toBe('succeeded')
      const born = [0, 1, 2].map((ordinal) => instancesOf(platform, `db-${ordinal}`)[0]!)
      expect(born[1]!.createdAtMs).toBeGreaterThanOrEqual(born[0]!.readyAtMs)
      expect(born[2]!.createdAtMs).toBeGreaterThanOrEqual(born[1]!.readyAtMs)
      expect(most).toBe(1)
    }
  })

  it('waits for one instance on each worker', async () => {
    const platform = await testPlatform({ nodes: 3 })
    const done = await platform.settle(await platform.deploy(spec([service('agent', { mode: 'perNode' })])))
    expect(done.state).toBe('succeeded')
    expect(instancesOf(platform, 'agent').filter((instance) => instance.readyAtMs <= done.endedAtMs!)).toHaveLength(3)
  })

  it('prunes only when everything else is ready', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(spec([service('web'), service('old')])))
    platform.cluster.faults = bad({ neverReady: true })
    await platform.deploy(app('app:2'))
    await until(platform, () => imageOf(platform, 'web') === 'app:2')
    expect(objectOf(platform, 'service/old')).toBeDefined()
    await platform.settle()
    expect(resourceIds(platform)).toEqual(['network/default', 'service/old', 'service/web'])
  })
})
