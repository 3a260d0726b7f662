/** E-03 Same manifest on own machines: DockerCoins and Pets as they are in the examples, in real containers. */
import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { examples, type ExampleName } from '../../bin/demo/examples.ts'
import { buildFromFolder } from '../../images/local/context.ts'
import { localReference } from '../../images/local/build.ts'
import { silentLog } from '../../lib/core/deps.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import type { AppRef, Scenario, ScenarioContext } from './scenario.ts'
import { deployed, get, planIsEmpty, ready, removed, sh } from './tools.ts'

const folder = (name: ExampleName): string => join(import.meta.dirname, '../../examples', name)
const manifestOf = (name: ExampleName): Promise<string> => readFile(join(folder(name), 'escale.yaml'), 'utf8')
const coins: AppRef = { project: 'default', app: 'dockercoins' }
const pets: AppRef = { project: 'default', app: 'pets' }

/** The images of the manifest: those of others by their local names, and our own, built on the engine. */
async function images(engine: Engine, name: ExampleName): Promise<Readonly<Record<string, string>>> {
  const { builds, params } = examples[name]
  for (const { reference, context, dockerfile } of builds) {
    const build = {
      folder: join(folder(name), context),
      dockerfile,
      reference,
      buildArgs: { BASE: localReference('node') },
    }
    await buildFromFolder(engine, build, { log: silentLog })
  }
  return Object.fromEntries(Object.entries(params).map(([image, param]) => [param, localReference(image as 'redis')]))
}

interface Count {
  readonly hashes: number
  readonly coins: number
}

async function dockercoins(context: ScenarioContext): Promise<void> {
  const manifest = await manifestOf('dockercoins')
  const params = await images(context.engine!, 'dockercoins')
  await deployed(context, manifest, { params })
  await planIsEmpty(context, coins, manifest, params)
  const host = 'webui-dockercoins-default.localhost'
  await context.until(
    'the page of DockerCoins answers',
    async () => (await get(context, host, '/index.html')).status === 200,
  )
  const count = async (): Promise<Count> => JSON.parse((await get(context, host, '/json')).body) as Count
  const first = await count()
  await context.until('the counter to grow', async () => (await count()).hashes > first.hashes)

  // Names and ports as the manifest has them, from inside; and what is on another network is not there.
  const ask = async (from: string, url: string): Promise<string> =>
    (
      await sh(
        context,
        coins,
        from,
        `node -e "fetch('${url}', {signal: AbortSignal.timeout(5000)}).then((a) => console.log(a.status), () => console.log('none'))"`,
      )
    ).output.trim()
  for (const name of ['rng', 'hasher'])
    assert.equal(await ask('worker', `http://${name}/healthz`), '200', `${name} answers to its name at port 80`)
  assert.equal(await ask('worker', 'http://nobody/'), 'none')
  assert.doesNotMatch(
    (await sh(context, coins, 'worker', 'ip route')).output,
    /default/,
    'nothing on the inner network has a way out',
  )
  assert.match(
    (await sh(context, coins, 'redis', 'redis-cli dbsize')).output,
    /[1-9]/,
    'the store holds what the page shows',
  )

  await context.until('logs of the services', async () => {
    const { items } = await context.client.call('readLogs', { params: coins, query: { tail: 200 } })
    return ['worker', 'redis'].every((unit) => items.some((line) => line.unit === unit))
  })

  const scaled = await context.client.call('scale', { params: coins, body: { services: { worker: 2 } } })
  assert.equal((await context.follow(coins, scaled)).state, 'succeeded')
  assert.equal((await ready(context, coins, 'worker')).length, 2)
}

async function petsKeepTheirData(context: ScenarioContext): Promise<void> {
  const manifest = await manifestOf('pets')
  const params = await images(context.engine!, 'pets')
  await deployed(context, manifest, { params })
  await planIsEmpty(context, pets, manifest, params)
  const host = 'web-pets-default.localhost'
  await context.until('the page of Pets answers', async () => (await get(context, host)).status === 200)
  const query = async (sql: string): Promise<string> =>
    (await sh(context, pets, 'db', `psql -U pets -d pets -tAc "${sql}"`)).output.trim()
  assert.match(await query("create table kept (name text); insert into kept values ('rex')"), /INSERT 0 1/)
  await removed(context, pets)
  await deployed(context, manifest, { params })
  assert.equal(await query('select name from kept'), 'rex', 'the volume kept the data')
}

export const e03: Scenario = {
  id: 'E-03',
  title: 'Same manifest on self-hosted workers',
  without: ['machines that join by the node image'],
  images: ['busybox', 'node', 'redis', 'postgres'],
  on: {
    memory: async (context) => {
      for (const [name, app] of [
        ['dockercoins', coins],
        ['pets', pets],
      ] as const) {
        const manifest = await manifestOf(name)
        await deployed(context, manifest)
        await planIsEmpty(context, app, manifest)
      }
    },
    docker: async (context) => {
      await dockercoins(context)
      await removed(context, coins)
      await petsKeepTheirData(context)
    },
  },
}
