/** Between archives and registries: push what an archive holds, save what a registry has. */
import type { Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { pipeline } from 'node:stream'
import { imageManifest } from './archive/docker.ts'
import type { ArchivedImage, ImageArchive } from './archive/types.ts'
import { writeArchive } from './archive/write.ts'
import type { ArchiveFormat } from './archive/write.ts'
import { repositorySink, repositorySource } from './client.ts'
import type { RegistryClient } from './client.ts'
import { chooseRoot, copyContent } from './copy.ts'
import type { CopyOptions, CopyResult } from './copy.ts'
import type { Descriptor } from './digest.ts'
import { EscaleError } from '../core/errors.ts'
import { mediaTypes, parseManifest } from './manifest.ts'
import { familiarName, parseImageReference } from './reference.ts'
import type { ImageReference } from './reference.ts'
import type { CallOptions } from './request.ts'

export interface PushOptions extends CallOptions, CopyOptions {
  /** Whether unpacked layers are packed on their way; `docker save` writes them unpacked. */
  readonly compress?: boolean
}

/** The image of an archive that bears `name`; without a name the only one. */
export function imageOf(archive: ImageArchive, name?: ImageReference): ArchivedImage {
  const names = archive.images.flatMap((image) => image.names)
  const listed = names.length === 0 ? 'images without names' : names.join(', ')
  if (name === undefined) {
    const [only, ...others] = archive.images
    if (only !== undefined && others.length === 0) return only
    throw new EscaleError(
      'conflict',
      `${archive.source.name} holds ${archive.images.length} images (${listed}); say which one`,
    )
  }
  const wanted = familiarName(name)
  const found = archive.images.find((image) => image.names.some((own) => own === wanted || sameName(own, wanted)))
  if (found !== undefined) return found
  throw new EscaleError('image-not-found', `${archive.source.name} does not hold "${wanted}"; it holds ${listed}`)
}

function sameName(text: string, familiar: string): boolean {
  const parsed = parseImageReference(text)
  return parsed.ok && familiarName(parsed.value) === familiar
}

/** Pushes an image of an archive under the repository and tag of `to`. */
export async function pushFromArchive(
  client: RegistryClient,
  archive: ImageArchive,
  image: ArchivedImage,
  to: ImageReference,
  { compress = true, platforms, ...options }: PushOptions = {},
): Promise<CopyResult> {
  const sink = repositorySink(client, to, to.tag, options)
  const root = await chooseRoot(archive.source, image.root, archive.source.name, platforms)
  const manifest = parseManifest(root, archive.source.name)
  const plain =
    manifest.kind === 'manifest' && manifest.layers.some(({ mediaType }) => mediaType === mediaTypes.ociLayer)
  // Only a `docker save` archive has no manifest of its own whose digest would have to stay.
  if (!compress || archive.format === 'oci' || !plain) return copyContent(archive.source, sink, root)
  const layers: Descriptor[] = []
  const packed = { uploaded: 0, bytes: 0 }
  for (const layer of manifest.layers) {
    if (layer.mediaType !== mediaTypes.ociLayer) {
      layers.push(layer)
      continue
    }
    const written = await client.writeStream(to, gzipped(archive.source.readBlob(layer)), options)
    packed.uploaded += 1
    packed.bytes += written.size
    layers.push({ mediaType: mediaTypes.ociLayerGzip, ...written })
  }
  const result = await copyContent(archive.source, sink, imageManifest(manifest.config, layers))
  return {
    ...result,
    present: result.present - packed.uploaded,
    uploaded: result.uploaded + packed.uploaded,
    bytes: result.bytes + packed.bytes,
  }
}

/** Failures of the content come out at the end of the packed stream. */
const gzipped = (content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  pipeline(content, createGzip(), () => undefined)

export interface SaveOptions extends CallOptions, CopyOptions {
  readonly format?: ArchiveFormat
}

/** Pulls images into one archive. With the format `docker` each has to come down to one platform. */
export async function saveToArchive(
  client: RegistryClient,
  references: readonly ImageReference[],
  to: Writable,
  { format = 'docker', platforms, ...options }: SaveOptions = {},
): Promise<readonly string[]> {
  const images = []
  for (const reference of references) {
    const source = repositorySource(client, reference, options)
    const root = await chooseRoot(source, await client.manifest(reference, options), familiarName(reference), platforms)
    images.push({ source, root, names: [reference] })
  }
  await writeArchive(images, format, to, options.signal)
  return images.map(({ root }) => root.digest)
}
