/** Opens an archive of images, whichever of the two forms it has, packed or not. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { EscaleError } from '../../core/errors.ts'
import type { ContentSource } from '../content.ts'
import { checked } from '../digest.ts'
import type { Descriptor } from '../digest.ts'
import { parseObject, textOf } from '../json.ts'
import { mediaTypes } from '../manifest.ts'
import type { RawManifest } from '../manifest.ts'
import { isGzip, readDockerImages } from './docker.ts'
import { blobOf, readOciImages, readOciManifest } from './oci.ts'
import { indexTar } from './tar.ts'
import type { TarFile, TarIndex } from './tar.ts'
import type { ArchivedImage, ImageArchive } from './types.ts'

export interface OpenArchiveOptions {
  /** Where a packed archive is unpacked to while it is open. */
  readonly scratchFolder: string
  /** How large that may become. */
  readonly maxUnpackedBytes?: number
  readonly signal?: AbortSignal
}

const defaultMaxUnpackedBytes = 64 * 1024 ** 3

export async function openArchive(path: string, options: OpenArchiveOptions): Promise<ImageArchive> {
  const packed = isGzip(await firstBytes(path))
  const plain = packed ? join(options.scratchFolder, `unpacked-${randomUUID()}.tar`) : path
  const close = async (): Promise<void> => (packed ? rm(plain, { force: true }) : undefined)
  try {
    if (packed) await unpack(path, plain, options)
    const tar = await indexTar(plain, options.signal)
    return { ...(await imagesOf(tar, path)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function imagesOf(tar: TarIndex, path: string): Promise<Omit<ImageArchive, 'close'>> {
  const index = await tar.text('index.json')
  // Newer engines write both; only the layout keeps the digests the registry knows.
  if (index !== undefined && tar.find('oci-layout') !== undefined) {
    const images = await readOciImages(tar, index, path)
    return { format: 'oci', images, source: ociSource(tar, path) }
  }
  const list = await tar.text('manifest.json')
  if (list === undefined)
    throw new EscaleError(
      'archive-invalid',
      `${path} has neither "manifest.json" nor an OCI layout, so it is no archive of images; a tar of a root file system is read by \`docker import\``,
    )
  const { images, files } = await readDockerImages(tar, list, path)
  return { format: 'docker', images, source: dockerSource(tar, images, files, path) }
}

const ociSource = (tar: TarIndex, path: string): ContentSource => ({
  name: path,
  async readManifest({ digest }) {
    const file = blobOf(tar, digest, path)
    const fields = parseObject(
      (await tar.text(file.name)) ?? new Uint8Array(),
      'archive-invalid',
      `the manifest ${digest} of ${path}`,
    )
    const mediaType =
      textOf(fields['mediaType']) ?? ('manifests' in fields ? mediaTypes.ociIndex : mediaTypes.ociManifest)
    return readOciManifest(tar, { digest, mediaType }, path)
  },
  readBlob: (blob) => readChecked(tar, blobOf(tar, blob.digest, path), blob, path),
})

const dockerSource = (
  tar: TarIndex,
  images: readonly ArchivedImage[],
  files: ReadonlyMap<string, TarFile>,
  path: string,
): ContentSource => ({
  name: path,
  async readManifest({ digest }): Promise<RawManifest> {
    const found = images.find(({ root }) => root.digest === digest)
    if (found === undefined) throw new EscaleError('archive-invalid', `${path} does not have the manifest ${digest}`)
    return found.root
  },
  readBlob(blob) {
    const file = files.get(blob.digest)
    if (file === undefined) throw new EscaleError('archive-invalid', `${path} does not have the blob ${blob.digest}`)
    return readChecked(tar, file, blob, path)
  },
})

const readChecked = (tar: TarIndex, file: TarFile, blob: Descriptor, path: string): AsyncIterable<Uint8Array> =>
  checked(tar.read(file), blob, `"${file.name}" of ${path}`)

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path)
    try {
      const bytes = new Uint8Array(4)
      await file.read(bytes, 0, 4, 0)
      return bytes
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new EscaleError(
      'file-missing',
      `the archive ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

async function unpack(
  path: string,
  to: string,
  { maxUnpackedBytes = defaultMaxUnpackedBytes, signal }: OpenArchiveOptions,
): Promise<void> {
  let size = 0
  async function* limited(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      size += chunk.byteLength
      if (size > maxUnpackedBytes)
        throw new EscaleError('too-large', `${path} unpacks to more than the ${maxUnpackedBytes} bytes allowed`)
      yield chunk
    }
  }
  try {
    await pipeline(
      createReadStream(path),
      createGunzip(),
      limited,
      createWriteStream(to, { flags: 'wx', mode: 0o600 }),
      signal === undefined ? {} : { signal },
    )
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof EscaleError) throw error
    throw new EscaleError(
      'archive-invalid',
      `${path} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}
