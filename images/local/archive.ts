/**
 * An image archive as `docker load` takes it, made without an engine. The same tree gives the same bytes and so the
 * same image id on every engine, which nodes without a common registry need (D15).
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import type { Pack } from 'tar-stream'
import { sha256Hex } from '../../lib/core/hash.ts'
import { bytesOf } from './rootfs.ts'
import type { Entry } from './rootfs.ts'

/** The part of an image's configuration that our images set. */
export interface ImageConfig {
  readonly Env?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly StopSignal?: string
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>>
  readonly Labels?: Readonly<Record<string, string>>
}

export interface ArchiveRequest {
  readonly file: string
  readonly reference: string
  readonly architecture: 'amd64' | 'arm64'
  readonly entries: readonly Entry[]
  readonly config: ImageConfig
}

const epoch = new Date(0)

export async function writeArchive(request: ArchiveRequest): Promise<void> {
  const layerFile = `${request.file}.layer-${process.pid}`
  const partFile = `${request.file}.part-${process.pid}`
  try {
    const layerDigest = await writeLayer(layerFile, request.entries)
    const { size } = await stat(layerFile)
    const config = Buffer.from(
      JSON.stringify({
        architecture: request.architecture,
        os: 'linux',
        created: epoch.toISOString(),
        config: request.config,
        rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
        history: [{ created: epoch.toISOString(), created_by: 'escale images/local' }],
      }),
    )
    const configName = `${sha256Hex(config)}.json`
    const layerName = `${layerDigest}/layer.tar`
    const manifest = Buffer.from(
      JSON.stringify([{ Config: configName, RepoTags: [request.reference], Layers: [layerName] }]),
    )
    const tar = pack()
    const written = pipeline(tar, createWriteStream(partFile))
    const filled = (async () => {
      await addBytes(tar, configName, config)
      await addFolder(tar, layerDigest)
      await addStream(tar, layerName, createReadStream(layerFile), size)
      await addBytes(tar, 'manifest.json', manifest)
      tar.finalize()
    })()
    await Promise.all([written, filled])
    await rename(partFile, request.file)
  } finally {
    await rm(layerFile, { force: true })
    await rm(partFile, { force: true })
  }
}

/** Answers the digest of the tar. */
async function writeLayer(file: string, entries: readonly Entry[]): Promise<string> {
  const tar = pack()
  const digest = createHash('sha256')
  tar.on('data', (chunk) => void digest.update(chunk as Buffer))
  const written = pipeline(tar, createWriteStream(file))
  const filled = (async () => {
    for (const entry of entries) await addEntry(tar, entry)
    tar.finalize()
  })()
  await Promise.all([written, filled])
  return digest.digest('hex')
}

async function addEntry(tar: Pack, entry: Entry): Promise<void> {
  const { path, mode, uid, gid, source } = entry
  const header = { name: path, mode, uid, gid, mtime: epoch }
  if (source.kind === 'folder')
    await settle((done) => tar.entry({ ...header, name: `${path}/`, type: 'directory' }, done))
  else if (source.kind === 'link')
    await settle((done) => tar.entry({ ...header, type: 'symlink', linkname: source.to }, done))
  else {
    const bytes = (await bytesOf(entry)) ?? Buffer.alloc(0)
    await settle((done) => tar.entry({ ...header, type: 'file' }, bytes, done))
  }
}

const addBytes = (tar: Pack, name: string, bytes: Buffer): Promise<void> =>
  settle((done) => tar.entry({ name, mode: 0o644, mtime: epoch }, bytes, done))

const addFolder = (tar: Pack, name: string): Promise<void> =>
  settle((done) => tar.entry({ name: `${name}/`, type: 'directory', mode: 0o755, mtime: epoch }, done))

async function addStream(tar: Pack, name: string, source: Readable, size: number): Promise<void> {
  const closed = Promise.withResolvers<void>()
  const sink = tar.entry({ name, mode: 0o644, mtime: epoch, size }, (error) =>
    error ? closed.reject(error) : closed.resolve(),
  )
  await Promise.all([pipeline(source, sink), closed.promise])
}

function settle(start: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()))
  })
}
