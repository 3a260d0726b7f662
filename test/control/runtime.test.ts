import { describe, expect, it } from 'vitest'
import {
  cancelDeployment,
  removeApp,
  restartApp,
  rollbackApp,
  scaleApp,
  startApp,
  stopApp,
} from '../../lib/control/actions.ts'
import { deployApp, planApp } from '../../lib/control/deploy.ts'
import { findApp } from '../../lib/control/load.ts'
import { startRun } from '../../lib/control/runs.ts'
import { eventsOf, imageOf, instancesOf, objectOf, objectsOf, resourceIds } from '../support/look.ts'
import { type TestPlatform, testPlatform } from '../support/platform.ts'
import { job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const scale = (count: number) => ({ min: count, max: count, schedule: {} })
const data = (onDelete: 'keep' | 'delete' = 'keep') => [
  { name: 'data', access: 'single' as const, class: 'default', onDelete },
]
const two = spec([service('web', { scale: scale(2) }), service('api')])
const appRecord = async ({ deps }: TestPlatform) => (await findApp(deps, key))!.value
const wanted = (platform: TestPlatform, name: string): number =>
  instancesOf(platform, name).filter((instance) => instance.wanted).length
const idsOf = (platform: TestPlatform, name: string): readonly string[] =>
  instancesOf(platform, name).map((instance) => instance.nativeId)

async function standing(app = two): Promise<TestPlatform> {
  const platform = await testPlatform()
  expect((await platform.settle(await platform.deploy(app))).state).toBe('succeeded')
  return platform
}
const manifest = (count: number, version = 1): string =>
  `apiVersion: escale/v1\nkind: App\nmetadata: {name: shop}\nservices:\n  web: {image: 'app:${version}', scale: ${count}}\n`
const request = (text: string) => ({ project: 'default', manifest: text, files: {}, params: {} })
const deploy = async (platform: TestPlatform, text: string) =>
  await platform.settle(await deployApp(platform.deps, actor, request(text)))

describe('a count set by hand', () => {
  it('replaces no instance, and stays over deployments of the same count', async () => {
    const platform = await testPlatform()
    await deploy(platform, manifest(2))
    const before = idsOf(platform, 'web')
    await platform.settle(await scaleApp(platform.deps, actor, key, { web: 4 }))
    expect(idsOf(platform, 'web')).toEqual(expect.arrayContaining([...before]))
    const plan = await planApp(platform.deps, actor, request(manifest(2, 2)))
    expect(plan.text).toContain('web was scaled to 4 by hand and stays so')
    await deploy(platform, manifest(2, 2))
    expect([wanted(platform, 'web'), imageOf(platform, 'web')]).toEqual([4, 'app:2'])
  })

  it('ends for good when the manifest says another, and the plan tells so', async () => {
    const platform = await testPlatform()
    await deploy(platform, manifest(2))
    await platform.settle(await scaleApp(platform.deps, actor, key, { web: 4 }))
    const plan = await planApp(platform.deps, actor, request(manifest(3)))
    expect(plan.text).toContain('web was scaled to 4 by hand; the manifest now says 3, and that counts')
    await deploy(platform, manifest(3))
    expect(wanted(platform, 'web')).toBe(3)
    await deploy(platform, manifest(2))
    expect(wanted(platform, 'web')).toBe(2)
  })

  it('is refused where it means nothing', async () => {
    const platform = await standing(
      spec([
        service('web'),
        service('agent', { mode: 'perNode' }),
        service('db', { mode: 'stateful', scale: scale(2) }),
      ]),
    )
    const scaled = (counts: Record<string, number>) => scaleApp(platform.deps, actor, key, counts)
    await expect(scaled({ nobody: 1 })).rejects.toMatchObject({
      code: 'unknown-reference',
      problems: [{ allowed: ['web', 'agent', 'db'] }],
    })
    await expect(scaled({ web: -1 })).rejects.toMatchObject({ code: 'out-of-range' })
    await expect(scaled({ web: 1.5 })).rejects.toMatchObject({ code: 'out-of-range' })
    await expect(scaled({ agent: 2 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(scaled({ db: 3 })).rejects.toMatchObject({ code: 'conflict' })
    await platform.settle(await scaled({ db: 1 }))
    expect([wanted(platform, 'db-0'), wanted(platform, 'db-1')]).toEqual([1, 0])
  })

  it('goes back with a deployment that fails', async () => {
    const platform = await standing()
    platform.cluster.faults = { instance: () => ({ neverReady: true }) }
    expect((await platform.settle(await scaleApp(platform.deps, actor, key, { web: 4 }))).state).toBe('failed')
    expect(wanted(platform, 'web')).toBe(2)
    expect((await appRecord(platform)).runtime.counts).toEqual({})
  })
})

describe('stopping and starting', () => {
  it('is of a single service', async () => {
    const platform = await standing()
    await platform.settle(await stopApp(platform.deps, actor, key, { services: ['api'] }))
    platform.clock.advance(1_000)
    expect([instancesOf(platform, 'web').length, instancesOf(platform, 'api').length]).toEqual([2, 0])
    await platform.settle(await startApp(platform.deps, actor, key, { services: ['api'] }))
    expect(wanted(platform, 'api')).toBe(1)
  })

  it('is of all of them, and each may start alone', async () => {
    const platform = await standing()
    await platform.settle(await stopApp(platform.deps, actor, key, {}))
    expect([wanted(platform, 'web'), wanted(platform, 'api')]).toEqual([0, 0])
    await platform.settle(await startApp(platform.deps, actor, key, { services: ['api'] }))
    expect([wanted(platform, 'web'), wanted(platform, 'api')]).toEqual([0, 1])
    await platform.settle(await startApp(platform.deps, actor, key, {}))
    expect([wanted(platform, 'web'), wanted(platform, 'api')]).toEqual([2, 1])
  })

  it('holds over a deployment, and the plan says so', async () => {
    const platform = await testPlatform()
    await deploy(platform, manifest(2))
    await platform.settle(await stopApp(platform.deps, actor, key, { services: ['web'] }))
    expect((await planApp(platform.deps, actor, request(manifest(2, 2)))).text).toContain(
      'web was stopped by hand and stays so',
    )
    expect((await deploy(platform, manifest(2, 2))).state).toBe('succeeded')
    expect([wanted(platform, 'web'), imageOf(platform, 'web')]).toEqual([0, 'app:2'])
    await platform.settle(await startApp(platform.deps, actor, key, {}))
    expect(wanted(platform, 'web')).toBe(2)
  })

  it('does not hold for a service that went and came back', async () => {
    const platform = await testPlatform()
    await deploy(platform, manifest(1))
    await platform.settle(await stopApp(platform.deps, actor, key, { services: ['web'] }))
    const without = `apiVersion: escale/v1\nkind: App\nmetadata: {name: shop}\nservices:\n  api: {image: 'app:1'}\n`
    await deploy(platform, without)
    await deploy(platform, manifest(1))
    expect(wanted(platform, 'web')).toBe(1)
  })
})

describe('restarting', () => {
  it('replaces every instance of what it names, once, and nothing else', async () => {
    const platform = await standing()
    const [web, api] = [idsOf(platform, 'web'), idsOf(platform, 'api')]
    const done = await platform.settle(await restartApp(platform.deps, actor, key, { services: ['web'] }))
    expect(done.steps.filter((step) => step.kind === 'write')).toMatchObject([
      { because: 'restarted', replacesInstances: true },
    ])
    platform.clock.advance(1_000)
    expect(idsOf(platform, 'web').filter((id) => web.includes(id))).toEqual([])
    expect(idsOf(platform, 'api')).toEqual(api)
    const after = idsOf(platform, 'web')
    expect((await platform.settle(await platform.deploy(two))).steps).toEqual([])
    expect(idsOf(platform, 'web')).toEqual(after)
  })

  it('is of all without a name', async () => {
    const platform = await standing()
    const before = [...idsOf(platform, 'web'), ...idsOf(platform, 'api')]
    await platform.settle(await restartApp(platform.deps, actor, key, {}))
    platform.clock.advance(1_000)
    expect([...idsOf(platform, 'web'), ...idsOf(platform, 'api')].filter((id) => before.includes(id))).toEqual([])
  })
})

describe('rolling back', () => {
  it('goes to the release that stood before, and from there further back', async () => {
    const platform = await testPlatform()
    for (const version of [1, 2, 3]) await deploy(platform, manifest(1, version))
    await platform.settle(await rollbackApp(platform.deps, actor, key, {}))
    expect(imageOf(platform, 'web')).toBe('app:2')
    await platform.settle(await rollbackApp(platform.deps, actor, key, {}))
    expect(imageOf(platform, 'web')).toBe('app:1')
    await expect(rollbackApp(platform.deps, actor, key, {})).rejects.toMatchObject({ code: 'no-good-release' })
    await platform.settle(await rollbackApp(platform.deps, actor, key, { toRelease: 3 }))
    expect(imageOf(platform, 'web')).toBe('app:3')
  })

  it('passes over a release that failed', async () => {
    const platform = await testPlatform()
    await deploy(platform, manifest(1, 1))
    platform.cluster.faults = {
      instance: (_unit, body) =>
        JSON.stringify(body).includes('app:2') ? { exitAfterMs: 10, exitCode: 1 } : undefined,
    }
    expect((await deploy(platform, manifest(1, 2))).state).toBe('failed')
    await deploy(platform, manifest(1, 3))
    await platform.settle(await rollbackApp(platform.deps, actor, key, {}))
    expect(imageOf(platform, 'web')).toBe('app:1')
  })
})

describe('removing an app', () => {
  const withData = (onDelete: 'keep' | 'delete' = 'keep') =>
    spec([service('web'), job('report')], { volumes: data(onDelete) })

  it('keeps and lists its volumes and secrets', async () => {
    const platform = await testPlatform()
    const text = `${manifest(1)}volumes: {data: {size: 1Gi}}\nsecrets: {password: {generate: {length: 20}}}\n`.replace(
      "{image: 'app:1', scale: 1}",
      "{image: 'app:1', mounts: {/data: {volume: data}}, env: {PASSWORD: {secret: password}}}",
    )
    await deploy(platform, text)
    const done = await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    expect(done).toMatchObject({ state: 'succeeded', kept: { volumes: ['data'], secrets: ['password'] } })
    expect(resourceIds(platform)).toEqual(['volume/data'])
    expect(await eventsOf(platform)).toContain('app.removed')
  })

  it('and deploying it again finds its volumes', async () => {
    const platform = await standing(withData())
    const before = objectOf(platform, 'volume/data')!.nativeId
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    expect(
      (await platform.settle(await platform.deploy(withData(), { appChange: { removedAtMs: undefined } as object })))
        .state,
    ).toBe('succeeded')
    expect(objectOf(platform, 'volume/data')!.nativeId).toBe(before)
  })

  it('deletes data only where it is named, and refuses names that are not there', async () => {
    const platform = await standing(withData())
    await expect(removeApp(platform.deps, actor, key, { deleteVolumes: ['dta'] })).rejects.toMatchObject({
      problems: [{ allowed: ['data'] }],
    })
    const done = await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: ['data'] }))
    expect(done.kept).toMatchObject({ volumes: [] })
    expect(objectsOf(platform)).toEqual([])
  })

  it('again does no harm', async () => {
    const platform = await standing(withData())
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    const again = await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    expect(again).toMatchObject({ state: 'succeeded', kept: { volumes: ['data'] } })
    const last = await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: ['data'] }))
    expect(last).toMatchObject({ state: 'succeeded', kept: { volumes: [] } })
    expect(objectsOf(platform)).toEqual([])
  })

  it('forgets counts and stops: what is deployed afterwards starts anew', async () => {
    const platform = await standing(two)
    await platform.settle(await scaleApp(platform.deps, actor, key, { web: 4 }))
    await platform.settle(await stopApp(platform.deps, actor, key, { services: ['api'] }))
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    await platform.settle(await platform.deploy(two))
    expect([wanted(platform, 'web'), wanted(platform, 'api')]).toEqual([2, 1])
  })

  it('ends its open runs', async () => {
    const platform = await standing(withData())
    platform.cluster.faults = { run: () => ({ exitCode: 0, tookMs: 3_600_000 }) }
    await startRun(platform.deps, actor, key, 'report', {})
    await platform.step()
    expect(platform.cluster.world.runs.size).toBe(1)
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: ['data'] }))
    await platform.step()
    expect(objectsOf(platform)).toEqual([])
    expect(await eventsOf(platform)).toContain('run.cancelled: cancelled by test')
  })

  it('comes back when it is cancelled on the way', async () => {
    const platform = await standing(withData())
    let refused = true
    platform.cluster.faults = {
      call: ({ verb, kind }) =>
        verb === 'remove' && kind === 'network' && refused ? { kind: 'loseAnswer' } : undefined,
    }
    const removal = await removeApp(platform.deps, actor, key, { deleteVolumes: [] })
    await platform.step()
    await cancelDeployment(platform.deps, actor, key, removal.id, { leave: false })
    refused = false
    expect((await platform.settle(removal)).state).toBe('cancelled')
    expect(resourceIds(platform)).toEqual(['network/default', 'service/web', 'volume/data'])
    expect(await appRecord(platform)).toMatchObject({ current: 1, lastGood: 1 })
  })

  it('is undone by a rollback to one of its releases', async () => {
    const platform = await standing(two)
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    await platform.settle(await rollbackApp(platform.deps, actor, key, { toRelease: 1 }))
    expect(wanted(platform, 'web')).toBe(2)
    expect((await appRecord(platform)).removedAtMs).toBeUndefined()
  })

  it('goes by the last word on what is to be kept', async () => {
    const platform = await standing(withData('delete'))
    expect((await platform.settle(await platform.deploy(withData('keep')))).steps).toEqual([])
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))
    expect(resourceIds(platform)).toEqual(['volume/data'])
  })
})
