/** Ruling A3: a call of a tick that lost its lease may arrive when everything is over. */
import { describe, expect, it } from 'vitest'
import { removeApp } from '../../lib/control/actions.ts'
import { findApp, findDeployment } from '../../lib/control/load.ts'
import { tick } from '../../lib/control/tick.ts'
import type { MemoryObject } from '../../lib/targets/memory/world.ts'
import { objectKey } from '../../lib/targets/memory/world.ts'
import { orphans } from '../support/exhaust.ts'
import { imageOf, objectOf, objectsOf, resourceIds } from '../support/look.ts'
import { type TestPlatform, testPlatform, until } from '../support/platform.ts'
import { container, job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const image = (reference: string) => ({ main: container({ image: { reference } }) })
const app = (...references: readonly string[]) =>
  spec(references.map((reference) => service(reference.split(':')[0]!, image(reference))))
const leaseMs = 90_000

const signal = () => new AbortController().signal
const appRecord = async ({ deps }: TestPlatform) => (await findApp(deps, key))!.value

/** The world an older tick of ours would have made true: its call arrives now. */
async function arriveLate({ cluster }: TestPlatform, object: MemoryObject): Promise<void> {
  const { kind, name, owner, resource, unit, body, intent, template } = structuredClone(object)
  const rest = { ...(unit === undefined ? {} : { unit }), ...(template === undefined ? {} : { template }) }
  await cluster.put('update', { kind, name, owner, resource, body, intent, ...rest }, signal())
}

async function rest(platform: TestPlatform): Promise<void> {
  await until(
    platform,
    async () =>
      (await appRecord(platform)).active === undefined && (await appRecord(platform)).verifyAtMs === undefined,
  )
}

describe('after a deployment', () => {
  it('somebody looks once more, a lease after the last write, and writes nothing where all is well', async () => {
    const platform = await testPlatform()
    const done = await platform.settle(await platform.deploy(app('web:1')))
    const lastWriteMs = Math.max(...Object.values(done.progress.writes).map((fact) => fact.doneAtMs!))
    const result = await tick(platform.deps, key)
    expect(result).toEqual({ kind: 'again', atMs: lastWriteMs + leaseMs })
    expect(await platform.store.due(lastWriteMs + leaseMs, 10)).toEqual([
      { name: 'app/default/shop/default', dueAtMs: lastWriteMs + leaseMs },
    ])
    const { writes } = platform.cluster.world
    platform.clock.set(lastWriteMs + leaseMs)
    expect(await tick(platform.deps, key)).toEqual({ kind: 'done' })
    expect(platform.cluster.world.writes).toBe(writes)
    expect((await appRecord(platform)).lastDeploymentNumber).toBe(1)
  })

  it('a late update by an older one is undone', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(app('web:1', 'api:1')))
    const old = structuredClone(objectOf(platform, 'service/web')!)
    await platform.settle(await platform.deploy(app('web:2', 'api:1')))
    await arriveLate(platform, old)
    expect(imageOf(platform, 'web')).toBe('web:1')
    await rest(platform)
    expect(imageOf(platform, 'web')).toBe('web:2')
    const repair = (await findDeployment(platform.deps, key, 3))!.value
    expect(repair).toMatchObject({
      kind: 'repair',
      state: 'succeeded',
      by: 'escale',
      release: 2,
      only: ['service/web'],
    })
    expect(await appRecord(platform)).toMatchObject({ current: 2, lastGood: 2, lastDeploymentNumber: 3 })
  })

  it('a late update is undone, and a change by hand beside it is left alone', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(app('web:1', 'api:1')))
    const old = structuredClone(objectOf(platform, 'service/web')!)
    await platform.settle(await platform.deploy(app('web:2', 'api:1')))
    await arriveLate(platform, old)
    const api = objectOf(platform, 'service/api')!
    api.body = { ...api.body, replicas: 4 }
    await rest(platform)
    expect(imageOf(platform, 'web')).toBe('web:2')
    expect(objectOf(platform, 'service/api')!.body['replicas']).toBe(4)
  })

  it('a late create of what was removed is removed again', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(app('web:1', 'api:1')))
    const old = structuredClone(objectOf(platform, 'service/api')!)
    await platform.settle(await platform.deploy(app('web:1')))
    await arriveLate(platform, old)
    await platform.cluster.put('create', old, signal())
    expect(await orphans(platform)).toEqual(['service/default.shop.default.api'])
    await rest(platform)
    expect(resourceIds(platform)).toEqual(['network/default', 'service/web'])
    expect(await orphans(platform)).toEqual([])
  })

  it('a late removal of what was made anew is made good', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(app('web:1', 'api:1')))
    await platform.settle(await platform.deploy(app('web:1')))
    await platform.settle(await platform.deploy(app('web:1', 'api:1')))
    await platform.cluster.remove('service', 'default.shop.default.api', signal())
    await rest(platform)
    expect(resourceIds(platform)).toEqual(['network/default', 'service/api', 'service/web'])
  })

  it('what people removed or changed by hand is left alone', async () => {
    const platform = await testPlatform()
    await platform.settle(await platform.deploy(app('web:1', 'api:1')))
    await platform.cluster.remove('service', 'default.shop.default.api', signal())
    const web = objectOf(platform, 'service/web')!
    web.body = { ...web.body, replicas: 4 }
    await rest(platform)
    expect(resourceIds(platform)).toEqual(['network/default', 'service/web'])
    expect(objectOf(platform, 'service/web')!.body['replicas']).toBe(4)
    expect((await appRecord(platform)).lastDeploymentNumber).toBe(1)
  })

  it('a late write after a removal is removed, and its data is listed, not deleted', async () => {
    const platform = await testPlatform()
    const data = [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }] as const
    await platform.settle(await platform.deploy({ ...app('web:1'), volumes: data }))
    const old = objectsOf(platform).map((object) => structuredClone(object))
    await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: ['data'] }))
    expect(objectsOf(platform)).toEqual([])
    for (const object of old) await platform.cluster.put('create', object, signal())
    await rest(platform)
    expect(resourceIds(platform)).toEqual(['volume/data'])
    expect(await orphans(platform)).toEqual([])
    expect((await appRecord(platform)).removedAtMs).toBeDefined()
  })

  it('a run that was started once more after it had been collected is collected again', async () => {
    const platform = await testPlatform()
    await platform.settle(
      await platform.deploy(
        spec([service('web', { dependsOn: { migrate: 'completed' } }), job('migrate', { keepForMs: 0 })]),
      ),
    )
    await platform.step()
    const run = platform.cluster.world.objects
    expect([...run.keys()].filter((name) => name.startsWith('job/'))).toEqual([])
    const done = (await findDeployment(platform.deps, key, 1))!.value
    const { items } = await platform.store.list('run', 'default/shop/default')
    const name = `default.shop.default.migrate-${items[0]!.id}`
    const body = { runId: items[0]!.id, job: 'migrate', completions: 1, parallelism: 1, retries: 0, template: {} }
    const owner = { installId: 'test', app: 'default/shop/default' }
    await platform.cluster.put(
      'create',
      { kind: 'job', name, owner, resource: `job/migrate-${items[0]!.id}`, body, intent: 'late' },
      signal(),
    )
    expect(run.has(objectKey('job', name))).toBe(true)
    await rest(platform)
    await platform.step()
    expect(run.has(objectKey('job', name))).toBe(false)
    expect(done.state).toBe('succeeded')
  })

  it('nothing is put right where a failed deployment was left as it stands', async () => {
    const platform = await testPlatform()
    const { update } = service('web')
    const left = (reference: string) =>
      spec([
        service('web', { ...image(reference), update: { ...update, rollback: { ...update.rollback, auto: false } } }),
      ])
    await platform.settle(await platform.deploy(left('web:1')))
    platform.cluster.faults = {
      instance: (_unit, body) =>
        JSON.stringify(body).includes('web:2') ? { exitAfterMs: 10, exitCode: 1 } : undefined,
    }
    expect((await platform.settle(await platform.deploy(left('web:2')))).state).toBe('failed')
    await rest(platform)
    for (let n = 0; n < 100; n++) await platform.step()
    expect(imageOf(platform, 'web')).toBe('web:2')
  })
})
