/** E-37 Clean-up: a removed app leaves nothing that costs, volumes follow their policy; a project goes only when it is empty. */
import { strict as assert } from 'node:assert'
import type { ApiError } from '../../lib/client/errors.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, inventory, removed } from './tools.ts'

const project = 'cleanup'
const app = { project, app: 'shop' }
const other = { project, app: 'other' }
const idle = `["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"]`
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: shop, project: ${project}}
config: {app: {files: {settings.ini: {content: "colour = red"}}}}
secrets:
  password: {generate: {length: 20}}
  key: {from: "store:"}
networks: {front: {}, back: {internal: true}}
volumes:
  kept: {access: shared}
  gone: {access: shared, onDelete: delete}
  asked: {access: shared}
services:
  web:
    image: "escale.local/busybox:1"
    command: ["sh", "-c", "exec httpd -f -p 8080 -h /etc/settings"]
    ports: {http: 8080}
    routes: {main: {}}
    files: {/etc/settings: {config: app}, /run/password: {secret: password}}
    env: {KEY: {secret: key}}
    mounts: {/kept: {volume: kept}, /gone: {volume: gone}, /asked: {volume: asked}}
    networks: [front, back]
    size: {cpu: 0.01, memory: 16Mi}
    stop: {signal: SIGINT, grace: 1s}
    update: {rolling: {settle: 1s}}
jobs:
  prepare: {image: "escale.local/busybox:1", command: [sh, -c, "echo prepared"], size: {cpu: 0.01, memory: 16Mi}}
`
const small = `apiVersion: escale/v1
kind: App
metadata: {name: other, project: ${project}}
services:
  idle: {image: "escale.local/busybox:1", command: ${idle}, size: {cpu: 0.01, memory: 16Mi}, stop: {grace: 1s}, update: {rolling: {settle: 1s}}}
`

const refusalOf = (promise: Promise<unknown>, what: string): Promise<ApiError> =>
  promise.then(
    () => assert.fail(what),
    (error: unknown) => error as ApiError,
  )

const volumes = async (context: ScenarioContext) =>
  (await context.client.call('listVolumes', { params: { project }, query: { cluster: 'local' } })).items

/** Everything of the platform that costs, by kind; what is named here was left behind. */
async function nativeObjects(context: ScenarioContext): Promise<Readonly<Record<string, readonly string[]>>> {
  if (context.engine !== undefined) return await inventory(context.engine)
  const all = Object.groupBy(context.memory!.world.objects.values(), ({ kind }) => kind)
  return Object.fromEntries(
    Object.entries(all).map(([kind, objects]) => [kind, (objects ?? []).map(({ name }) => name).toSorted()]),
  )
}

async function run(context: ScenarioContext): Promise<void> {
  const { client } = context
  const before = await nativeObjects(context)
  await client.call('createProject', { body: { name: project } })
  await client.call('setSecret', { params: { ...app, secret: 'key' }, body: { value: 'of-the-shop' } })
  await deployed(context, manifest, { project })
  await deployed(context, small, { project })
  const started = await client.call('startRun', { params: app, body: { job: 'prepare' } })
  await context.until(
    'the job to end',
    async () => (await client.call('getRun', { params: { ...app, run: started.id } })).state === 'succeeded',
  )

  const living = await refusalOf(
    client.call('removeProject', { params: { project } }),
    'a project with apps was removed',
  )
  assert.equal(living.code, 'in-use')
  assert.match(living.message, /shop/)
  assert.match(living.message, /other/)

  await removed(context, app, ['asked'])
  assert.deepEqual(
    (await volumes(context)).map(({ name, usedBy }) => [name, usedBy]),
    [['kept', []]],
    'what is to be kept is kept, and listed; the others are gone',
  )
  const told = (await context.events(app)).findLast((event) => event.type === 'app.removed')
  assert.match(JSON.stringify(told?.data ?? {}), /kept/, 'the removal tells what was left')
  const stillThere = await refusalOf(
    client.call('removeProject', { params: { project } }),
    'a project with an app was removed',
  )
  assert.match(stillThere.message, /other/)
  assert.doesNotMatch(stillThere.message, /shop/, 'the removed app is no obstacle')
  await removed(context, other)

  // The engine lists both for a moment after the swarm has let go of them.
  await context.until('the containers and networks to be gone', async () => {
    const { containers = [], networks = [] } = await nativeObjects(context)
    return [...containers, ...networks].every((name) => Object.values(before).flat().includes(name))
  })
  const left = await nativeObjects(context)
  const names = (await volumes(context)).map(({ nativeName }) => nativeName)
  for (const [kind, objects] of Object.entries(left)) {
    const extra = objects.filter(
      (name) =>
        !(before[kind] ?? []).includes(name) &&
        !(kind === 'nodeLabels' && names.some((volume) => name.includes(volume))),
    )
    const expected = kind.startsWith('volume') ? names : []
    if (kind === 'nodeLabels')
      assert.ok(extra.length <= names.length, `pins of volumes that are gone: ${extra.join(', ')}`)
    else assert.deepEqual(extra, expected, `${kind} that were left behind`)
  }

  const secrets = await refusalOf(
    client.call('removeProject', { params: { project } }),
    'a project with secrets was removed',
  )
  assert.equal(secrets.code, 'in-use')
  assert.match(secrets.message, /secret/)
  const { items } = await client.call('listSecrets', { params: app })
  assert.deepEqual(items.map(({ name }) => name).toSorted(), ['key', 'password'], 'secrets are kept, and listed')
  for (const { name } of items) await client.call('removeSecret', { params: { ...app, secret: name } })

  const data = await client.call('removeProject', { params: { project } }).then(
    () => undefined,
    (error: unknown) => error as ApiError,
  )
  assert.equal(data?.code, 'in-use', 'a project whose data is still there was removed')
  assert.match(data.message, /kept/, 'and it says which')
  for (const { nativeName } of await volumes(context)) {
    await client.call('removeVolume', { params: { project, volume: nativeName }, query: { cluster: 'local' } })
  }
  await client.call('removeProject', { params: { project } })
  assert.deepEqual(await nativeObjects(context), before, 'nothing is left')
  assert.ok(!(await client.call('listProjects', {})).items.some(({ name }) => name === project))
  const gone = await refusalOf(client.call('getProject', { params: { project } }), 'the project is there')
  assert.equal(gone.status, 404)
}

export const e37: Scenario = {
  id: 'E-37',
  title: 'Clean-up',
  without: ['`cdk destroy`'],
  on: { memory: run, docker: run },
}
