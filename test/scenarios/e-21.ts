/** E-21 Job and scheduled job: it completes, in parallel and with retries; cron fires every 15 minutes; history and logs are kept. */
import { strict as assert } from 'node:assert'
import type { Run } from '../../lib/client/types.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed } from './tools.ts'

const app = { project: 'default', app: 'jobs' }
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: jobs}
volumes: {tries: {access: shared}}
jobs:
  pi: {image: "escale.local/busybox:1", command: [sh, -c, "echo 3.14159"], size: {cpu: 0.01, memory: 16Mi}}
  parallel: {image: "escale.local/busybox:1", command: [sh, -c, "echo one of several; sleep 1"], completions: 4, parallelism: 2, size: {cpu: 0.01, memory: 16Mi}}
  stubborn:
    image: "escale.local/busybox:1"
    command: [sh, -c, "echo try >> /tries/log; [ $(wc -l < /tries/log) -ge 3 ]"]
    mounts: {/tries: {volume: tries}}
    retries: 3
    size: {cpu: 0.01, memory: 16Mi}
  hopeless: {image: "escale.local/busybox:1", command: [sh, -c, "exit 4"], retries: 1, size: {cpu: 0.01, memory: 16Mi}}
  often: {image: "escale.local/busybox:1", command: [sh, -c, "echo tick"], schedule: "*/15 * * * *", concurrency: forbid, history: 3, size: {cpu: 0.01, memory: 16Mi}}
`

async function runs(context: ScenarioContext, job: string): Promise<Run> {
  const started = await context.client.call('startRun', { params: app, body: { job } })
  let last = started
  await context.until(`run of ${job} to end`, async () => {
    last = await context.client.call('getRun', { params: { ...app, run: started.id } })
    return last.endedAt !== undefined
  })
  return last
}

export const e21: Scenario = {
  id: 'E-21',
  title: 'Job and scheduled job',
  without: [],
  on: {
    memory: async (context) => {
      const attempts: Record<string, number> = {}
      context.memory!.faults = {
        run: (job) => {
          attempts[job] = (attempts[job] ?? 0) + 1
          if (job === 'hopeless') return { exitCode: 4 }
          return job === 'stubborn' && attempts[job] < 3 ? { exitCode: 1 } : undefined
        },
      }
      await deployed(context, manifest)
      assert.equal((await runs(context, 'pi')).state, 'succeeded')
      assert.equal((await runs(context, 'parallel')).state, 'succeeded')
      assert.equal(attempts['parallel'], 4)
      assert.equal((await runs(context, 'stubborn')).failedInstances, 2)
      const hopeless = await runs(context, 'hopeless')
      assert.deepEqual([hopeless.state, hopeless.exitCode, hopeless.failedInstances], ['failed', 4, 2])
      // An hour passes.
      const startMs = context.clock!.nowMs()
      await context.until(
        'an hour to pass',
        async () => context.clock!.nowMs() - startMs >= 3_600_000 + 60_000,
        4_000_000,
      )
      const history = await context.client.call('listRuns', { params: app, query: { job: 'often' } })
      assert.equal(history.items.length, 4, 'four times in an hour')
      assert.ok(
        history.items.every(
          (run) => run.state === 'succeeded' && new Date(run.scheduledAt!).getUTCMinutes() % 15 === 0,
        ),
      )
    },
    docker: async (context) => {
      await deployed(context, manifest)
      const pi = await runs(context, 'pi')
      assert.equal(pi.state, 'succeeded', pi.reason)
      const logs = await context.client.call('readLogs', { params: app, query: { run: pi.id } })
      assert.ok(
        logs.items.some((line) => line.text.includes('3.14159')),
        'the log of an ended run is kept',
      )
      const parallel = await runs(context, 'parallel')
      assert.equal(parallel.state, 'succeeded', parallel.reason)
      const lines = (await context.client.call('readLogs', { params: app, query: { run: parallel.id } })).items.filter(
        (line) => line.text.includes('one of several'),
      )
      assert.equal(lines.length, 4, 'four instances completed')
      const stubborn = await runs(context, 'stubborn')
      assert.deepEqual([stubborn.state, stubborn.failedInstances], ['succeeded', 2])
      const hopeless = await runs(context, 'hopeless')
      assert.deepEqual([hopeless.state, hopeless.exitCode], ['failed', 4])
    },
  },
}
