/** Pins a name to a digest and reads what the image says of itself. */
import { readAll } from './bytes.ts'
import type { RegistryClient } from './client.ts'
import { maxConfigBytes, parseConfig } from './config.ts'
import type { ImageConfig } from './config.ts'
import { EscaleError } from '../core/errors.ts'
import { chooseImage, parseManifest } from './manifest.ts'
import type { ImageManifest } from './manifest.ts'
import { choosePlatform, formatPlatform } from './platform.ts'
import type { Platform } from './platform.ts'
import { familiarName, pinnedName } from './reference.ts'
import type { ImageReference } from './reference.ts'
import type { CallOptions } from './request.ts'

export interface ResolvedImage {
  /** Of what the name stands for: an index where the image has several platforms. */
  readonly digest: string
  /** `registry/repository@sha256:…`. */
  readonly pinned: string
  /** `os/arch[/variant]` of everything it can run on. */
  readonly platforms: readonly string[]
  /** The platform whose image was read. */
  readonly platform: string | undefined
  readonly config: ImageConfig
}

/** Only the digest: one HEAD, which registries do not count against limits of pulls. */
export const resolveDigest = async (
  client: RegistryClient,
  reference: ImageReference,
  options?: CallOptions,
): Promise<string> => reference.digest ?? (await client.head(reference, options)).digest

/**
 * Digest, platforms and configuration. With an index the configuration is that of `platform`; an image of a single
 * platform that is another one is refused like an index without it (`image-platform`).
 */
export async function resolveImage(
  client: RegistryClient,
  reference: ImageReference,
  platform: Platform,
  options: CallOptions = {},
): Promise<ResolvedImage> {
  const name = familiarName(reference)
  const root = await client.manifest(reference, options)
  const pinned = pinnedName(reference, root.digest)
  const manifest = parseManifest(root, `"${name}"`)
  if (manifest.kind === 'index') {
    const chosen = chooseImage(manifest, platform, name)
    const raw = await client.manifest(
      { registry: reference.registry, repository: reference.repository, digest: chosen.digest },
      options,
    )
    const image = parseManifest(raw, `"${name}"`)
    if (image.kind === 'index') throw new EscaleError('image-unsupported', `the image "${name}" is an index of indexes`)
    const { config } = await readConfig(client, reference, image, options)
    const platforms = [...new Set(manifest.images.map((entry) => formatPlatform(entry.platform)))]
    return { digest: root.digest, pinned, platforms, platform: formatPlatform(chosen.platform), config }
  }
  const { config, platform: own } = await readConfig(client, reference, manifest, options)
  if (own !== undefined && choosePlatform([{ platform: own }], platform) === undefined)
    throw new EscaleError(
      'image-platform',
      `the image "${name}" is for ${formatPlatform(own)}, not for ${formatPlatform(platform)}: choose another image or tag, or build it for ${formatPlatform(platform)}`,
    )
  const only = own === undefined ? undefined : formatPlatform(own)
  return { digest: root.digest, pinned, platforms: only === undefined ? [] : [only], platform: only, config }
}

/** Platforms alone: of an index from itself, of a single image from its configuration. */
export async function platformsOf(
  client: RegistryClient,
  reference: ImageReference,
  options: CallOptions = {},
): Promise<readonly string[]> {
  const root = await client.manifest(reference, options)
  const manifest = parseManifest(root, `"${familiarName(reference)}"`)
  if (manifest.kind === 'index') return manifest.images.map(({ platform }) => formatPlatform(platform))
  const { platform } = await readConfig(client, reference, manifest, options)
  return platform === undefined ? [] : [formatPlatform(platform)]
}

async function readConfig(
  client: RegistryClient,
  reference: ImageReference,
  { config }: ImageManifest,
  options: CallOptions,
) {
  const where = `"${familiarName(reference)}"`
  return parseConfig(
    await readAll(client.blob(reference, config, options), maxConfigBytes, `the configuration of ${where}`),
    where,
  )
}
