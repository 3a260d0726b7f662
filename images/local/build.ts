/**
 * Puts images on an engine: those it has stay, then what a former run built here, then the public ones where the
 * engine reaches a registry, and else what this machine's packages can be made into.
 */
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Log } from '../../lib/core/deps.ts'
import { EscaleError, problem } from '../../lib/core/errors.ts'
import { shortHash } from '../../lib/core/hash.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import { isEngineError } from '../../lib/targets/docker/engine/errors.ts'
import { splitReference } from '../../lib/targets/docker/engine/images.ts'
import { writeArchive } from './archive.ts'
import { busybox } from './busybox.ts'
import { hasProgram, run } from './command.ts'
import { debianRelease } from './debian.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { node } from './node.ts'
import { postgres } from './postgres.ts'
import type { LocalImageName, Recipe } from './recipe.ts'
import { redis } from './redis.ts'
import { registry } from './registry.ts'

export const recipes: Readonly<Record<LocalImageName, Recipe>> = {
  busybox,
  node,
  redis,
  postgres,
  nginx,
  haproxy,
  registry,
}

export const localReference = (name: LocalImageName): string => recipes[name].reference

/** Says on the image what recipe and versions it came from. */
export const keyLabel = 'dev.escale.local-image.key'
export const sourcesLabel = 'dev.escale.local-image.sources'

export interface EnsureOptions {
  /** Where archives of built images stay; shared by runs. */
  readonly cacheDir: string
  readonly log: Log
  readonly signal?: AbortSignal
  /** `auto` asks a registry first; `build` never does. */
  readonly source?: 'auto' | 'build'
}

export interface EnsuredImage {
  readonly name: LocalImageName
  readonly reference: string
  readonly id: string
  readonly origin: 'present' | 'cached' | 'pulled' | 'built'
}

export async function ensureImages(
  engine: Engine,
  names: readonly LocalImageName[],
  options: EnsureOptions,
): Promise<EnsuredImage[]> {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const release = await debianRelease()
  const nodeBinary = await findNode()
  const registryAnswers = askOnce(() =>
    options.source === 'build' ? Promise.resolve(false) : reachesRegistry(engine, options),
  )
  await mkdir(join(options.cacheDir, 'images'), { recursive: true })
  const ensured: EnsuredImage[] = []
  for (const name of new Set(names)) {
    const recipe = recipes[name]
    const key = await imageKey(recipe, architecture, release, nodeBinary)
    const archive = join(options.cacheDir, 'images', `${name}-${key}.tar`)
    const origin = await ensureImage(engine, recipe, {
      ...options,
      key,
      archive,
      architecture,
      release,
      nodeBinary,
      registryAnswers,
    })
    const { Id } = await engine.images.inspect(recipe.reference, { signal: options.signal })
    ensured.push({ name, reference: recipe.reference, id: Id, origin })
  }
  return ensured
}

interface OneImage extends EnsureOptions {
  readonly key: string
  readonly archive: string
  readonly architecture: 'amd64' | 'arm64'
  readonly release: string | undefined
  readonly nodeBinary: string
  readonly registryAnswers: () => Promise<boolean>
}

async function ensureImage(engine: Engine, recipe: Recipe, one: OneImage): Promise<EnsuredImage['origin']> {
  const { log, signal } = one
  const there = await presence(engine, recipe, one.key, signal)
  if (there === 'fresh') return 'present'
  if (await exists(one.archive)) {
    await loadArchive(engine, one)
    return 'cached'
  }
  if (await one.registryAnswers()) {
    log.info('pulling image', { image: recipe.publicReference })
    await engine.images.pull(recipe.publicReference, { signal })
    const { name, tag } = splitReference(recipe.reference)
    await engine.images.tag(recipe.publicReference, name, tag, { signal })
    return 'pulled'
  }
  // Made elsewhere by another recipe, and nothing here could make a newer one.
  if (there === 'stale' && one.release === undefined) return 'present'
  log.info('building image from packages of this machine', { image: recipe.reference })
  await buildArchive(recipe, one)
  await loadArchive(engine, one)
  return 'built'
}

