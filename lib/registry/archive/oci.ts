/** Images of an OCI layout: `index.json` names manifests, everything lies under `blobs/` by its digest. */
import { EscaleError } from '../../core/errors.ts'
import { checkBytes } from '../digest.ts'
import { isFields, listOf, parseObject, textOf } from '../json.ts'
import type { Fields } from '../json.ts'
import { descriptor, isManifestType } from '../manifest.ts'
import type { RawManifest } from '../manifest.ts'
import type { Descriptor } from '../digest.ts'
import type { TarFile, TarIndex } from './tar.ts'
import type { ArchivedImage } from './types.ts'

export const blobPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`

export async function readOciImages(tar: TarIndex, index: Uint8Array, path: string): Promise<readonly ArchivedImage[]> {
  const what = `"index.json" of ${path}`
  const images = new Map<string, { readonly names: string[]; readonly root: RawManifest }>()
  for (const entry of listOf(parseObject(index, 'archive-invalid', what)['manifests'])) {
    const described = descriptor(entry, what)
    // Signatures and attestations may stand beside the images.
    if (!isManifestType(described.mediaType)) continue
    const known = images.get(described.digest) ?? { names: [], root: await readOciManifest(tar, described, path) }
    known.names.push(...nameOf(entry))
    images.set(described.digest, known)
  }
  if (images.size === 0) throw new EscaleError('archive-invalid', `${what} lists no images`)
  return [...images.values()]
}

function nameOf(entry: Fields): readonly string[] {
  const annotations = isFields(entry['annotations']) ? entry['annotations'] : {}
  const name =
    textOf(annotations['io.containerd.image.name']) ?? textOf(annotations['org.opencontainers.image.ref.name'])
  return name === undefined ? [] : [name]
}

export async function readOciManifest(
  tar: TarIndex,
  { digest, mediaType }: Pick<Descriptor, 'digest' | 'mediaType'>,
  path: string,
): Promise<RawManifest> {
  const bytes = await tar.text(blobPath(digest))
  if (bytes === undefined)
    throw new EscaleError('archive-invalid', `${path} names the manifest ${digest} but does not have it; save it again`)
  checkBytes(bytes, digest, `the manifest in ${path}`)
  return { mediaType, digest, bytes }
}

export function blobOf(tar: TarIndex, digest: string, path: string): TarFile {
  const file = tar.find(blobPath(digest))
  if (file === undefined)
    throw new EscaleError('archive-invalid', `${path} does not have the blob ${digest}; save it again`)
  return file
}
