/** E-19 Stateful cluster: three instances with stable names and volumes of their own, started in order; replacement keeps both. */
import { strict as assert } from 'node:assert'
import type { Scenario } from './scenario.ts'
import { deployed, planIsEmpty, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'cluster' }
const script =
  'date +%s%N > /tmp/started; [ -f /data/id ] || hostname > /data/id; mkdir -p /tmp/www; echo $NAME > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'
const manifest = (note: string): string => `apiVersion: escale/v1
kind: App
metadata: {name: cluster}
volumes: {data: {}}
services:
  db:
    image: "escale.local/busybox:1"
    mode: stateful
    scale: 3
    command: [sh, -c, ${JSON.stringify(script)}]
    env: {NAME: {instance: name}, NOTE: "${note}"}
    ports: {http: 8080}
    health: {ready: {http: /, interval: 1s}}
    mounts: {/data: {volume: data}}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {signal: SIGINT, grace: 1s}
    update: {rolling: {settle: 1s}}
  client:
    image: "escale.local/busybox:1"
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
`

export const e19: Scenario = {
  id: 'E-19',
  title: 'Stateful cluster',
  without: [],
  on: {
    memory: async (context) => {
      await deployed(context, manifest('one'))
      await planIsEmpty(context, app, manifest('one'))
      const started = [...context.memory!.world.instances]
        .filter(([name]) => /db-\d$/.test(name))
        .flatMap(([, all]) => all)
      assert.deepEqual(
        started.map((one) => one.createdAtMs),
        started.map((one) => one.createdAtMs).toSorted((a, b) => a - b),
      )
      for (const [n, one] of started.entries())
        if (n > 0) assert.ok(one.createdAtMs >= started[n - 1]!.readyAtMs, 'each waits for the one before')
    },
    docker: async (context) => {
      await deployed(context, manifest('one'))
      await planIsEmpty(context, app, manifest('one'))
      const ask = async (name: string): Promise<string> =>
        (await sh(context, app, 'client', `timeout 5 wget -q -O - http://${name}:8080/`)).output.trim()
      for (const name of ['db-0', 'db-1', 'db-2']) assert.equal(await ask(name), name, 'each answers to its own name')
      assert.equal(await ask('db-1.db'), 'db-1', 'also by the longer name')

      const all = (await ready(context, app, 'db')).toSorted((a, b) => String(a.slot).localeCompare(String(b.slot)))
      assert.equal(all.length, 3)
      const reads = (id: string, what: string) => sh(context, app, 'db', `cat ${what}`, id)
      const starts: string[] = []
      for (const one of all) starts.push((await reads(one.id, '/tmp/started')).output.trim())
      assert.deepEqual(starts, starts.toSorted(), 'they were started in order')
      const before = new Map<string, string>()
      for (const one of all) {
        await sh(context, app, 'db', `echo mine-$NAME-${one.slot} > /data/file`, one.id)
        before.set(String(one.slot), (await reads(one.id, '/data/file')).output)
      }
      assert.equal(new Set(before.values()).size, 3, 'each has a volume of its own')

      await deployed(context, manifest('two'))
      const after = await ready(context, app, 'db')
      for (const one of after) {
        assert.ok(!all.some((old) => old.id === one.id), 'every instance was replaced')
        assert.equal((await reads(one.id, '/data/file')).output, before.get(String(one.slot)), 'with its own data')
      }
      for (const name of ['db-0', 'db-1', 'db-2']) assert.equal(await ask(name), name, 'the names stay')
    },
  },
}
