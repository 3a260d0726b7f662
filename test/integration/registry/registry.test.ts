import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageOf, pushFromArchive, saveToArchive } from '../../../lib/registry/archive.ts'
import { openArchive } from '../../../lib/registry/archive/read.ts'
import type { Credential } from '../../../lib/registry/auth.ts'
import { createRegistryClient, repositorySink } from '../../../lib/registry/client.ts'
import type { RegistryClient } from '../../../lib/registry/client.ts'
import { copyContent, copyImage } from '../../../lib/registry/copy.ts'
import { parsePlatform } from '../../../lib/registry/platform.ts'
import type { Platform } from '../../../lib/registry/platform.ts'
import { parseManifest } from '../../../lib/registry/manifest.ts'
import { canonicalName, parseImageReference } from '../../../lib/registry/reference.ts'
import type { ImageReference } from '../../../lib/registry/reference.ts'
import { platformsOf, resolveDigest, resolveImage } from '../../../lib/registry/resolve.ts'
import { nodeTransport } from '../../../lib/registry/transport.ts'
import { systemClock } from '../../../lib/core/system.ts'
import { collect, makeImage, makeIndex, sourceOf, tarOf } from '../../registry/image.ts'
import type { MadeImage } from '../../registry/image.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { registryProgram, startRegistry } from './debian.ts'
import type { RunningRegistry } from './debian.ts'
import { startTokenGate } from './token-gate.ts'

const user = {
  name: 'ada',
  password: 'correct horse',
  bcrypt: '$2b$04$/2JmgR2mPoOpchqxsp4r2.FN9tq.7jEuX9eNZn7Qyjr6SIBbPm8aW',
}
const program = await registryProgram()
const suite = program.ok || process.env['CI'] !== undefined ? describe : describe.skip

