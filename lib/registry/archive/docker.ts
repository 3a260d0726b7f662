/** Images of a `docker save` archive: `manifest.json` names configurations, tags and unpacked layers. */
import { EscaleError } from '../../core/errors.ts'
import { parseConfig } from '../config.ts'
import { digestOf } from '../digest.ts'
import type { Descriptor } from '../digest.ts'
import { isFields, parseJson, textOf, textsOf } from '../json.ts'
import { mediaTypes } from '../manifest.ts'
import type { RawManifest } from '../manifest.ts'
import type { ArchivedImage } from './types.ts'
import { safeName } from './tar.ts'
import type { TarFile, TarIndex } from './tar.ts'

export interface DockerImages {
  readonly images: readonly ArchivedImage[]
  /** By digest, what the images name. */
  readonly files: ReadonlyMap<string, TarFile>
}

export async function readDockerImages(tar: TarIndex, list: Uint8Array, path: string): Promise<DockerImages> {
  const entries = parseJson(list, 'archive-invalid', `"manifest.json" of ${path}`)
  if (!Array.isArray(entries) || entries.length === 0 || !entries.every(isFields))
    throw new EscaleError('archive-invalid', `"manifest.json" of ${path} lists no images`)
  const files = new Map<string, TarFile>()
  const images: ArchivedImage[] = []
  for (const entry of entries) {
    const config = await fileOf(tar, textOf(entry['Config']), path)
    const layers = await Promise.all(textsOf(entry['Layers']).map((layer) => fileOf(tar, layer, path)))
    const { diffIds, platform } = parseConfig((await tar.text(config.name)) ?? new Uint8Array(), `an image of ${path}`)
    if (diffIds.length !== layers.length)
      throw new EscaleError(
        'archive-invalid',
        `${path} has ${layers.length} layers where the configuration "${config.name}" names ${diffIds.length}`,
      )
    layers.forEach((layer, at) => checkLayer(layer, diffIds[at], path))
    for (const file of [config, ...layers]) files.set(file.digest, file)
    const manifest = manifestFor(config, layers)
    images.push({ names: textsOf(entry['RepoTags']), root: manifest, ...(platform === undefined ? {} : { platform }) })
  }
  return { images, files }
}

async function fileOf(tar: TarIndex, name: string | undefined, path: string): Promise<TarFile> {
  const file = name === undefined ? undefined : tar.find(safeName(name, path))
  if (file === undefined)
    throw new EscaleError(
      'archive-invalid',
      `${path} names "${name ?? ''}" in "manifest.json" but does not have it; save it again`,
    )
  return file
}

/** The configuration's own hash of an unpacked layer has to hold; of a packed one the engine checks it. */
function checkLayer(layer: TarFile, diffId: string | undefined, path: string): void {
  if (isGzip(layer.head) || layer.digest === diffId) return
  throw new EscaleError(
    'digest-mismatch',
    `the layer "${layer.name}" of ${path} is ${layer.digest}, but its configuration says ${diffId}; save the image again`,
  )
}

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b

/** The archive has no manifest of its own; this one is the same for the same image. */
function manifestFor(config: TarFile, layers: readonly TarFile[]): RawManifest {
  const layerOf = (layer: TarFile): Descriptor => ({
    mediaType: isGzip(layer.head) ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer,
    digest: layer.digest,
    size: layer.size,
  })
  return imageManifest(
    { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.size },
    layers.map(layerOf),
  )
}

export function imageManifest(config: Descriptor, layers: readonly Descriptor[]): RawManifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }))
  return { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), bytes }
}
