/** E-17 Network segmentation: front and back with the middle on both; the forbidden path times out; none and internal have no way out. */
import { strict as assert } from 'node:assert'
import { withOutside } from './outside.ts'
import type { Scenario } from './scenario.ts'
import { deployed, planIsEmpty, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'segments' }
const httpd = (text: string): string =>
  `mkdir -p /tmp/www; echo ${text} > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www`
const service = (name: string, networks: string): string => `  ${name}:
    image: "escale.local/busybox:1"
    command: [sh, -c, ${JSON.stringify(httpd(name))}]
    ports: {http: 8080}
    health: {ready: {http: /, interval: 1s}}
    networks: ${networks}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {signal: SIGINT, grace: 1s}
    update: {rolling: {settle: 1s}}
`
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: segments}
networks: {front: {}, back: {internal: true}}
services:
${service('webapi', '[front]')}${service('productcatalog', '[front, back]')}${service('database', '[back]')}  alone:
    image: "escale.local/busybox:1"
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
    networks: []
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
`

export const e17: Scenario = {
  id: 'E-17',
  title: 'Network segmentation',
  without: [],
  on: {
    memory: async (context) => {
      await deployed(context, manifest)
      await planIsEmpty(context, app, manifest)
    },
    docker: async (context) => {
      await deployed(context, manifest)
      await planIsEmpty(context, app, manifest)
      const fetchFrom = (from: string, url: string) => sh(context, app, from, `timeout 5 wget -q -O - ${url}`)
      assert.equal((await fetchFrom('webapi', 'http://productcatalog:8080/')).output.trim(), 'productcatalog')
      assert.equal((await fetchFrom('productcatalog', 'http://database:8080/')).output.trim(), 'database')
      assert.notEqual(
        (await fetchFrom('webapi', 'http://database:8080/')).exitCode,
        0,
        'the name is unknown across networks',
      )

      const [database] = await ready(context, app, 'database')
      const address = database!.addresses!['back']!
      const forbidden = await fetchFrom('webapi', `http://${address}:8080/`)
      // Nothing comes back on the forbidden path, unless a router outside of the node says that it knows no such network.
      assert.ok(
        forbidden.exitCode === 143 || forbidden.exitCode === 124 || /unreachable/.test(forbidden.output),
        `the forbidden path times out, not ${forbidden.exitCode}: ${forbidden.output}`,
      )

      assert.doesNotMatch(
        (await sh(context, app, 'database', 'ip route')).output,
        /default/,
        'an internal network has no way out',
      )
      assert.match((await sh(context, app, 'webapi', 'ip route')).output, /default/, 'a plain network has one')
      assert.doesNotMatch((await sh(context, app, 'alone', 'ip route')).output, /default/, 'none has no way out either')
      await withOutside('outside', async (port) => {
        const reach = (from: string) =>
          sh(context, app, from, `timeout 5 nc ${context.hostAddress!} ${port} < /dev/null`)
        assert.equal((await reach('webapi')).output.trim(), 'outside', 'a plain network leads out')
        for (const from of ['database', 'alone']) {
          const tried = await reach(from)
          assert.notEqual(tried.exitCode, 0, `${from} got out: ${tried.output}`)
          assert.doesNotMatch(tried.output, /outside/)
        }
      })
      assert.notEqual(
        (await fetchFrom('alone', 'http://productcatalog:8080/')).exitCode,
        0,
        'who is on no network sees nobody',
      )
      const webapi = (await ready(context, app, 'webapi'))[0]!.addresses!['front']!
      assert.notEqual((await fetchFrom('alone', `http://${webapi}:8080/`)).exitCode, 0, 'by no address either')
    },
  },
}
