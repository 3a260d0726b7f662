/** E-20 Global service and node join: an agent on every node; a node that joins gets one, a drained one loses it and its work moves. */
import { strict as assert } from 'node:assert'
import { startLoad } from '../support/load.ts'
import { loadImages } from '../support/lab/start.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, get, instances, planIsEmpty, ready } from './tools.ts'

const app = { project: 'default', app: 'agents' }
const host = 'web-agents-default.localhost'
const agent = `trap 'exit 0' TERM; while :; do echo "agent on $NODE"; sleep 0.5; done`
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: agents}
services:
  agent:
    image: "escale.local/busybox:1"
    mode: perNode
    command: [sh, -c, ${JSON.stringify(agent)}]
    env: {NODE: {instance: node}}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
  web:
    image: "escale.local/busybox:1"
    command: [sh, -c, "mkdir -p /tmp/www; echo web > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"]
    ports: {http: 8080}
    routes: {main: {}}
    scale: 4
    size: {cpu: 0.01, memory: 16Mi}
    health: {ready: {http: /, interval: 1s}}
    stop: {signal: SIGINT, drain: 2s, grace: 1s}
    update: {rolling: {settle: 1s}}
`

const places = async (context: ScenarioContext, unit: string): Promise<readonly string[]> =>
  (await ready(context, app, unit)).map(({ node }) => node ?? 'nowhere').toSorted()

const nodes = async (context: ScenarioContext) =>
  (await context.client.call('listNodes', { params: { cluster: 'local' } })).items

async function agentsOn(context: ScenarioContext, names: readonly string[]): Promise<void> {
  await context.until(
    `one agent on each of ${names.join(', ')}`,
    async () => (await places(context, 'agent')).join() === names.join(),
  )
  assert.equal((await instances(context, app, 'agent')).length, names.length, 'and no other')
}

/** What the node is called in the instances of a status. */
async function idOf(context: ScenarioContext, hostname: string): Promise<string> {
  const node = (await nodes(context)).find(({ name }) => name === hostname)
  assert.ok(node !== undefined, `${hostname} is a node`)
  return node.id
}

const setAvailability = async (
  context: ScenarioContext,
  hostname: string,
  availability: 'active' | 'drain',
): Promise<void> => {
  await context.client.call('changeNode', {
    params: { cluster: 'local', node: await idOf(context, hostname) },
    body: { availability },
  })
}

export const e20: Scenario = {
  id: 'E-20',
  title: 'Global service and node join',
  without: [],
  nodes: 2,
  notApplicable: { memory: 'the simulated cluster has machines that neither join nor drain' },
  on: {
    docker: async (context) => {
      await deployed(context, manifest)
      await planIsEmpty(context, app, manifest)
      await agentsOn(context, ['n1', 'n2'])
      await context.until('the route answers', async () => (await get(context, host)).status === 200)
      assert.deepEqual(await places(context, 'web'), ['n1', 'n1', 'n2', 'n2'], 'the work is spread over the nodes')
      await context.until('the log of each agent', async () => {
        const { items } = await context.client.call('readLogs', { params: app, query: { unit: 'agent', tail: 20 } })
        return ['n1', 'n2'].every((name) => items.some(({ text }) => text.includes(`agent on ${name}`)))
      })

      const joined = await context.cluster!.addNode()
      await loadImages(joined, ['busybox'])
      await agentsOn(context, ['n1', 'n2', 'n3'])
      assert.deepEqual((await nodes(context)).map(({ name, state }) => [name, state]).toSorted(), [
        ['n1', 'ready'],
        ['n2', 'ready'],
        ['n3', 'ready'],
      ])
      await planIsEmpty(context, app, manifest)

      const load = startLoad({ ...context.ingress, host, requestsPerSecond: 20, connections: 'mixed' })
      await setAvailability(context, 'n2', 'drain')
      await agentsOn(context, ['n1', 'n3'])
      await context.until('the work to move', async () => {
        const now = await places(context, 'web')
        return now.length === 4 && !now.includes('n2')
      })
      assert.equal((await nodes(context)).find(({ name }) => name === 'n2')?.state, 'draining')
      const result = await load.stop()
      assert.deepEqual(
        result.failures,
        {},
        `${result.ok} of ${result.requests} requests were answered while it drained`,
      )

      await setAvailability(context, 'n2', 'active')
      await agentsOn(context, ['n1', 'n2', 'n3'])
      await planIsEmpty(context, app, manifest)
      const { items } = await context.client.call('readAudit', { query: { limit: 500 } })
      assert.equal(
        items.filter(({ operation, outcome }) => operation === 'changeNode' && outcome === 'done').length,
        2,
        'who drained is audited',
      )
    },
  },
}
