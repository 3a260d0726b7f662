/** Small images made in memory, and a source that serves them. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import type { ContentSource } from '../../lib/registry/content.ts'
import { digestOf } from '../../lib/registry/digest.ts'
import type { Descriptor } from '../../lib/registry/digest.ts'
import { mediaTypes } from '../../lib/registry/manifest.ts'
import type { RawManifest } from '../../lib/registry/manifest.ts'

export interface MadeImage {
  readonly manifest: RawManifest
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** Unpacked layers, in order. */
  readonly plainLayers: readonly Uint8Array[]
}

export async function tarOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Uint8Array> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, Buffer.from(content))
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export interface ImageRecipe {
  readonly arch?: string
  readonly variant?: string
  readonly config?: Readonly<Record<string, unknown>>
  /** Files of each layer. */
  readonly layers?: readonly Readonly<Record<string, string | Uint8Array>>[]
}

export async function makeImage({
  arch = 'amd64',
  variant,
  config = {},
  layers = [{ 'hello.txt': 'hello' }],
}: ImageRecipe = {}): Promise<MadeImage> {
  const plainLayers = await Promise.all(layers.map(tarOf))
  const packed = plainLayers.map((layer) => gzipSync(layer))
  const configBytes = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: arch,
      ...(variant === undefined ? {} : { variant }),
      config,
      rootfs: {
        type: 'layers',
        diff_ids: plainLayers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`),
      },
    }),
  )
  const configDescriptor = describe(configBytes, mediaTypes.ociConfig)
  const layerDescriptors = packed.map((layer) => describe(layer, mediaTypes.ociLayerGzip))
  const manifest = raw(
    { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: layerDescriptors },
    mediaTypes.ociManifest,
  )
  const blobs = new Map([
    [configDescriptor.digest, configBytes as Uint8Array],
    ...packed.map((layer) => [digestOf(layer), layer as Uint8Array] as const),
  ])
  return { manifest, config: configDescriptor, layers: layerDescriptors, blobs, plainLayers }
}

export function makeIndex(
  images: readonly { readonly image: MadeImage; readonly platform: Readonly<Record<string, string>> }[],
): RawManifest {
  const manifests = images.map(({ image, platform }) => ({
    ...describe(image.manifest.bytes, image.manifest.mediaType),
    platform,
  }))
  return raw({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }, mediaTypes.ociIndex)
}

export function raw(value: unknown, mediaType: string): RawManifest {
  const bytes = Buffer.from(JSON.stringify(value))
  return { mediaType, digest: digestOf(bytes), bytes }
}

const describe = (bytes: Uint8Array, mediaType: string): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
})

export function sourceOf(images: readonly MadeImage[], name = 'memory'): ContentSource {
  return {
    name,
    async readManifest({ digest }) {
      const found = images.find(({ manifest }) => manifest.digest === digest)
      if (found === undefined) throw new Error(`no manifest ${digest}`)
      return found.manifest
    },
    async *readBlob({ digest }) {
      const bytes = images.map(({ blobs }) => blobs.get(digest)).find((blob) => blob !== undefined)
      if (bytes === undefined) throw new Error(`no blob ${digest}`)
      yield bytes
    },
  }
}

export async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}
