/** Pins images and reads their configurations, by the registry or by what the engine has already. */
import type { ImageConfig } from '../../model/unit.ts'
import type { ImageFacts, RegistryAuth } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { EngineError, isEngineError } from './engine/errors.ts'
import type { Image } from './engine/types/resource.ts'
import { EscaleError } from '../../core/errors.ts'
import { digestOf, familiarName, registryHost, repositoryOf } from './reference.ts'

type Images = Pick<Engine, 'images'>

const registryTimeoutMs = 20_000

export async function resolveImage(
  { images }: Images,
  reference: string,
  auth: RegistryAuth | undefined,
  signal: AbortSignal,
): Promise<ImageFacts> {
  const credentials = auth === undefined ? {} : { auth: { ...auth, serveraddress: registryHost(reference) } }
  const remote = await askRegistry(() =>
    images.distribution(reference, { ...credentials, signal, timeoutMs: registryTimeoutMs }),
  )
  if (remote.kind === 'found') {
    const pinned = `${repositoryOf(reference)}@${remote.digest}`
    const local = (await localImage(images, pinned, signal)) ?? (await pull(images, pinned, credentials, signal))
    return { pinned, config: imageConfigOf(local), platforms: remote.platforms }
  }
  // Images made on this machine are known to no registry: what the engine has counts.
  const local = await localImage(images, reference, signal)
  if (local === undefined) throw notFound(reference, remote.reason)
  const known =
    digestOf(reference) ??
    local.RepoDigests?.find(
      (digest) => familiarName(repositoryOf(digest)) === familiarName(repositoryOf(reference)),
    )?.split('@')[1]
  return {
    ...(known === undefined ? { localId: local.Id } : { pinned: `${repositoryOf(reference)}@${known}` }),
    config: imageConfigOf(local),
    platforms: [`${local.Os}/${local.Architecture}`],
  }
}

type Remote =
  | { readonly kind: 'found'; readonly digest: string; readonly platforms: readonly string[] }
  | { readonly kind: 'absent'; readonly reason: string }

async function askRegistry(ask: () => Promise<Awaited<ReturnType<Engine['images']['distribution']>>>): Promise<Remote> {
  try {
    const { Descriptor, Platforms } = await ask()
    return {
      kind: 'found',
      digest: Descriptor.digest,
      platforms: (Platforms ?? []).map(({ os, architecture, variant }) =>
        [os, architecture, ...(variant === undefined ? [] : [variant])].join('/'),
      ),
    }
  } catch (error) {
    // Whatever keeps the registry from answering, the engine may still have the image; the reason is told where it has not.
    if (error instanceof EngineError && error.kind !== 'aborted' && error.kind !== 'unreachable')
      return { kind: 'absent', reason: error.reason }
    throw error
  }
}

async function localImage(
  images: Engine['images'],
  reference: string,
  signal: AbortSignal,
): Promise<Image | undefined> {
  try {
    return await images.inspect(reference, { signal })
  } catch (error) {
    if (isEngineError(error, 'notFound')) return undefined
    throw error
  }
}

async function pull(
  images: Engine['images'],
  reference: string,
  credentials: object,
  signal: AbortSignal,
): Promise<Image> {
  await images.pull(reference, { ...credentials, signal })
  return images.inspect(reference, { signal })
}

const notFound = (reference: string, reason: string): EscaleError =>
  new EscaleError(
    'image-not-found',
    `the image "${reference}" is neither at its registry nor on this engine: ${reason}; check the name and tag, and the credentials under \`registries\``,
  )

export function imageConfigOf({ Config, Os, Architecture }: Image): ImageConfig {
  return {
    entrypoint: Config?.Entrypoint ?? [],
    command: Config?.Cmd ?? [],
    user: Config?.User ?? '',
    workdir: Config?.WorkingDir ?? '',
    env: Object.fromEntries((Config?.Env ?? []).map(splitVariable)),
    exposedPorts: Object.keys(Config?.ExposedPorts ?? {}),
    volumes: Object.keys(Config?.Volumes ?? {}),
    ...(Config?.StopSignal === undefined || Config.StopSignal === '' ? {} : { stopSignal: Config.StopSignal }),
    os: Os,
    arch: Architecture,
  }
}

function splitVariable(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)]
}
