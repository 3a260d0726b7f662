/** The examples as they lie in their folder, released with facts about images that are fixed here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderReader } from '../../lib/manifest/files.ts'
import { lowerManifest } from '../../lib/manifest/lower.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import type { ResolvedManifest } from '../../lib/manifest/resolve.ts'
import type { ImageConfig } from '../../lib/model/unit.ts'
import type { Release } from '../../lib/model/release.ts'
import { release } from '../support/specs.ts'

export const exampleNames = ['hello', 'dockercoins', 'pets'] as const
export type ExampleName = (typeof exampleNames)[number]

export const exampleFolder = (name: ExampleName): string => join(import.meta.dirname, '../../examples', name)
export const manifestOf = (name: ExampleName): string => readFileSync(join(exampleFolder(name), 'escale.yaml'), 'utf8')

export function resolveExample(name: ExampleName): ResolvedManifest {
  const loaded = loadManifest(manifestOf(name), { params: {}, files: folderReader(exampleFolder(name)) })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return loaded.value
}

const config = (entrypoint: readonly string[], command: readonly string[], user = ''): ImageConfig => ({
  entrypoint,
  command,
  user,
  workdir: '',
  env: {},
  exposedPorts: [],
  volumes: [],
  os: 'linux',
  arch: 'amd64',
})

const entrypoint = ['docker-entrypoint.sh']

/** As the public images say of themselves. */
const configs: Readonly<Record<string, ImageConfig>> = {
  nginx: config([], ['nginx', '-g', 'daemon off;']),
  'redis:7': config(entrypoint, ['redis-server']),
  'postgres:15': config(entrypoint, ['postgres']),
  'escale.local/pets/web:1': config([], ['node', 'main.ts'], '1000:1000'),
  ...Object.fromEntries(
    ['rng', 'hasher', 'worker', 'webui'].map((service) => [
      `escale.local/dockercoins/${service}:1`,
      config([], ['node', `${service}/main.ts`], '1000:1000'),
    ]),
  ),
}

export function releaseOf(name: ExampleName): Release {
  const resolved = resolveExample(name)
  const spec = lowerManifest(resolved, (reference) => ({ config: configs[reference] }))
  return release(1, spec, {
    key: { project: 'default', app: name, environment: 'default' },
    leaves: resolved.leaves,
    secretVersions: Object.fromEntries(spec.secrets.map((secret) => [secret.name, 'v1'])),
  })
}
