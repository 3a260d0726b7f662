/** Writes archives that both `docker load` and readers of OCI layouts take. */
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import type { Pack } from 'tar-stream'
import { EscaleError } from '../../core/errors.ts'
import type { ContentSink, ContentSource } from '../content.ts'
import { copyContent } from '../copy.ts'
import { parseManifest } from '../manifest.ts'
import type { RawManifest } from '../manifest.ts'
import { canonicalName, familiarName } from '../reference.ts'
import type { ImageReference } from '../reference.ts'
import { blobPath } from './oci.ts'

export interface ImageToSave {
  readonly source: ContentSource
  readonly root: RawManifest
  /** Names it gets when it is loaded; those with a tag count. */
  readonly names: readonly ImageReference[]
}

/**
 * `docker`: an OCI layout with the `manifest.json` that engines of any age load; images of one platform only.
 * `oci`: the layout alone, which may hold several platforms of an image.
 */
export type ArchiveFormat = 'docker' | 'oci'

/** Streams the archive into `to`, which is ended. The same images give the same bytes. */
export async function writeArchive(
  images: readonly ImageToSave[],
  format: ArchiveFormat,
  to: Writable,
  signal?: AbortSignal,
): Promise<void> {
  const tar = pack()
  const written = new Set<string>()
  const sent = pipeline(tar, to, signal === undefined ? {} : { signal })
  // Where the destination fails, waiting for room in it would never end.
  const filling = fill(tar, images, format, written).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  const [fillResult, sentResult] = await Promise.allSettled([Promise.race([filling, sent.then(() => filling)]), sent])
  if (fillResult.status === 'rejected') throw fillResult.reason
  if (sentResult.status === 'rejected') throw sentResult.reason
}

async function fill(
  tar: Pack,
  images: readonly ImageToSave[],
  format: ArchiveFormat,
  written: Set<string>,
): Promise<void> {
  await addText(tar, 'oci-layout', { imageLayoutVersion: '1.0.0' })
  const list: unknown[] = []
  for (const { source, root, names } of images) {
    const manifest = parseManifest(root, source.name)
    if (format === 'docker') {
      if (manifest.kind === 'index')
        throw new EscaleError(
          'image-platform',
          `${source.name} has several platforms, of which an archive for \`docker load\` holds one; choose a platform, or write an OCI archive`,
        )
      list.push({
        Config: blobPath(manifest.config.digest),
        RepoTags: names.filter(({ tag }) => tag !== undefined).map((name) => taggedName(name)),
        Layers: manifest.layers.map(({ digest }) => blobPath(digest)),
      })
    }
    await copyContent(source, tarSink(tar, written), root)
  }
  await addText(tar, 'index.json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: images.flatMap(entriesOf),
  })
  if (format === 'docker') await addText(tar, 'manifest.json', list)
  tar.finalize()
}

/** Engines want the tag even where it is `latest`. */
function taggedName({ registry, repository, tag }: ImageReference): string {
  const name = familiarName({ registry, repository })
  return tag === undefined ? name : `${name}:${tag}`
}

function entriesOf({ root, names }: ImageToSave): readonly unknown[] {
  const entry = { mediaType: root.mediaType, digest: root.digest, size: root.bytes.byteLength }
  if (names.length === 0) return [entry]
  return names.map((name) => ({
    ...entry,
    annotations: {
      'io.containerd.image.name': canonicalName(
        name.tag === undefined ? name : { registry: name.registry, repository: name.repository, tag: name.tag },
      ),
      ...(name.tag === undefined ? {} : { 'org.opencontainers.image.ref.name': name.tag }),
    },
  }))
}

const tarSink = (tar: Pack, written: Set<string>): ContentSink => ({
  // A tar is one stream.
  atOnce: 1,
  hasManifest: async (digest) => written.has(digest),
  async writeBlob(blob, source) {
    if (written.has(blob.digest)) return 'present'
    written.add(blob.digest)
    await addContent(tar, blobPath(blob.digest), blob.size, source.readBlob(blob))
    return 'uploaded'
  },
  async writeManifest({ digest, bytes }) {
    if (written.has(digest)) return
    written.add(digest)
    await addContent(tar, blobPath(digest), bytes.byteLength, [bytes])
  },
})

const addText = (tar: Pack, name: string, value: unknown): Promise<void> => {
  const bytes = Buffer.from(JSON.stringify(value))
  return addContent(tar, name, bytes.byteLength, [bytes])
}

const epoch = new Date(0)

const addContent = (
  tar: Pack,
  name: string,
  size: number,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> =>
  pipeline(
    Readable.from(content, { objectMode: false }),
    tar.entry({ name, size, mode: 0o644, mtime: epoch, type: 'file' }),
  )
