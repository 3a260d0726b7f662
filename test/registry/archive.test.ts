import { createWriteStream, readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { imageOf } from '../../lib/registry/archive.ts'
import { openArchive } from '../../lib/registry/archive/read.ts'
import { writeArchive } from '../../lib/registry/archive/write.ts'
import { temporaryFolder } from '../support/folder.ts'
import { collect, makeImage, makeIndex, sourceOf, tarOf } from './image.ts'
import type { MadeImage } from './image.ts'

const name = { registry: 'docker.io', repository: 'acme/web', tag: 'v1' }
const scratch = () => ({ scratchFolder: temporaryFolder() })

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(temporaryFolder(), 'archive.tar')
  await writeFile(path, bytes)
  return path
}

const configOf = (image: MadeImage): Uint8Array => image.blobs.get(image.config.digest) ?? new Uint8Array()
const layerOf = (image: MadeImage): Uint8Array => image.plainLayers[0] ?? new Uint8Array()

async function dockerArchive(
  image: MadeImage,
  changes: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Uint8Array> {
  const list = [{ Config: 'config.json', RepoTags: ['acme/web:v1'], Layers: ['one/layer.tar'] }]
  return tarOf({
    'config.json': configOf(image),
    'one/layer.tar': layerOf(image),
    'manifest.json': JSON.stringify(list),
    ...changes,
  })
}

async function saved(image: MadeImage, format: 'docker' | 'oci' = 'docker'): Promise<string> {
  const path = join(temporaryFolder(), 'saved.tar')
  await writeArchive(
    [{ source: sourceOf([image]), root: image.manifest, names: [name] }],
    format,
    createWriteStream(path),
  )
  return path
}

describe('an archive of `docker save`', () => {
  it('gives its images, names and layers', async () => {
    const image = await makeImage()
    const archive = await openArchive(await file(await dockerArchive(image)), scratch())
    expect(archive).toMatchObject({
      format: 'docker',
      images: [{ names: ['acme/web:v1'], platform: { os: 'linux', arch: 'amd64' } }],
    })
    const root = JSON.parse(Buffer.from(archive.images[0]?.root.bytes ?? []).toString())
    expect(Buffer.compare(await collect(archive.source.readBlob(root.layers[0])), layerOf(image))).toBe(0)
  })

  it('is read packed as well, and leaves nothing behind', async () => {
    const folder = temporaryFolder()
    const archive = await openArchive(await file(gzipSync(await dockerArchive(await makeImage()))), {
      scratchFolder: folder,
    })
    expect(archive.images).toHaveLength(1)
    await archive.close()
    expect(readdirSync(folder)).toEqual([])
  })

  it('is not unpacked beyond the limit', async () => {
    const path = await file(gzipSync(Buffer.alloc(1_000_000)))
    const folder = temporaryFolder()
    await expect(openArchive(path, { scratchFolder: folder, maxUnpackedBytes: 10_000 })).rejects.toMatchObject({
      code: 'too-large',
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it('may share layers by links within it', async () => {
    const image = await makeImage()
    const tar = pack()
    tar.entry({ name: 'config.json' }, Buffer.from(configOf(image)))
    tar.entry({ name: 'base/layer.tar' }, Buffer.from(layerOf(image)))
    tar.entry({ name: 'one/layer.tar', type: 'symlink', linkname: '../base/layer.tar' })
    tar.entry(
      { name: 'manifest.json' },
      JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: ['one/layer.tar'] }]),
    )
    tar.finalize()
    const archive = await openArchive(await file(await collect(tar as AsyncIterable<Uint8Array>)), scratch())
    expect(archive.images[0]?.names).toEqual([])
  })

  it('is refused where a layer is not the one of the configuration', async () => {
    const path = await file(await dockerArchive(await makeImage(), { 'one/layer.tar': 'other' }))
    await expect(openArchive(path, scratch())).rejects.toMatchObject({ code: 'digest-mismatch' })
  })
})

describe('an archive that is none', () => {
  it.each([
    ['empty', Buffer.alloc(0), 'archive-invalid'],
    ['noise', Buffer.from('x'.repeat(2000)), 'archive-invalid'],
    ['packed noise', Buffer.from([0x1f, 0x8b, 1, 2, 3]), 'archive-invalid'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(openArchive(await file(bytes), scratch())).rejects.toMatchObject({ code })
  })

  it('cut off is refused', async () => {
    const bytes = await dockerArchive(await makeImage())
    await expect(openArchive(await file(bytes.subarray(0, 1300)), scratch())).rejects.toMatchObject({
      code: 'archive-invalid',
    })
  })

  it('of a root file system is refused with a hint', async () => {
    await expect(openArchive(await file(await tarOf({ 'bin/sh': 'x' })), scratch())).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining('docker import'),
    })
  })

  it('that does not exist is reported', async () => {
    await expect(openArchive('/nowhere/image.tar', scratch())).rejects.toMatchObject({ code: 'file-missing' })
  })

  it.each([
    ['../evil', 'file', ''],
    ['/etc/passwd', 'file', ''],
    ['a/../../evil', 'file', ''],
    ['link', 'symlink', '../../etc/passwd'],
    ['link', 'symlink', '/etc/passwd'],
    ['link', 'link', '../x'],
    ['device', 'character-device', ''],
  ] as const)('with the entry %s (%s to "%s") is refused', async (entry, type, linkname) => {
    const tar = pack()
    if (type === 'file') tar.entry({ name: entry }, 'x')
    else tar.entry({ name: entry, type, linkname })
    tar.finalize()
    await expect(
      openArchive(await file(await collect(tar as AsyncIterable<Uint8Array>)), scratch()),
    ).rejects.toMatchObject({ code: 'archive-unsafe' })
  })

  it('whose list names a file outside is refused', async () => {
    const list = JSON.stringify([{ Config: '../../etc/passwd', Layers: [] }])
    await expect(openArchive(await file(await tarOf({ 'manifest.json': list })), scratch())).rejects.toMatchObject({
      code: 'archive-unsafe',
    })
  })
})

describe('an archive that is written', () => {
  it('holds the image under its digest', async () => {
    const image = await makeImage({ layers: [{ a: 'x'.repeat(100_000) }, { b: '2' }] })
    const archive = await openArchive(await saved(image), scratch())
    expect(archive).toMatchObject({
      format: 'oci',
      images: [{ names: ['docker.io/acme/web:v1'], root: { digest: image.manifest.digest } }],
    })
    for (const layer of image.layers)
      expect(
        Buffer.compare(await collect(archive.source.readBlob(layer)), image.blobs.get(layer.digest) ?? Buffer.alloc(0)),
      ).toBe(0)
  })

  it('is the same each time', async () => {
    const image = await makeImage()
    expect(Buffer.compare(await readFile(await saved(image)), await readFile(await saved(image)))).toBe(0)
  })

  it('holds several platforms only as an OCI layout', async () => {
    const images = await Promise.all(['amd64', 'arm64'].map((arch) => makeImage({ arch })))
    const index = makeIndex(
      images.map((image, at) => ({ image, platform: { os: 'linux', architecture: at === 0 ? 'amd64' : 'arm64' } })),
    )
    const save = { source: sourceOf(images), root: index, names: [name] }
    const path = join(temporaryFolder(), 'multi.tar')
    await writeArchive([save], 'oci', createWriteStream(path))
    expect((await openArchive(path, scratch())).images[0]?.root.digest).toBe(index.digest)
    await expect(writeArchive([save], 'docker', createWriteStream(path))).rejects.toMatchObject({
      code: 'image-platform',
    })
  })

  it('has a layer that two images share once', async () => {
    const [one, two] = await Promise.all([makeImage({ config: { User: '1' } }), makeImage({ config: { User: '2' } })])
    const path = join(temporaryFolder(), 'two.tar')
    const names = ['v1', 'v2'].map((tag) => [{ ...name, tag }])
    await writeArchive(
      [one, two].map((image, at) => ({ source: sourceOf([image]), root: image.manifest, names: names[at] ?? [] })),
      'docker',
      createWriteStream(path),
    )
    const archive = await openArchive(path, scratch())
    expect(imageOf(archive, { ...name, tag: 'v2' }).root.digest).toBe(two.manifest.digest)
    expect(() => imageOf(archive)).toThrow(expect.objectContaining({ code: 'conflict' }))
    expect(() => imageOf(archive, { ...name, tag: 'v3' })).toThrow(expect.objectContaining({ code: 'image-not-found' }))
  })

  it('fails where its source or its destination does', async () => {
    const image = await makeImage({ layers: [{ a: 'x'.repeat(500_000) }] })
    const broken = { ...sourceOf([image]), readBlob: () => failing() }
    const path = join(temporaryFolder(), 'broken.tar')
    await expect(
      writeArchive([{ source: broken, root: image.manifest, names: [] }], 'docker', createWriteStream(path)),
    ).rejects.toThrow('source gone')
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) })
    await expect(
      writeArchive([{ source: sourceOf([image]), root: image.manifest, names: [] }], 'docker', full),
    ).rejects.toThrow()
  })
})

async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from('x')
  throw new Error('source gone')
}
