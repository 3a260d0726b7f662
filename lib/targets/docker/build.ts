/** Builds images on the engine; what comes out is a digest in the registry of the cluster (ruling D15). */
import { EscaleError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/hash.ts'
import type { Builder, BuildRequest, ImageFacts } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import { imageConfigOf } from './images.ts'
import { registryHost, repositoryOf, tagOf } from './reference.ts'
import { ensureRegistry, registryAddress } from './registry.ts'
import type { RegistryDeps, RegistryOptions } from './registry.ts'

const pushAttempts = 20
const pushPauseMs = 250

export function dockerBuilder(deps: RegistryDeps, registry: RegistryOptions): Builder {
  return {
    build: async (request) => {
      const engine = await deps.manager()
      const own = registryHost(request.name) === 'docker.io' && !request.name.startsWith('docker.io/')
      if (own) await ensureRegistry(deps, registry, request.signal)
      const repository = own ? `${registryAddress(registry)}/${repositoryOf(request.name)}` : repositoryOf(request.name)
      // A tag of our own only names what was built from what; releases use the digest.
      const reference = `${repository}:${tagOf(request.name) ?? sha256Hex(request.context).slice(0, 16)}`
      const id = await buildOnEngine(engine, request, reference)
      return pushed(deps, engine, reference, repository, id, request.signal)
    },
  }
}

async function buildOnEngine(
  engine: Engine,
  { build, context, signal }: BuildRequest,
  reference: string,
): Promise<string> {
  const { arch, platform } = await platformOf(engine, build.platforms)
  const id = await engine.images.build(
    {
      context,
      tags: [reference],
      dockerfile: build.dockerfile,
      buildArgs: build.args,
      ...(build.target === undefined ? {} : { target: build.target }),
      ...(platform === undefined ? {} : { platform }),
    },
    { signal },
  )
  if (id === '')
    throw new EscaleError('engine-refused', `the engine built "${reference}" for ${arch} and told no image id`)
  return id
}

/** The classic builder builds for its own machine; another platform is refused before anything is sent. */
async function platformOf(
  engine: Engine,
  platforms: readonly string[],
): Promise<{ readonly arch: string; readonly platform: string | undefined }> {
  const { Os, Arch } = await engine.system.version()
  const own = `${Os}/${Arch}`
  if (platforms.length === 0 || platforms.includes(own)) return { arch: own, platform: undefined }
  throw new EscaleError(
    'image-platform',
    `the engine builds for ${own}, but the manifest asks for ${platforms.join(', ')}; add ${own} to \`build.platforms\`, or build elsewhere and name the image`,
  )
}

async function pushed(
  { clock }: RegistryDeps,
  engine: Engine,
  reference: string,
  repository: string,
  id: string,
  signal: AbortSignal,
): Promise<ImageFacts> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const digest = await engine.images.push(reference, { signal })
      if (digest === undefined)
        throw new EscaleError('engine-refused', `the registry told no digest for "${reference}"`)
      const image = await engine.images.inspect(id, { signal })
      return {
        pinned: `${repository}@${digest}`,
        config: imageConfigOf(image),
        platforms: [`${image.Os}/${image.Architecture}`],
      }
    } catch (error) {
      // A registry that has just been started does not listen yet.
      const early = isEngineError(error, 'other') && /connection refused/.test(error.reason)
      if (!early || attempt === pushAttempts) throw error
      await clock.sleep(pushPauseMs, signal)
    }
  }
}
