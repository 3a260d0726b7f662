/** E-13 Self-healing: an instance is killed, hangs, is not ready; traffic goes on, the count comes back, events tell of it. */
import { strict as assert } from 'node:assert'
import { startLoad } from '../support/load.ts'
import { withEngine } from '../support/lab/start.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import { runExec } from '../../lib/targets/docker/engine/exec.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, get, type Instance, ready } from './tools.ts'

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
    scale: 4
    size: {cpu: 0.01, memory: 16Mi}
    health:
      ready: {http: /ready, interval: 1s, failures: 1}
      live: {http: /live, interval: 1s, failures: 2}
    stop: {signal: SIGINT, drain: 1s, grace: 1s}
    update: {rolling: {settle: 1s}}
`
const host = 'web-healing-default.localhost'

async function allAgain(context: ScenarioContext, without: string): Promise<void> {
  await context.until('four ready instances without the one that failed', async () => {
    const now = await ready(context, app, 'web')
    return now.length === 4 && !now.some((one) => one.id === without)
  })
}

/** Until the events tell of so many of each type, at least. */
async function told(context: ScenarioContext, wanted: Readonly<Record<string, number>>): Promise<void> {
  let seen: Readonly<Record<string, number>> = {}
  const enough = async (): Promise<boolean> => {
    const types = (await context.events(app)).map((event) => event.type)
    seen = Object.fromEntries(Object.keys(wanted).map((type) => [type, types.filter((one) => one === type).length]))
    return Object.entries(wanted).every(([type, count]) => (seen[type] ?? 0) >= count)
  }
  await context.until(`events ${JSON.stringify(wanted)}`, enough, 30_000).catch((error: unknown) => {
    throw new Error(`the events tell of ${JSON.stringify(seen)} only, not of ${JSON.stringify(wanted)}`, {
      cause: error,
    })
  })
}

/** The container of an instance, on the engine of its node. */
async function onItsNode<T>(
  context: ScenarioContext,
  { id, node }: Instance,
  use: (engine: Engine, container: string) => Promise<T>,
): Promise<T> {
  const place = context.cluster!.nodes.find(({ hostname }) => hostname === node)
  assert.ok(place !== undefined, `instance ${id} is on ${node ?? 'no node'}`)
  return await withEngine(place, async (engine) => {
    const [container] = await engine.containers.list({ filters: { label: [`com.docker.swarm.task.id=${id}`] } })
    return await use(engine, container!.Id)
  })
}

const shThere = (context: ScenarioContext, instance: Instance, script: string): Promise<string> =>
  onItsNode(context, instance, async (engine, container) => {
    const { stdout } = await runExec(
      engine.exec,
      container,
      { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true },
      { timeoutMs: 10_000 },
    )
    return stdout.toString('utf8').trim()
  })

export const e13: Scenario = {
  id: 'E-13',
  title: 'Self-healing',
  without: [],
  nodes: 2,
  on: {
    memory: async (context) => {
      await deployed(context, manifest)
      const [victim] = await ready(context, app, 'web')
      for (const all of context.memory!.world.instances.values()) {
        const one = all.find((instance) => instance.nativeId === victim!.id)
        if (one !== undefined) one.ended = { atMs: context.clock!.nowMs(), exitCode: 137, reason: 'killed' }
      }
      await allAgain(context, victim!.id)
    },
    docker: async (context) => {
      await deployed(context, manifest)
      await context.until('the route answers', async () => (await get(context, host)).status === 200)
      const load = startLoad({ ...context.ingress, host, requestsPerSecond: 20, connections: 'mixed' })

      const [killed] = await ready(context, app, 'web')
      await onItsNode(context, killed!, (engine, container) => engine.containers.kill(container))
      await allAgain(context, killed!.id)

      const [hung] = await ready(context, app, 'web')
      await shThere(context, hung!, 'rm /tmp/www/live')
      await allAgain(context, hung!.id)

      const [unready] = await ready(context, app, 'web')
      const name = await shThere(context, unready!, 'rm /tmp/www/ready; hostname')
      await context.until('the one that is not ready gets no traffic', async () => {
        for (let n = 0; n < 12; n++) if ((await get(context, host)).body === name) return false
        return true
      })
      assert.ok(
        (await ready(context, app, 'web')).some((one) => one.id === unready!.id),
        'not being ready restarts nothing',
      )

      await shThere(context, unready!, 'echo ok > /tmp/www/ready')

      const lost = (await ready(context, app, 'web')).filter(({ node }) => node === 'n2')
      assert.ok(lost.length > 0, 'some instances are on the node that is to be lost')
      await context.cluster!.nodes[1]!.powerOff()
      await context.until('four ready instances on the node that is left', async () => {
        const now = await ready(context, app, 'web')
        return now.length === 4 && now.every(({ node }) => node === 'n1')
      })
      const nodes = (await context.client.call('listNodes', { params: { cluster: 'local' } })).items
      assert.equal(nodes.find(({ name: hostname }) => hostname === 'n2')?.state, 'down')

      const result = await load.stop()
      assert.deepEqual(result.failures, {}, `${result.ok} of ${result.requests} requests were answered`)
      await told(context, { 'instance.failed': 2, 'instance.ready': 4 + 2 + lost.length })
    },
  },
}
