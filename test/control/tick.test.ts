import { describe, expect, it } from 'vitest'
import { testPlatform } from '../support/platform.ts'
import { job, service, spec, container } from '../support/specs.ts'

describe('a deployment', () => {
  it('makes its release true and then has nothing left to do', async () => {
    const platform = await testPlatform()
    const app = spec([service('web', { scale: { min: 2, max: 2, schedule: {} } }), service('db')])
    const first = await platform.settle(await platform.deploy(app))
    expect(first.state).toBe('succeeded')
    const writes = platform.cluster.world.writes
    const second = await platform.settle(await platform.deploy(app))
    expect(second.state).toBe('succeeded')
    expect(second.steps).toEqual([])
    expect(platform.cluster.world.writes).toBe(writes)
  })

  it('starts what depends on a healthy service only once that is ready', async () => {
    const platform = await testPlatform()
    const app = spec([service('web', { dependsOn: { db: 'healthy' } }), service('db')])
    const done = await platform.settle(await platform.deploy(app))
    expect(done.state).toBe('succeeded')
    const [web] = [...platform.cluster.world.instances]
      .filter(([name]) => name.endsWith('.web'))
      .flatMap(([, all]) => all)
    const [db] = [...platform.cluster.world.instances]
      .filter(([name]) => name.endsWith('.db'))
      .flatMap(([, all]) => all)
    expect(web!.createdAtMs).toBeGreaterThanOrEqual(db!.readyAtMs)
  })

  it('runs a job that something depends on before it, and once', async () => {
    const platform = await testPlatform()
    const app = spec([service('web', { dependsOn: { migrate: 'completed' } }), job('migrate')])
    const done = await platform.settle(await platform.deploy(app))
    expect(done.state).toBe('succeeded')
    expect(done.progress.runs['migrate']?.state).toBe('succeeded')
    expect(platform.cluster.world.runs.size).toBe(1)
    const again = await platform.settle(await platform.deploy(app))
    expect(again.progress.runs).toEqual({})
  })

  it('rolls back when the new instances never get ready', async () => {
    const platform = await testPlatform()
    const good = spec([service('web')])
    await platform.settle(await platform.deploy(good))
    platform.cluster.faults = {
      instance: (_unit, body) => (JSON.stringify(body).includes('app:2') ? { neverReady: true } : undefined),
    }
    const bad = spec([service('web', { main: container({ image: { reference: 'app:2' } }) })])
    const done = await platform.settle(await platform.deploy(bad))
    expect(done.state).toBe('failed')
    expect(done.problems[0]?.code).toBe('deployment-failed')
    const body = JSON.stringify(
      [...platform.cluster.world.objects.values()].find((object) => object.kind === 'service')!.body,
    )
    expect(body).toContain('app:1')
  })
})