/** A pulled image bears no key and is taken as it is; one built by a former recipe is replaced. */
async function presence(
  engine: Engine,
  recipe: Recipe,
  key: string,
  signal: AbortSignal | undefined,
): Promise<'fresh' | 'stale' | 'absent'> {
  try {
    const image = await engine.images.inspect(recipe.reference, { signal })
    const found = image.Config?.Labels?.[keyLabel]
    return found === undefined || found === key ? 'fresh' : 'stale'
  } catch (error) {
    if (isEngineError(error, 'notFound')) return 'absent'
    throw error
  }
}

async function loadArchive(engine: Engine, one: OneImage): Promise<void> {
  await engine.images.load(createReadStream(one.archive), { signal: one.signal })
}

async function buildArchive(recipe: Recipe, one: OneImage): Promise<void> {
  await refuseWithoutTools(recipe, one)
  const folder = await mkdtemp(join(one.cacheDir, `build-${recipe.name}-`))
  try {
    const { entries, config, sources } = await recipe.build({ folder, nodeBinary: one.nodeBinary, signal: one.signal })
    const labels = { [keyLabel]: one.key, [sourcesLabel]: [one.release, ...sources].join(', ') }
    await writeArchive({
      file: one.archive,
      reference: recipe.reference,
      architecture: one.architecture,
      entries,
      config: { ...config, Labels: labels },
    })
    const record = {
      reference: recipe.reference,
      key: one.key,
      revision: recipe.revision,
      system: one.release,
      sources,
    }
    await writeFile(`${one.archive}.part.json`, `${JSON.stringify(record, null, 2)}\n`)
    await rename(`${one.archive}.part.json`, one.archive.replace(/\.tar$/, '.json'))
  } catch (cause) {
    if (one.signal?.aborted === true) throw cause
    throw unavailable(recipe, `building it failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function refuseWithoutTools(recipe: Recipe, one: OneImage): Promise<void> {
  if (one.release === undefined)
    throw unavailable(recipe, 'this machine runs no Debian-like system to take its packages from')
  for (const tool of ['apt-get', 'apt-cache', 'dpkg-deb', 'tar', 'sh'])
    if (!(await hasProgram(tool))) throw unavailable(recipe, `the program ${tool}, which unpacks packages, is missing`)
  const known = await run('sh', ['-c', 'apt-cache policy busybox-static | grep -c Candidate || true'], {
    timeoutMs: 30_000,
    signal: one.signal,
  })
  if (known.trim() === '0') throw unavailable(recipe, 'the package lists are empty; run "apt-get update" as root')
}

function unavailable(recipe: Recipe, why: string, cause?: unknown): EscaleError {
  const message = `the image ${recipe.reference} is not to be had: the engine reaches no registry for ${recipe.publicReference}, and ${why}`
  const fix = `let the engine pull ${recipe.publicReference}, or load an image under the name ${recipe.reference} by "docker load" or "docker tag"`
  return new EscaleError('image-unavailable', message, {
    cause,
    problems: [problem('image-unavailable', message, { value: recipe.reference, fix })],
  })
}

/** Asks the engine, since it is the one who pulls. A few seconds decide for the whole run. */
async function reachesRegistry(engine: Engine, { log, signal }: EnsureOptions): Promise<boolean> {
  try {
    await engine.images.distribution(busybox.publicReference, { timeoutMs: 4000, signal })
    return true
  } catch (error) {
    if (signal?.aborted === true) throw error
    log.info('no registry in reach, images are built on this machine', {
      reason: error instanceof Error ? error.message : String(error),
    })
    return false
  }
}

function askOnce(ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined
  return () => (answer ??= ask())
}

/** The pinned Node of the project where it is installed, else the one that runs this. */
async function findNode(): Promise<string> {
  const pinned = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url))
  return (await exists(pinned)) ? pinned : process.execPath
}

async function imageKey(
  recipe: Recipe,
  architecture: string,
  release: string | undefined,
  nodeBinary: string,
): Promise<string> {
  const facts = [recipe.name, recipe.reference, recipe.revision, architecture, release ?? '']
  if (recipe.name !== 'node') return shortHash(facts, 16)
  const version = await run(nodeBinary, ['--version'], { timeoutMs: 10_000 })
  return shortHash([...facts, version.trim()], 16)
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
