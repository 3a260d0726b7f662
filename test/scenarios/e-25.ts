/** E-25 Debug access: a command in an instance, with its exit status, input and terminal; refused to whoever may not, and audited. */
import { strict as assert } from 'node:assert'
import { openExec } from '../../lib/client/exec.ts'
import type { ApiError } from '../../lib/client/errors.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, exec, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'quotes' }
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: quotes}
services:
  quotes:
    image: "escale.local/busybox:1"
    command: [sh, -c, "trap 'exit 0' TERM; while :; do echo a quote; sleep 0.5; done"]
    scale: 2
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
`
const body = { service: 'quotes', command: ['sh', '-c', 'id'], tty: false }

type Role = 'viewer' | 'operator' | 'deployer' | 'owner'

async function tokenFor(context: ScenarioContext, name: string, role: Role, collection: string): Promise<string> {
  return (await context.client.call('createToken', { body: { name, grants: [{ role, collection }] } })).token
}

const refusalOf = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error as ApiError,
  )

async function denials(context: ScenarioContext): Promise<void> {
  await context.client.call('createProject', { body: { name: 'others' } })
  const ask = async (token: string, params: typeof app = app) =>
    await refusalOf(context.clientOf(token).call('openExec', { params, body }))

  const viewer = await ask(await tokenFor(context, 'john', 'viewer', 'default'))
  assert.deepEqual([viewer.status, viewer.code], [403, 'forbidden'], 'who may look may not run commands')

  const stranger = await tokenFor(context, 'ann', 'owner', 'others')
  const there = await ask(stranger)
  const nowhere = await ask(stranger, { project: 'default', app: 'no-such-app' })
  assert.deepEqual([there.status, there.code], [404, 'not-found'])
  assert.deepEqual(
    [nowhere.status, nowhere.code],
    [there.status, there.code],
    'what is there and what is not look alike to a stranger',
  )
  assert.equal(nowhere.message.replaceAll('no-such-app', 'quotes'), there.message)

  const nobody = await ask('not-a-token')
  assert.equal(nobody.status, 401)

  const { items } = await context.client.call('readAudit', { query: { limit: 500 } })
  const refused = items
    .filter((entry) => entry.operation === 'openExec' && entry.outcome === 'refused')
    .map((entry) => entry.code)
  assert.ok(
    refused.includes('forbidden') && refused.includes('not-found'),
    `refusals are audited: ${refused.join(', ')}`,
  )
}

async function withInput(context: ScenarioContext): Promise<void> {
  const stream = await context.client.exec(app, {
    service: 'quotes',
    command: ['sh', '-c', 'wc -c; echo done'],
    tty: false,
  })
  stream.write(new TextEncoder().encode('twelve bytes'))
  stream.endInput()
  let output = ''
  for await (const { data } of stream.output) output += new TextDecoder().decode(data)
  assert.deepEqual(
    [output.split(/\s+/).filter((word) => word !== ''), await stream.exitCode],
    [['12', 'done'], 0],
    'the input reaches the command, and its end too',
  )
}

async function withTerminal(context: ScenarioContext): Promise<void> {
  const stream = await context.client.exec(app, { service: 'quotes', command: ['sh'], tty: true })
  stream.resize(132, 43)
  stream.write(new TextEncoder().encode('tty; sleep 1; stty size; exit 5\n'))
  let output = ''
  for await (const { data } of stream.output) output += new TextDecoder().decode(data)
  assert.match(output, /\/dev\/pts\/\d/, 'it is a terminal')
  assert.match(output, /43 132/, 'of the size that was asked for')
  assert.equal(await stream.exitCode, 5)
}

export const e25: Scenario = {
  id: 'E-25',
  title: 'Debug access',
  without: ['attach', 'shell on a node'],
  on: {
    memory: async (context) => {
      await deployed(context, manifest)
      await denials(context)
    },
    docker: async (context) => {
      await deployed(context, manifest)
      const ended = await exec(context, app, 'quotes', ['sh', '-c', 'echo out; echo err >&2; exit 3'])
      assert.deepEqual(
        [ended.exitCode, ended.output.split('\n').toSorted()],
        [3, ['', 'err', 'out']],
        'output of both kinds, and the exit status',
      )

      const [first, second] = await ready(context, app, 'quotes')
      const hostname = async (id: string): Promise<string> => (await sh(context, app, 'quotes', 'hostname', id)).output
      assert.notEqual(await hostname(first!.id), await hostname(second!.id), 'in the instance that was named')
      await withInput(context)
      await withTerminal(context)
      const missing = await exec(context, app, 'quotes', ['no-such-program']).then(
        ({ exitCode }) => exitCode,
        (error: unknown) => (error as ApiError).code,
      )
      assert.notEqual(missing, 0, 'a program that is not there is no success')

      const operator = context.clientOf(await tokenFor(context, 'jane', 'operator', 'default/quotes'))
      const ticket = await operator.call('openExec', { params: app, body })
      const stream = await openExec(ticket.url, WebSocket)
      assert.equal(await stream.exitCode, 0, 'an operator may')
      await assert.rejects(openExec(ticket.url, WebSocket), /could not be opened/, 'a ticket opens one stream')
      await assert.rejects(openExec(`${ticket.url}x`, WebSocket), /could not be opened/, 'and an invented one none')

      await denials(context)
      const { items } = await context.client.call('readAudit', { query: { limit: 500 } })
      const done = items.filter((entry) => entry.operation === 'openExec' && entry.outcome === 'done')
      assert.ok(
        done.length >= 6 &&
          done.some((entry) => entry.subject.includes('jane') || entry.principal !== done[0]!.principal),
        'every command is audited with who ran it',
      )
      assert.ok(
        (await context.events(app)).some((event) => event.type === 'exec.opened'),
        'and told in the events of the app',
      )
    },
  },
}
