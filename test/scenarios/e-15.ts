/** E-15 Secrets: one secret as a file and as a variable, seen by its service alone, nowhere else; rotation reaches the container. */
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'vaulted' }
const canary = 'c4n4ry-0f-the-m1ne'
const rotated = 'r0tated-c4n4ry'
const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: vaulted}
secrets:
  username: {from: "store:"}
services:
  authorised:
    image: "escale.local/busybox:1"
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
    env: {NAME_OF_USER: {secret: username}}
    files: {/etc/secrets/username: {secret: username}}
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 2s}
    update: {rolling: {settle: 1s}}
  other:
    image: "escale.local/busybox:1"
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
    size: {cpu: 0.01, memory: 16Mi}
    stop: {grace: 2s}
    update: {rolling: {settle: 1s}}
`

const setTo = (context: ScenarioContext, value: string) =>
  context.client.call('setSecret', { params: { ...app, secret: 'username' }, body: { value } })

/** Everything the API has to say about the app, as one text. */
async function allAnswers(context: ScenarioContext): Promise<string> {
  const { client } = context
  const body = { manifest, params: {}, files: {} }
  const answers = [
    await client.call('planApp', { params: app, body }),
    await client.call('getStatus', { params: app }),
    await client.call('listReleases', { params: app }),
    await client.call('getRelease', { params: { ...app, release: '1' } }),
    await client.call('listDeployments', { params: app }),
    await client.call('listSecrets', { params: app }),
    await client.call('listSecretVersions', { params: { ...app, secret: 'username' } }),
    await client.call('readLogs', { params: app }),
    await client.call('readAudit', {}),
    await context.events(app),
  ]
  return JSON.stringify(answers)
}

async function common(context: ScenarioContext): Promise<void> {
  const refused = await context.begin(manifest).catch((error: unknown) => error as { readonly code: string })
  assert.equal(
    (refused as { readonly code: string }).code,
    'secret-missing',
    'a secret without a value is refused before any write',
  )
  await setTo(context, canary)
  await deployed(context, manifest)
  assert.ok(!(await allAnswers(context)).includes(canary), 'no answer of the API holds the value')
}

export const e15: Scenario = {
  id: 'E-15',
  title: 'Secrets',
  without: ['search of the network between nodes'],
  on: {
    memory: common,
    docker: async (context) => {
      await common(context)
      const read = async (): Promise<string> =>
        (
          await sh(
            context,
            app,
            'authorised',
            'cat /etc/secrets/username; echo; tr "\\0" "\\n" < /proc/1/environ | grep NAME_OF; cat /proc/*/environ | tr "\\0" "\\n" | grep -m1 NAME_OF_USER',
          )
        ).output
      const seen = await read()
      assert.ok(seen.startsWith(canary), 'the file holds the value')
      assert.ok(seen.includes(`NAME_OF_USER=${canary}`), 'the variable holds the value')
      const mode = await sh(
        context,
        app,
        'authorised',
        'stat -c %a /etc/secrets/username; grep " /etc/secrets/username " /proc/mounts',
      )
      assert.match(mode.output, /^400/, 'nobody else may read the file')
      assert.match(mode.output, /tmpfs/, 'the file is in memory')
      const other = await sh(context, app, 'other', 'env; ls -R /run/secrets /etc/secrets 2>&1; cat /proc/*/environ')
      assert.ok(!other.output.includes(canary), 'the other service sees nothing')
      for (const container of await context.engine!.containers.list({ all: true })) {
        const text = JSON.stringify(await context.engine!.containers.inspect(container.Id))
        assert.ok(!text.includes(canary), 'inspect shows nothing')
      }
      const text = JSON.stringify([
        await context.engine!.services.list(),
        await context.engine!.tasks.list(),
        await context.engine!.secrets.list(),
        await context.engine!.configs.list(),
      ])
      assert.ok(
        !text.includes(canary) && !text.includes(Buffer.from(canary).toString('base64')),
        'the swarm shows nothing',
      )

      for (const file of readdirSync(context.dataDir!, { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue
        const bytes = readFileSync(join(file.parentPath, file.name))
        assert.ok(!bytes.includes(canary), `${file.name} of the platform does not hold the value in plain text`)
      }

      const [before] = await ready(context, app, 'authorised')
      const [untouched] = await ready(context, app, 'other')
      await setTo(context, rotated)
      await context.until('a new instance of the authorised service', async () => {
        const [now] = await ready(context, app, 'authorised')
        return now !== undefined && now.id !== before!.id && (await context.status(app)).deploying === false
      })
      assert.ok((await read()).startsWith(rotated), 'the rotation reached the container')
      assert.equal((await ready(context, app, 'other'))[0]?.id, untouched?.id, 'who does not use it is left alone')
    },
  },
}
