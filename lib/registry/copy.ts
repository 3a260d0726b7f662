/** Copies images between registries and archives: streaming, and only what is not there yet. */
import { eachOf, readAll } from './bytes.ts'
import type { RegistryClient } from './client.ts'
import { repositorySink, repositorySource } from './client.ts'
import { maxConfigBytes, parseConfig } from './config.ts'
import type { ContentSink, ContentSource } from './content.ts'
import { digestOf } from './digest.ts'
import type { Descriptor } from './digest.ts'
import { EscaleError } from '../core/errors.ts'
import { isFields, listOf, parseObject } from './json.ts'
import { chooseImage, isForeignLayer, parseManifest } from './manifest.ts'
import type { ImageIndex, ImageManifest, RawManifest } from './manifest.ts'
import { choosePlatform, formatPlatform } from './platform.ts'
import type { Platform } from './platform.ts'
import { familiarName } from './reference.ts'
import type { ImageReference } from './reference.ts'
import type { CallOptions } from './request.ts'

export interface CopyOptions {
  /** Absent: everything the image has. One: that image alone. Several: an index of those. */
  readonly platforms?: readonly Platform[]
}

export interface CopyResult {
  /** Of what was written; the source's own unless platforms were left out. */
  readonly digest: string
  readonly uploaded: number
  readonly mounted: number
  /** Already there. */
  readonly present: number
  /** Sent over the line. */
  readonly bytes: number
}

/** Copies what `from` names to the repository and tag of `to` (its digest, where it has one, has to come out). */
export async function copyImage(
  clients: { readonly from: RegistryClient; readonly to: RegistryClient },
  from: ImageReference,
  to: ImageReference,
  { platforms, ...options }: CopyOptions & CallOptions = {},
): Promise<CopyResult> {
  const root = await clients.from.manifest(from, options)
  const source = repositorySource(clients.from, from, options)
  const sink = repositorySink(clients.to, to, to.tag, options)
  const chosen = await chooseRoot(source, root, familiarName(from), platforms)
  if (to.digest !== undefined && to.digest !== chosen.digest)
    throw new EscaleError(
      'digest-mismatch',
      `the copy of "${familiarName(from)}" is ${chosen.digest}, not ${to.digest}; leave the digest out of the destination`,
    )
  return copyContent(source, sink, chosen)
}

/** What is to be written at the top: the root itself, one of its images, or an index of some of them. */
export async function chooseRoot(
  source: ContentSource,
  root: RawManifest,
  name: string,
  platforms: readonly Platform[] | undefined,
): Promise<RawManifest> {
  if (platforms === undefined || platforms.length === 0) return root
  const manifest = parseManifest(root, `"${name}"`)
  if (manifest.kind === 'manifest') {
    await checkPlatform(source, manifest, name, platforms)
    return root
  }
  const chosen = platforms.map((platform) => chooseImage(manifest, platform, name))
  const [only, ...others] = chosen
  if (only !== undefined && others.length === 0) return source.readManifest(only)
  return filteredIndex(root, new Set(chosen.map(({ digest }) => digest)))
}

async function checkPlatform(
  source: ContentSource,
  { config }: ImageManifest,
  name: string,
  wanted: readonly Platform[],
): Promise<void> {
  const { platform } = parseConfig(
    await readAll(source.readBlob(config), maxConfigBytes, `the configuration of "${name}"`),
    `"${name}"`,
  )
  const missing =
    platform === undefined ? undefined : wanted.find((one) => choosePlatform([{ platform }], one) === undefined)
  if (missing === undefined || platform === undefined) return
  throw new EscaleError(
    'image-platform',
    `the image "${name}" is for ${formatPlatform(platform)} alone, not for ${formatPlatform(missing)}`,
  )
}

function filteredIndex(root: RawManifest, keep: ReadonlySet<string>): RawManifest {
  const fields = parseObject(root.bytes, 'registry-refused', `the index ${root.digest}`)
  const manifests = listOf(fields['manifests']).filter((entry) => isFields(entry) && keep.has(String(entry['digest'])))
  const bytes = Buffer.from(JSON.stringify({ ...fields, manifests }))
  return { mediaType: root.mediaType, digest: digestOf(bytes), bytes }
}

export async function copyContent(source: ContentSource, sink: ContentSink, root: RawManifest): Promise<CopyResult> {
  const counts = { uploaded: 0, mounted: 0, present: 0, bytes: 0 }
  const done = new Set<string>()

  async function copyBlobs(blobs: readonly Descriptor[]): Promise<void> {
    const wanted = blobs.filter(({ digest, mediaType }) => {
      if (done.has(digest) || isForeignLayer(mediaType)) return false
      done.add(digest)
      return true
    })
    await eachOf(wanted, sink.atOnce, async (blob) => {
      const written = await sink.writeBlob(blob, source)
      counts[written] += 1
      if (written === 'uploaded') counts.bytes += blob.size
    })
  }

  async function copyTree(raw: RawManifest, isRoot: boolean, depth: number): Promise<void> {
    if (depth > maxDepth)
      throw new EscaleError(
        'image-unsupported',
        `the index ${root.digest} of ${source.name} is nested more than ${maxDepth} times`,
      )
    if (await sink.hasManifest(raw.digest)) {
      // A registry has a manifest only together with all it names; but the tag may still be missing.
      counts.present += 1
      if (isRoot) await sink.writeManifest(raw, true)
      return
    }
    const manifest: ImageIndex | ImageManifest = parseManifest(raw, source.name)
    if (manifest.kind === 'manifest') await copyBlobs([...manifest.layers, manifest.config])
    else for (const entry of manifest.entries) await copyTree(await source.readManifest(entry), false, depth + 1)
    await sink.writeManifest(raw, isRoot)
  }

  await copyTree(root, true, 0)
  return { digest: root.digest, ...counts }
}

const maxDepth = 3
