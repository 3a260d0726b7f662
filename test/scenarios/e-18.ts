/** E-18 Persistent volume life: create, write, read elsewhere read-only, survive replacement, refuse removal in use, delete on request. */
import { strict as assert } from 'node:assert'
import type { AppRef, Scenario, ScenarioContext } from './scenario.ts'
import { deployed, planIsEmpty, ready, removed, sh } from './tools.ts'

const app: AppRef = { project: 'default', app: 'volumes' }
const idle = `["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"]`
const manifest = (note: string): string => `apiVersion: escale/v1
kind: App
metadata: {name: volumes}
volumes:
  data: {access: shared}
  gone: {access: shared, onDelete: delete}
services:
  writer:
    image: "escale.local/busybox:1"
    command: ${idle}
    env: {NOTE: "${note}"}
    mounts: {/data: {volume: data}, /gone: {volume: gone}}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
  reader:
    image: "escale.local/busybox:1"
    command: ${idle}
    mounts: {/data: {volume: data, readOnly: true}}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 1s}
    update: {rolling: {settle: 1s}}
`

const volumeNamed = async (context: ScenarioContext, name: string) =>
  (
    await context.client.call('listVolumes', { params: { project: 'default' }, query: { cluster: 'local' } })
  ).items.find((volume) => volume.name === name)

async function refusedInUse(context: ScenarioContext): Promise<void> {
  const volume = await volumeNamed(context, 'data')
  assert.ok(volume !== undefined && volume.usedBy.length > 0, 'the volume is listed with its users')
  const refusal = await context.client
    .call('removeVolume', { params: { project: 'default', volume: volume.nativeName }, query: { cluster: 'local' } })
    .then(
      () => undefined,
      (error: unknown) => error as { readonly code: string },
    )
  assert.equal(refusal?.code, 'in-use')
}

async function end(context: ScenarioContext): Promise<void> {
  await removed(context, app)
  const kept = await volumeNamed(context, 'data')
  assert.ok(kept !== undefined, 'what is to be kept is kept')
  await context.until(
    'the volume marked delete to be gone',
    async () => (await volumeNamed(context, 'gone')) === undefined,
  )
  await context.until('nobody to use the volume', async () => (await volumeNamed(context, 'data'))!.usedBy.length === 0)
}

async function deleteKept(context: ScenarioContext): Promise<void> {
  const kept = await volumeNamed(context, 'data')
  await context.client.call('removeVolume', {
    params: { project: 'default', volume: kept!.nativeName },
    query: { cluster: 'local' },
  })
  assert.equal(await volumeNamed(context, 'data'), undefined, 'deleted on request')
}

export const e18: Scenario = {
  id: 'E-18',
  title: 'Persistent volume life',
  without: ['snapshots'],
  on: {
    memory: async (context) => {
      await deployed(context, manifest('one'))
      await planIsEmpty(context, app, manifest('one'))
      await refusedInUse(context)
      await end(context)
      await deleteKept(context)
    },
    docker: async (context) => {
      await deployed(context, manifest('one'))
      await planIsEmpty(context, app, manifest('one'))
      assert.equal((await sh(context, app, 'writer', 'echo kept > /data/file && echo other > /gone/file')).exitCode, 0)
      assert.equal(
        (await sh(context, app, 'reader', 'cat /data/file')).output.trim(),
        'kept',
        'the reader sees what the writer wrote',
      )
      assert.match((await sh(context, app, 'reader', 'echo no > /data/file')).output, /Read-only file system/)
      const [before] = await ready(context, app, 'writer')
      await deployed(context, manifest('two'))
      assert.notEqual((await ready(context, app, 'writer'))[0]?.id, before!.id, 'the writer was replaced')
      assert.equal((await sh(context, app, 'writer', 'cat /data/file')).output.trim(), 'kept', 'the data survived')
      await refusedInUse(context)
      await end(context)
      await deployed(context, manifest('two'))
      assert.equal(
        (await sh(context, app, 'writer', 'cat /data/file; ls /gone')).output.trim(),
        'kept',
        'a new start finds the kept volume, and an empty other one',
      )
      await removed(context, app)
      await context.until(
        'nobody to use the volume',
        async () => (await volumeNamed(context, 'data'))!.usedBy.length === 0,
      )
      await deleteKept(context)
    },
  },
}
