/** E-13 Self-healing: an instance is killed, hangs, is not ready; traffic goes on, the count comes back, events tell of it. */
import { strict as assert } from 'node:assert'
import { startLoad } from '../support/load.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, get, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'healing' }
const script =
  'mkdir -p /tmp/www; hostname > /tmp/www/index.html; echo ok > /tmp/www/ready; echo ok > /tmp/www/live; exec httpd -f -p 8080 -h /tmp/www'
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: healing}
services:
  web:
    image: "escale.local/busybox:1"
    command: [sh, -c, ${JSON.stringify(script)}]
    ports: {http: 8080}
    routes: {main: {}}
    scale: 3
    size: {cpu: 0.01, memory: 16Mi}
    health:
      ready: {http: /ready, interval: 1s, failures: 1}
      live: {http: /live, interval: 1s, failures: 2}
    stop: {signal: SIGINT, drain: 1s, grace: 1s}
    update: {rolling: {settle: 1s}}
`
const host = 'web-healing-default.localhost'

async function threeAgain(context: ScenarioContext, without: string): Promise<void> {
  await context.until('three ready instances without the one that failed', async () => {
    const now = await ready(context, app, 'web')
    return now.length === 3 && !now.some((one) => one.id === without)
  })
}

export const e13: Scenario = {
  id: 'E-13',
  title: 'Self-healing',
  without: ['loss of a node'],
  on: {
    memory: async (context) => {
      await deployed(context, manifest)
      const [victim] = await ready(context, app, 'web')
      for (const all of context.memory!.world.instances.values()) {
        const one = all.find((instance) => instance.nativeId === victim!.id)
        if (one !== undefined) one.ended = { atMs: context.clock!.nowMs(), exitCode: 137, reason: 'killed' }
      }
      await threeAgain(context, victim!.id)
    },
    docker: async (context) => {
      await deployed(context, manifest)
      await context.until('the route answers', async () => (await get(context, host)).status === 200)
      const load = startLoad({ ...context.ingress, host, requestsPerSecond: 20, connections: 'mixed' })

      const [killed] = await ready(context, app, 'web')
      const [container] = await context.engine!.containers.list({
        filters: { label: [`com.docker.swarm.task.id=${killed!.id}`] },
      })
      await context.engine!.containers.kill(container!.Id)
      await threeAgain(context, killed!.id)

      const [hung] = await ready(context, app, 'web')
      await sh(context, app, 'web', 'rm /tmp/www/live', hung!.id)
      await threeAgain(context, hung!.id)

      const [unready] = await ready(context, app, 'web')
      const name = (await sh(context, app, 'web', 'rm /tmp/www/ready; hostname', unready!.id)).output.trim()
      await context.until('the one that is not ready gets no traffic', async () => {
        for (let n = 0; n < 12; n++) if ((await get(context, host)).body === name) return false
        return true
      })
      assert.ok(
        (await ready(context, app, 'web')).some((one) => one.id === unready!.id),
        'not being ready restarts nothing',
      )

      const result = await load.stop()
      assert.deepEqual(result.failures, {}, `${result.ok} of ${result.requests} requests were answered`)
      const types = (await context.events(app)).map((event) => event.type)
      assert.ok(types.filter((type) => type === 'instance.failed').length >= 2, 'the failures are told')
    },
  },
}
