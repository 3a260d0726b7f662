/** E-08 Rolling update under load: 5 replicas, v1 → v2, no failed request, then back to v1 by the release before. */
import { strict as assert } from 'node:assert'
import { startLoad } from '../support/load.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { web } from './workloads.ts'

const app = { project: 'default', app: 'rolling' }

const manifest = (version: string): string =>
  web({ name: 'rolling', body: version, scale: 5, rolling: '{maxSurge: 1, maxUnavailable: 1, settle: 1s}' })

async function common(context: ScenarioContext, during: (change: () => Promise<void>) => Promise<void>): Promise<void> {
  const first = await context.deploy(manifest('v1'))
  assert.equal(first.state, 'succeeded', JSON.stringify(first.problems))
  await during(async () => {
    const second = await context.deploy(manifest('v2'))
    assert.equal(second.state, 'succeeded', JSON.stringify(second.problems))
    const back = await context.client.call('rollback', { params: app, body: {} })
    assert.equal((await context.follow(app, back)).state, 'succeeded')
  })
  const status = await context.status(app)
  assert.equal(status.release, 1, 'the release before stands again')
  const plan = await context.client.call('planApp', {
    params: app,
    body: { manifest: manifest('v1'), params: {}, files: {} },
  })
  assert.deepEqual(plan.steps, [], 'nothing is left to do')
  const types = (await context.events(app)).map((event) => event.type)
  assert.ok(
    types.filter((type) => type === 'instance.ready').length >= 15,
    'five instances of each of three rollouts became ready',
  )
}

export const e08: Scenario = {
  id: 'E-08',
  title: 'Rolling update under load',
  without: [],
  on: {
    memory: (context) =>
      common(context, async (change) => {
        await change()
      }),
    docker: (context) =>
      common(context, async (change) => {
        const { address, port } = context.ingress
        const target = { address, port, host: 'web-rolling-default.localhost' }
        await context.until('the first version answers', async () => {
          const answer = await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(1000) }).catch(
            () => undefined,
          )
          return (await answer?.text())?.trim() === 'v1'
        })
        const load = startLoad({ ...target, requestsPerSecond: 50, connections: 'mixed' })
        await change()
        const result = await load.stop()
        assert.deepEqual(result.failures, {}, `${result.ok} of ${result.requests} requests were answered`)
        assert.ok(result.bodies['v2'] !== undefined && result.bodies['v1'] !== undefined, 'both versions were seen')
      }),
  },
}
