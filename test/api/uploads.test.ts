import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderUploads } from '../../lib/api/uploads.ts'
import { bindUseCases } from '../../lib/api/bind.ts'
import type { DeployRequest, UseCases } from '../../lib/api/use-cases.ts'
import { sha256Hex } from '../../lib/core/hash.ts'
import { systemClock, systemRandom } from '../../lib/core/system.ts'
import { appPath, helloManifest, testApi } from './support.ts'
import type { TestApi } from './support.ts'

let api: TestApi
let folder: string
let planned: DeployRequest | undefined
const key = { project: 'shop', app: 'hello', environment: 'default' }
const tar = { 'content-type': 'application/x-tar' }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'escale-uploads-'))
  const late: { real?: UseCases } = {}
  const uploads = folderUploads({ folder, clock: systemClock, random: systemRandom })
  api = await testApi(
    { uploads },
    {
      planApp: (actor, request) => {
        planned = request
        if (late.real === undefined) throw new Error('not set up')
        return late.real.planApp(actor, request)
      },
    },
  )
  late.real = bindUseCases(api.deps)
})
afterAll(async () => {
  await api.stop()
  rmSync(folder, { recursive: true, force: true })
})

const upload = (raw: string | Uint8Array, path = appPath, token = api.tokens.deployer) =>
  api.ask('POST', `${path}/uploads`, { token, raw, headers: tar })

describe('an upload', () => {
  it('is kept whole under an id of its content', async () => {
    const bytes = systemRandom.bytes(300_000)
    const answer = await upload(bytes)
    expect(answer).toMatchObject({ status: 201, body: { digest: `sha256:${sha256Hex(bytes)}`, sizeBytes: 300_000 } })
    expect((await upload(bytes)).body).toEqual(answer.body)
    const uploads = folderUploads({ folder, clock: systemClock, random: systemRandom })
    expect(Buffer.compare((await uploads.get(key, String(answer.body['id'])))!, bytes)).toBe(0)
  })

  it('reaches the plan by its id, under the path of its context', async () => {
    const { body } = await upload('a context')
    const plan = { manifest: helloManifest, contexts: { './': body['id'] } }
    expect((await api.ask('POST', `${appPath}/plans`, { token: api.tokens.deployer, body: plan })).status).toBe(422)
    const good = { manifest: helloManifest, contexts: { '.': body['id'] } }
    expect((await api.ask('POST', `${appPath}/plans`, { token: api.tokens.deployer, body: good })).status).toBe(200)
    expect(Buffer.from(planned?.contexts?.['.'] ?? []).toString()).toBe('a context')
  })

  it('is nothing to another app', async () => {
    const { body } = await upload('theirs', '/v1/projects/shop/apps/theirs')
    const plan = { manifest: helloManifest, contexts: { '.': body['id'] } }
    const answer = await api.ask('POST', `${appPath}/plans`, { token: api.tokens.deployer, body: plan })
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'unknown-reference', problems: [{ pointer: '#/contexts/.' }] },
    })
  })

  it('must be a tar archive', async () => {
    const answer = await api.ask('POST', `${appPath}/uploads`, { token: api.tokens.deployer, raw: '{}' })
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } })
  })

  it('leaves nothing behind when it breaks off', async () => {
    const uploads = folderUploads({ folder, clock: systemClock, random: systemRandom })
    const other = { ...key, app: 'broken' }
    const archive = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('half')),
      pull: (controller) => controller.error(new Error('the connection broke')),
    })
    const before = readdirSync(folder)
    await expect(uploads.put(other, archive)).rejects.toThrow('the connection broke')
    const [own = ''] = readdirSync(folder).filter((name) => !before.includes(name))
    expect(readdirSync(join(folder, own))).toEqual([])
  })

  it('goes after a day, when the next one comes', async () => {
    const uploads = folderUploads({ folder, clock: systemClock, random: systemRandom })
    const aged = { ...key, app: 'aged' }
    const put = (text: string) => uploads.put(aged, new Blob([text]).stream())
    const before = readdirSync(folder)
    const old = await put('old')
    const [own = ''] = readdirSync(folder).filter((name) => !before.includes(name))
    utimesSync(join(folder, own, old.id), 0, 0)
    const fresh = await put('fresh')
    expect(await uploads.get(aged, old.id)).toBeUndefined()
    expect(Buffer.from((await uploads.get(aged, fresh.id))!).toString()).toBe('fresh')
  })
})
