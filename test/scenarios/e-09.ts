/** E-09 Failed update: a bad version rolls back by itself and says why. */
import { strict as assert } from 'node:assert'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { web } from './workloads.ts'

const app = { project: 'default', app: 'failing' }
const good = web({ name: 'failing', body: 'good', scale: 2 })
const crashing = web({ name: 'failing', body: 'crashing', scale: 2, before: 'exit 7' })
const unready = web({
  name: 'failing',
  body: 'unready',
  scale: 2,
  health: '{ready: {http: /nowhere, interval: 1s}}',
  failFast: '{firstReadyWithin: 6s, crashLoops: 3}',
})

async function run(context: ScenarioContext, fails: (manifest: string) => void): Promise<void> {
  assert.equal((await context.deploy(good)).state, 'succeeded')
  for (const [bad, says] of [
    [crashing, /exit status 7|non-zero exit \(7\)|7/],
    [unready, /ready/],
  ] as const) {
    fails(bad)
    const failed = await context.deploy(bad)
    assert.equal(failed.state, 'failed', `the bad version did not fail: ${failed.state}`)
    assert.match(failed.problems.map((problem) => problem.message).join(' '), says)
    const status = await context.status(app)
    assert.equal(status.release, 1, 'the good release stands')
    const plan = await context.client.call('planApp', { params: app, body: { manifest: good, params: {}, files: {} } })
    assert.deepEqual(plan.steps, [], 'the world is as it was')
    await context.until('two good instances', async () => (await context.status(app)).units[0]?.ready === 2)
    const types = (await context.events(app)).map((event) => event.type)
    assert.ok(types.includes('deployment.rollingBack') && types.includes('deployment.failed'))
  }
}

export const e09: Scenario = {
  id: 'E-09',
  title: 'Failed update auto-rollback',
  without: [],
  on: {
    memory: (context) =>
      run(context, (bad) => {
        const marker = bad.includes('exit 7') ? 'exit 7' : '/nowhere'
        context.memory!.faults = {
          instance: (_unit, body) =>
            !JSON.stringify(body).includes(marker)
              ? undefined
              : marker === 'exit 7'
                ? { exitAfterMs: 20, exitCode: 7 }
                : { neverReady: true },
        }
      }),
    docker: (context) => run(context, () => {}),
  },
}
