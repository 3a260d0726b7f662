import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examples } from '../../../bin/demo/examples.ts'
import { prepareImages } from '../../../bin/demo/images.ts'
import { installIdOf, startDemoPlatform } from '../../../bin/demo/platform.ts'
import type { DemoPlatform } from '../../../bin/demo/platform.ts'
import { askRoute, askUntil } from '../../../bin/demo/prove.ts'
import type { Scene } from '../../../bin/demo/prove.ts'
import { createScreen } from '../../../bin/demo/screen.ts'
import { placesOf } from '../../../bin/demo/show.ts'
import { removeMarked } from '../../../bin/demo/sweep.ts'
import { createUndo } from '../../../bin/demo/undo.ts'
import type { Deployment } from '../../../lib/client/types.ts'
import { exampleFolder, manifestOf } from '../../examples/support.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { cacheRoot } from '../../support/lab/places.ts'

const app = { project: 'default', app: 'pets' }

describeWithEngine('the data of pets', { images: ['node', 'postgres', 'haproxy'] }, (tools) => {
  let folder = ''
  let platform: DemoPlatform
  let params: Readonly<Record<string, string>> = {}
  const screen = createScreen({ write: () => true }, () => Date.now())

  beforeAll(async () => {
    const { engine, address, socketPath } = tools()
    folder = await mkdtemp(join(tmpdir(), 'escale-pets-'))
    const cacheDir = cacheRoot(process.env)
    const signal = AbortSignal.timeout(120_000)
    params = await prepareImages({
      engine,
      example: examples.pets,
      folder: exampleFolder('pets'),
      cacheDir,
      screen,
      undo: createUndo(),
      signal,
    })
    platform = await startDemoPlatform({
      folder,
      cacheDir,
      env: process.env,
      cluster: { kind: 'docker', engine: `unix://${socketPath}` },
      address,
    })
    await deploy(manifestOf('pets'))
  }, 180_000)

  afterAll(async () => {
    await platform?.close()
    const installId = await installIdOf(folder)
    if (installId !== undefined) await removeMarked(tools().engine, installId)
    await rm(folder, { recursive: true, force: true })
  }, 90_000)

  async function succeeded(begun: Deployment): Promise<void> {
    let last: Deployment | undefined
    for await (const now of platform.client.followDeployment(app, begun.id)) last = now
    expect(last).toMatchObject({ state: 'succeeded', problems: [] })
  }

  const deploy = async (manifest: string): Promise<void> =>
    succeeded(await platform.client.call('deploy', { params: app, body: { manifest, params: { ...params } } }))

  async function scene(): Promise<Scene> {
    const [place] = await placesOf(platform.client, app)
    if (place === undefined) throw new Error('pets has no route')
    return {
      screen,
      client: platform.client,
      app,
      signal: new AbortController().signal,
      ask: (request) => askRoute(place.url, tools().address, request),
    }
  }

  const add = async (name: string): Promise<unknown> =>
    askUntil(await scene(), { path: '/pets', method: 'POST', json: { name, kind: 'cat' } }, ({ status }) =>
      status === 303 ? true : undefined,
    )

  const names = async (): Promise<readonly string[]> =>
    askUntil(await scene(), { path: '/pets' }, ({ status, body }) =>
      status === 200 ? (JSON.parse(body) as { readonly name: string }[]).map(({ name }) => name) : undefined,
    )

  /** The instance of the database that runs now. */
  async function database(): Promise<string | undefined> {
    const { units } = await platform.client.call('getStatus', { params: app })
    return units.find(({ name }) => name === 'db')?.instances.find(({ wanted, state }) => wanted && state === 'ready')
      ?.id
  }

  test('survives that the database is restarted', async () => {
    await add('Restart')
    const before = await database()
    await succeeded(await platform.client.call('restart', { params: app, body: { services: ['db'] } }))
    expect(await database()).not.toBe(before)
    expect(await names()).toContain('Restart')
  })

  test('survives an update of the database', async () => {
    await add('Update')
    const before = await database()
    await deploy(manifestOf('pets').replace('POSTGRES_USER: pets\n', 'POSTGRES_USER: pets\n      TZ: UTC\n'))
    expect(await database()).not.toBe(before)
    expect(await names()).toContain('Update')
  })

  test('survives the removal of the app, which keeps volumes and generated secrets and lists them', async () => {
    await add('Removal')
    const removal = await platform.client.call('removeApp', { params: app })
    await succeeded(removal)
    const { kept } = await platform.client.call('getDeployment', { params: { ...app, deployment: removal.id } })
    expect(kept?.volumes).toEqual(['data@db-0'])
    expect(kept?.secrets).toContain('db-password')
    await deploy(manifestOf('pets'))
    expect(await names()).toEqual(expect.arrayContaining(['Restart', 'Update', 'Removal']))
  })

  test('goes when the volume is named', async () => {
    await succeeded(await platform.client.call('removeApp', { params: app, query: { deleteVolume: ['data'] } }))
    await deploy(manifestOf('pets'))
    expect(await names()).toEqual(['Tabby', 'Rex', 'Shelly'])
  })
})