suite(program.ok ? 'a Debian docker-registry' : `a Debian docker-registry (${program.reason})`, () => {
  let open: RunningRegistry
  let closed: RunningRegistry
  beforeAll(async () => {
    if (!program.ok) throw new Error(program.reason)
    ;[open, closed] = await Promise.all([startRegistry(program.path), startRegistry(program.path, user)])
  })
  afterAll(async () => {
    await Promise.all([open, closed].map((registry) => registry?.stop()))
  })

  const named = (name: string): ImageReference => reference(`${open.host}/${name}`)

  async function push(name: string, image: MadeImage): Promise<ImageReference> {
    const to = named(name)
    await copyContent(sourceOf([image]), repositorySink(client(), to, to.tag), image.manifest)
    return to
  }

  it('resolves a pushed tag to the digest of its manifest', async () => {
    const image = await makeImage()
    const to = await push('lab/tagged:1', image)
    expect(await resolveDigest(client(), to)).toBe(image.manifest.digest)
  })

  it('reads what an image says of itself', async () => {
    const image = await makeImage({
      config: {
        Entrypoint: ['/bin/app'],
        Cmd: ['serve'],
        User: '1000:1000',
        WorkingDir: '/srv',
        Env: ['PATH=/bin', 'EMPTY=', 'PAIR=a=b'],
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/data': {} },
        StopSignal: 'SIGQUIT',
      },
    })
    const to = await push('lab/configured:1', image)
    expect(await resolveImage(client(), to, amd64)).toEqual({
      digest: image.manifest.digest,
      pinned: `${open.host}/lab/configured@${image.manifest.digest}`,
      platforms: ['linux/amd64'],
      platform: 'linux/amd64',
      config: {
        entrypoint: ['/bin/app'],
        command: ['serve'],
        user: '1000:1000',
        workdir: '/srv',
        env: { PATH: '/bin', EMPTY: '', PAIR: 'a=b' },
        exposedPorts: ['80/tcp'],
        volumes: ['/data'],
        stopSignal: 'SIGQUIT',
        os: 'linux',
        arch: 'amd64',
      },
    })
  })

  it('refuses an image for another platform than the one asked for', async () => {
    const to = await push('lab/other:1', await makeImage({ arch: 'arm64' }))
    await expect(resolveImage(client(), to, amd64)).rejects.toMatchObject({
      code: 'image-platform',
      message: expect.stringContaining('linux/arm64'),
    })
  })

  it('tells a missing tag and a missing repository from anything else', async () => {
    await push('lab/here:1', await makeImage())
    await expect(client().head(named('lab/here:2'))).rejects.toMatchObject({ code: 'image-not-found' })
    await expect(client().manifest(named('lab/nowhere'))).rejects.toMatchObject({ code: 'image-not-found' })
  })

  it('gives back the bytes of a blob', async () => {
    const image = await makeImage()
    const to = await push('lab/bytes:1', image)
    const layer = at(image.layers, 0)
    expect(await collect(client().blob(to, layer))).toEqual(image.blobs.get(layer.digest))
  })

  it('refuses a blob whose size differs from the announced one', async () => {
    const image = await makeImage()
    const to = await push('lab/bytes:1', image)
    const layer = at(image.layers, 0)
    await expect(collect(client().blob(to, { ...layer, size: layer.size + 1 }))).rejects.toMatchObject({
      code: 'digest-mismatch',
    })
  })

  it('does not store a blob whose bytes are wrong', async () => {
    const image = await makeImage()
    const layer = at(image.layers, 0)
    const wrong = { digest: layer.digest, size: 5, content: () => chunks(Buffer.from('wrong')) }
    await expect(client().writeBlob(named('lab/wrong'), wrong)).rejects.toMatchObject({ code: 'digest-mismatch' })
    expect(await client().hasBlob(named('lab/wrong'), layer.digest)).toBe(false)
  })

  it('uploads content of unknown length in chunks', async () => {
    const written = await client().writeStream(
      named('lab/stream'),
      chunks(Buffer.from('abc'), Buffer.from('defgh'), Buffer.from('i')),
      { chunkBytes: 4 },
    )
    expect(written.size).toBe(9)
    expect(Buffer.from(await collect(client().blob(named('lab/stream'), written))).toString()).toBe('abcdefghi')
  })

  it('lists all tags', async () => {
    const image = await makeImage()
    for (let tag = 0; tag < 7; tag += 1) await push(`lab/pages:t${tag}`, image)
    const tags: string[] = []
    for await (const tag of client().tags(named('lab/pages'), { pageSize: 3 })) tags.push(tag)
    expect(tags.sort()).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6'])
  })

  it('copies within a registry without sending a blob', async () => {
    const image = await makeImage({ layers: [{ a: 'mounted' }] })
    const from = await push('lab/mount-from:1', image)
    const result = await copyImage({ from: client(), to: client() }, from, named('lab/mount-to:2'))
    expect(result).toMatchObject({ digest: image.manifest.digest, mounted: 2, uploaded: 0, bytes: 0 })
    expect(await resolveDigest(client(), named('lab/mount-to:2'))).toBe(image.manifest.digest)
  })

  it('copies to another registry with credentials, and a second time sends nothing', async () => {
    const image = await makeImage({ layers: [{ a: '1' }, { b: '2' }] })
    const from = await push('lab/mirror:1', image)
    const clients = { from: client(), to: client({ [closed.host]: login }) }
    const to = reference(`${closed.host}/copies/mirror:1`)
    expect(await copyImage(clients, from, to)).toMatchObject({ uploaded: 3, present: 0 })
    expect(await copyImage(clients, from, { ...to, tag: '2' })).toMatchObject({ uploaded: 0, present: 1, bytes: 0 })
    expect(await resolveDigest(clients.to, { ...to, tag: '2' })).toBe(image.manifest.digest)
  })

  it('copies all platforms of an index, one of them, or some', async () => {
    const images = await Promise.all(['amd64', 'arm64', 's390x'].map((arch) => makeImage({ arch, layers: [{ arch }] })))
    const index = makeIndex(
      images.map((image, position) => ({
        image,
        platform: { os: 'linux', architecture: ['amd64', 'arm64', 's390x'][position] ?? '' },
      })),
    )
    const from = named('lab/multi:1')
    await copyContent(sourceOf(images), repositorySink(client(), from, from.tag), index)
    const clients = { from: client(), to: client() }
    expect((await copyImage(clients, from, named('lab/multi-all:1'))).digest).toBe(index.digest)
    expect((await copyImage(clients, from, named('lab/multi-arm:1'), { platforms: [arm64] })).digest).toBe(
      at(images, 1).manifest.digest,
    )
    const some = await copyImage(clients, from, named('lab/multi-some:1'), { platforms: [amd64, arm64] })
    const written = parseManifest(await client().manifest({ ...named('lab/multi-some'), digest: some.digest }), 'copy')
    expect(written).toMatchObject({
      kind: 'index',
      images: [{ platform: { arch: 'amd64' } }, { platform: { arch: 'arm64' } }],
    })
    expect((await resolveImage(client(), from, arm64)).platform).toBe('linux/arm64')
    expect(await platformsOf(client(), from)).toEqual(['linux/amd64', 'linux/arm64', 'linux/s390x'])
  })

  it('asks for credentials, and refuses wrong ones', async () => {
    const private_ = reference(`${closed.host}/private/app:1`)
    await expect(client().head(private_)).rejects.toMatchObject({
      code: 'registry-unauthorized',
      message: expect.stringContaining('without credentials'),
    })
    const wrong = client({ [closed.host]: { kind: 'password', username: user.name, password: 'no' } })
    await expect(wrong.head(private_)).rejects.toMatchObject({
      code: 'registry-unauthorized',
      message: expect.stringContaining('refuses the credentials'),
    })
    await expect(client({ [closed.host]: login }).head(private_)).rejects.toMatchObject({ code: 'image-not-found' })
  })

  it('gets tokens for what it does, and keeps them', async () => {
    const gate = await startTokenGate(open.host, { user, open: ['lab/public'] })
    try {
      const image = await makeImage({ layers: [{ t: 'token' }] })
      const to = reference(`${gate.host}/lab/public:1`)
      const writer = client({ [gate.host]: login })
      await copyContent(sourceOf([image]), repositorySink(writer, to, to.tag), image.manifest)
      expect(gate.granted).toEqual([['repository:lab/public:pull,push']])
      const visitor = client()
      expect((await resolveImage(visitor, to, amd64)).digest).toBe(image.manifest.digest)
      expect(gate.granted.slice(1)).toEqual([['repository:lab/public:pull']])
      await copyImage({ from: writer, to: writer }, to, reference(`${gate.host}/lab/second:1`))
      expect(gate.granted.slice(2)).toEqual([
        ['repository:lab/public:pull'],
        ['repository:lab/second:pull,push'],
        ['repository:lab/public:pull', 'repository:lab/second:pull,push'],
      ])
    } finally {
      await gate.stop()
    }
  })

  it('may not push as a visitor, nor read what is private', async () => {
    const gate = await startTokenGate(open.host, { user, open: ['lab/public'] })
    try {
      const image = await makeImage()
      const to = reference(`${gate.host}/lab/public:2`)
      await expect(
        copyContent(sourceOf([image]), repositorySink(client(), to, to.tag), image.manifest),
      ).rejects.toMatchObject({ code: 'registry-unauthorized' })
      await expect(client().head(reference(`${gate.host}/lab/secret:1`))).rejects.toMatchObject({
        code: 'registry-unauthorized',
      })
      const wrong = client({ [gate.host]: { kind: 'password', username: user.name, password: 'no' } })
      await expect(wrong.head(to)).rejects.toMatchObject({
        code: 'registry-unauthorized',
        message: expect.stringContaining('incorrect username or password'),
      })
    } finally {
      await gate.stop()
    }
  })

  it('saves an image to an archive and pushes it back under its digest', async () => {
    const image = await makeImage({ layers: [{ a: 'x'.repeat(200_000) }, { b: 'two' }] })
    const from = await push('lab/saved:1', image)
    const path = join(temporaryFolder(), 'image.tar')
    expect(await saveToArchive(client(), [from], createWriteStream(path))).toEqual([image.manifest.digest])
    const archive = await openArchive(path, { scratchFolder: temporaryFolder() })
    expect(archive.images.map(({ names }) => names)).toEqual([[canonicalName(from)]])
    const result = await pushFromArchive(client(), archive, imageOf(archive, from), named('lab/loaded:1'))
    await archive.close()
    expect(result).toMatchObject({ digest: image.manifest.digest, uploaded: 3 })
  })

  it('pushes an archive of `docker save`, packing its layers', async () => {
    const image = await makeImage({ layers: [{ a: 'y'.repeat(100_000) }] })
    const path = join(temporaryFolder(), 'docker.tar')
    const layer = at(image.plainLayers, 0)
    const config = image.blobs.get(image.config.digest) ?? new Uint8Array()
    const list = [{ Config: 'c.json', RepoTags: ['acme/web:v1'], Layers: ['l1/layer.tar'] }]
    await writeFile(
      path,
      await tarOf({ 'c.json': config, 'l1/layer.tar': layer, 'manifest.json': JSON.stringify(list) }),
    )
    const archive = await openArchive(path, { scratchFolder: temporaryFolder() })
    const result = await pushFromArchive(
      client(),
      archive,
      imageOf(archive, reference('acme/web:v1')),
      named('lab/from-docker:1'),
    )
    expect(result.bytes).toBeLessThan(layer.byteLength)
    expect((await resolveImage(client(), named('lab/from-docker:1'), amd64)).digest).toBe(result.digest)
    const plain = await pushFromArchive(client(), archive, imageOf(archive), named('lab/from-docker:2'), {
      compress: false,
    })
    expect(plain.bytes).toBe(layer.byteLength)
  })

  it('gives up when told to, with the reason it was told', async () => {
    const stop = new Error('no longer wanted')
    await expect(client().head(named('lab/tagged:1'), { signal: AbortSignal.abort(stop) })).rejects.toBe(stop)
  })
})

const login: Credential = { kind: 'password', username: user.name, password: user.password }
const amd64 = platform('linux/amd64')
const arm64 = platform('linux/arm64')

function client(known: Readonly<Record<string, Credential>> = {}): RegistryClient {
  return createRegistryClient({
    transport: nodeTransport(),
    clock: systemClock,
    credentials: async (host) => known[host],
  })
}

function reference(text: string): ImageReference {
  const result = parseImageReference(text)
  if (!result.ok) throw new Error(text)
  return result.value
}

function platform(text: string): Platform {
  const parsed = parsePlatform(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

async function* chunks(...all: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* all
}

function at<T>(list: readonly T[], position: number): T {
  const found = list[position]
  if (found === undefined) throw new Error(`nothing at ${position}`)
  return found
}
