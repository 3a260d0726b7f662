/** Manifests and indexes of images, in the forms of OCI and of Docker (v2, schema 2; never schema 1: no digests of configs). */
import { EscaleError } from '../core/errors.ts'
import { isDigest } from './digest.ts'
import type { Descriptor } from './digest.ts'
import { isFields, listOf, parseObject, textOf } from './json.ts'
import type { Fields } from './json.ts'
import { choosePlatform, formatPlatform } from './platform.ts'
import type { Platform } from './platform.ts'

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const

/** What is asked for; without it registries answer schema 1, which has another digest. */
export const acceptedManifests: readonly string[] = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerList,
  mediaTypes.dockerManifest,
]

/** Larger ones are refused by registries as well. */
export const maxManifestBytes = 4 * 1024 * 1024

/** A manifest or index exactly as its digest names it. */
export interface RawManifest {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Uint8Array
}

export interface IndexEntry extends Descriptor {
  readonly platform: Platform
}

export interface ImageIndex {
  readonly kind: 'index'
  /** Images by platform; what is none (attestations) is left out. */
  readonly images: readonly IndexEntry[]
  /** Everything it names, in its order. */
  readonly entries: readonly Descriptor[]
}

export interface ImageManifest {
  readonly kind: 'manifest'
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

export type Manifest = ImageIndex | ImageManifest

export const isIndexType = (mediaType: string): boolean =>
  mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList

export const isManifestType = (mediaType: string): boolean => acceptedManifests.includes(mediaType)

/** Layers that their makers forbid to be passed on; they are named, never copied. */
export const isForeignLayer = (mediaType: string): boolean =>
  mediaType.includes('.foreign.') || mediaType.includes('nondistributable')

export function parseManifest(raw: RawManifest, where: string): Manifest {
  const what = `the manifest ${raw.digest} of ${where}`
  const fields = parseObject(raw.bytes, 'registry-refused', what)
  const declared = textOf(fields['mediaType'])
  // One set of bytes that is an index to one reader and a manifest to another would run what nobody has looked at.
  if (declared !== undefined && declared !== raw.mediaType)
    throw new EscaleError('image-unsupported', `${what} calls itself "${declared}" but was sent as "${raw.mediaType}"`)
  if ('manifests' in fields && ('layers' in fields || 'config' in fields))
    throw new EscaleError('image-unsupported', `${what} is both an index and a manifest`)
  if (isIndexType(raw.mediaType)) return parseIndex(fields, what)
  if (isManifestType(raw.mediaType)) return parseImage(fields, what)
  throw new EscaleError(
    'image-unsupported',
    `${what} is of the type "${raw.mediaType}"; push the image again with a current builder`,
  )
}

function parseIndex(fields: Fields, what: string): ImageIndex {
  const list = listOf(fields['manifests'])
  return {
    kind: 'index',
    entries: list.map((entry) => descriptor(entry, what)),
    images: list.flatMap((entry) => {
      const platform = platformOf(entry['platform'])
      return platform === undefined ? [] : [{ ...descriptor(entry, what), platform }]
    }),
  }
}

function parseImage(fields: Fields, what: string): ImageManifest {
  if (!isFields(fields['config']) || !Array.isArray(fields['layers']))
    throw new EscaleError('image-unsupported', `${what} has no config or no layers`)
  return {
    kind: 'manifest',
    config: descriptor(fields['config'], what),
    layers: listOf(fields['layers']).map((layer) => descriptor(layer, what)),
  }
}

function platformOf(value: unknown): Platform | undefined {
  if (!isFields(value)) return undefined
  const os = textOf(value['os'])
  const arch = textOf(value['architecture'])
  const variant = textOf(value['variant'])
  // Attestations stand in an index as images for "unknown".
  if (os === undefined || arch === undefined || os === 'unknown' || arch === 'unknown') return undefined
  return { os, arch, ...(variant === undefined || variant === '' ? {} : { variant }) }
}

export function descriptor(fields: Fields, what: string): Descriptor {
  const mediaType = textOf(fields['mediaType'])
  const digest = textOf(fields['digest'])
  const size = fields['size']
  if (
    mediaType === undefined ||
    digest === undefined ||
    !isDigest(digest) ||
    typeof size !== 'number' ||
    !Number.isSafeInteger(size) ||
    size < 0
  )
    throw new EscaleError('registry-refused', `${what} has an entry without media type, digest or size`)
  return { mediaType, digest, size }
}

/** The image of an index that the platform can run. */
export function chooseImage(index: ImageIndex, wanted: Platform, name: string): IndexEntry {
  const chosen = choosePlatform(index.images, wanted)
  if (chosen !== undefined) return chosen
  const offered = index.images.map(({ platform }) => formatPlatform(platform))
  throw new EscaleError(
    'image-platform',
    `the image "${name}" has nothing for ${formatPlatform(wanted)}; it has ${offered.join(', ') || 'no images at all'}: choose another image or tag, or build it for ${formatPlatform(wanted)} too`,
  )
}
