/** E-38 Housekeeping: what nobody uses is reported, then goes exactly as announced; what is in use or to go back to stays. */
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildFromFolder } from '../../images/local/context.ts'
import { silentLog } from '../../lib/core/deps.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, inventory, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'tidy' }
const busybox = 'escale.local/busybox:1'
const manifest = (tag: string): string => `apiVersion: escale/v1
kind: App
metadata: {name: tidy}
volumes: {data: {}}
services:
  idle:
    image: "escale.local/tidy:${tag}"
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
    mounts: {/data: {volume: data}}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
jobs:
  short: {image: "${busybox}", command: [sh, -c, "echo short-lived"], history: 1, size: {cpu: 0.01, memory: 16Mi}}
`

/** An image with one layer of its own of this many bytes. */
async function image(engine: Engine, reference: string, sizeBytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'escale-tidy-'))
  try {
    await writeFile(join(folder, 'Dockerfile'), `FROM ${busybox}\nCOPY blob /blob\n`)
    await writeFile(join(folder, 'blob'), randomBytes(sizeBytes))
    await buildFromFolder(engine, { folder, reference }, { log: silentLog })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const cluster = { cluster: 'local' }
const report = async (context: ScenarioContext) =>
  (await context.client.call('reportUnused', { params: cluster })).items
type Item = Awaited<ReturnType<typeof report>>[number]

const reclaim = async (context: ScenarioContext, items: readonly Item[]) =>
  (
    await context.client.call('reclaim', {
      params: cluster,
      body: { items: items.map(({ kind, nativeId }) => ({ kind, nativeId })) },
    })
  ).items

const named = (items: readonly Item[]): readonly string[] => items.map(({ kind, name }) => `${kind} ${name}`).toSorted()
const layersBytes = async (engine: Engine): Promise<number> => (await engine.system.diskUsage()).LayersSize ?? 0

/** Things of nobody: an image, containers that ended or never ran, a volume without a name, a network of an app that is gone. */
async function litter(engine: Engine): Promise<readonly string[]> {
  await image(engine, 'escale.local/litter:1', 700_000)
  const ended = await engine.containers.create(
    { Image: busybox, Cmd: ['sh', '-c', 'head -c 5000 /dev/zero > /left'] },
    { name: 'litter-ended' },
  )
  await engine.containers.start(ended.Id)
  await engine.containers.wait(ended.Id)
  await engine.containers.create({ Image: busybox, Cmd: ['true'] }, { name: 'litter-created' })
  const holder = await engine.containers.create({ Image: busybox, Cmd: ['true'], Volumes: { '/data': {} } })
  const [volume] = (await engine.containers.inspect(holder.Id)).Mounts
  await engine.containers.remove(holder.Id)
  const [service] = await engine.services.list()
  const install = service?.Spec.Labels?.['io.escale.install'] ?? ''
  await engine.networks.create({ Name: 'litter-network', Driver: 'overlay', Labels: { 'io.escale.install': install } })
  return [
    'container litter-created',
    'container litter-ended',
    'image escale.local/litter:1',
    'network litter-network',
    `volume ${volume!.Name!}`,
  ]
}

/** Things that look unused and are somebody's: a named volume, a network of somebody else. */
async function belongings(engine: Engine): Promise<void> {
  const holder = await engine.containers.create({
    Image: busybox,
    Cmd: ['true'],
    HostConfig: { Binds: ['precious:/data'] },
  })
  await engine.containers.remove(holder.Id)
  await engine.networks.create({ Name: 'somebodys', Driver: 'bridge' })
}

export const e38: Scenario = {
  id: 'E-38',
  title: 'Housekeeping',
  without: ['nodes other than the first', 'layers that only unused images share'],
  notApplicable: { memory: 'nothing is left over on the simulated cluster' },
  on: {
    docker: async (context) => {
      const engine = context.engine!
      for (const tag of ['1', '2', '3']) await image(engine, `escale.local/tidy:${tag}`, 300_000)
      for (const tag of ['1', '2', '3']) await deployed(context, manifest(tag))
      assert.equal((await sh(context, app, 'idle', 'echo kept > /data/file')).exitCode, 0)
      for (let n = 0; n < 3; n++) {
        const run = await context.client.call('startRun', { params: app, body: { job: 'short' } })
        await context.until(
          'the run to end',
          async () => (await context.client.call('getRun', { params: { ...app, run: run.id } })).state === 'succeeded',
        )
      }
      await context.until('the remains of runs beyond their history to be collected', async () => {
        const { containers = [], services = [] } = await inventory(engine)
        return [containers, services].every((names) => names.filter((name) => name.includes('tidy-short')).length === 1)
      })

      await belongings(engine)
      const known = named(await report(context))
      const before = await inventory(engine)
      const litterNames = await litter(engine)

      const found = await report(context)
      assert.deepEqual(
        named(found).filter((name) => !known.includes(name)),
        litterNames,
        'everything of nobody is reported, and nothing else',
      )
      assert.ok(
        !named(found).some((name) => /tidy:[23]|precious|somebodys|haproxy|tidy-/.test(name)),
        `what stands or is to go back to is not: ${named(found).join(', ')}`,
      )
      const litterItems = found.filter((item) => !known.includes(`${item.kind} ${item.name}`))
      const imageItem = litterItems.find(({ kind }) => kind === 'image')!
      assert.ok(
        imageItem.sizeBytes >= 700_000 && imageItem.sizeBytes < 750_000,
        `only its own layer is announced: ${imageItem.sizeBytes}`,
      )
      assert.equal(litterItems.find(({ name }) => name === 'litter-ended')?.sizeBytes, 5000)

      const layersBefore = await layersBytes(engine)
      const [one] = litterItems.filter(({ kind }) => kind === 'container')
      assert.deepEqual(named(await reclaim(context, [one!])), named([one!]), 'what was asked for')
      assert.deepEqual(
        named(await report(context)).filter((name) => !known.includes(name)),
        litterNames.filter((name) => name !== `container ${one!.name}`),
        'and nothing besides',
      )

      const rest = litterItems.filter((item) => item !== one)
      const used = await engine.containers.create(
        { Image: 'escale.local/litter:1', Cmd: ['true'] },
        { name: 'late-user' },
      )
      const without = rest.filter(({ kind }) => kind !== 'image')
      assert.deepEqual(named(await reclaim(context, rest)), named(without), 'what found a user meanwhile stays')
      await engine.containers.remove(used.Id)
      assert.deepEqual(named(await reclaim(context, [imageItem])), named([imageItem]))
      assert.equal(
        layersBefore - (await layersBytes(engine)),
        imageItem.sizeBytes,
        'what was announced is what was freed',
      )

      assert.deepEqual(await inventory(engine), before, 'all else is as it was')
      assert.deepEqual(named(await report(context)), known)
      assert.equal((await ready(context, app, 'idle')).length, 1)
      const back = await context.client.call('rollback', { params: app, body: {} })
      assert.equal((await context.follow(app, back)).state, 'succeeded', 'the release before has its image still')
      assert.equal((await sh(context, app, 'idle', 'cat /data/file')).output.trim(), 'kept')
      const { items } = await context.client.call('readProjectEvents', {
        params: { project: 'default' },
        query: { limit: 500 },
      })
      assert.ok(
        items.some(({ type }) => type === 'housekeeping.done'),
        'it is told',
      )
    },
  },
}
