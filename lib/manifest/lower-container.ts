/** A container section to a container of a unit. */
import { formatPath } from '../core/problems.ts'
import type { Container, EnvValue, FileMount, Image, Port, SecretFolder } from '../model/unit.ts'
import { fullPath } from './checks/env.ts'
import type { LoadedConfigs } from './load-files.ts'
import { impliedPort } from './lookup.ts'
import type { AnyContainer } from './lookup.ts'
import { splitDotted } from './sections/env.ts'
import type { Env } from './sections/env.ts'
import { parseMode } from './sections/files.ts'
import type { Files } from './sections/files.ts'
import { lowerHealth } from './sections/health.ts'
import { lowerBuild } from './sections/image.ts'
import { lowerKernel } from './sections/kernel.ts'
import type { CompleteManifest } from './sections/manifest.ts'
import { lowerMounts } from './sections/mounts.ts'
import { lowerPorts } from './sections/ports.ts'
import { secretKeys } from './sections/secrets.ts'
import { lowerSecurity } from './sections/security.ts'
import { lowerSize } from './sections/size.ts'
import { lowerStop } from './sections/stop.ts'

export interface ContainerPlace {
  readonly name: string
  readonly path: readonly string[]
  readonly spokenHttp: ReadonlySet<string>
  /** The world reaches it: it needs time to leave traffic. */
  readonly routed: boolean
  readonly manifest: CompleteManifest
  readonly configs: LoadedConfigs
  readonly imageOf: (image: Image) => Image
}

export function lowerContainer(section: AnyContainer, place: ContainerPlace): Container {
  const ports = lowerPorts(section.ports ?? {}, place.spokenHttp)
  const files = lowerFiles(section.files ?? {}, place)
  return {
    name: place.name,
    image: place.imageOf({
      reference: section.image,
      build: section.build === undefined ? undefined : lowerBuild(section.build),
    }),
    entrypoint: section.entrypoint,
    // An entrypoint of one's own has nothing to do with the image's command.
    command: section.command ?? (section.entrypoint === undefined ? undefined : []),
    workdir: section.workdir,
    user: section.user,
    env: { ...envOfConfigs(section, place), ...lowerEnv(section.env ?? {}, place) },
    envFromSecrets: openSecrets(section, place),
    files: files.files,
    secretFolders: files.folders,
    mounts: lowerMounts(section.mounts ?? {}, place.path),
    ports,
    size: section.size === undefined ? undefined : lowerSize(section.size),
    health:
      section.health === undefined
        ? undefined
        : lowerHealth(section.health, (named) => portNumberOf(ports, section, named)),
    stop: lowerStop(section.stop, place.routed),
    security: lowerSecurity(section.security),
    kernel: lowerKernel(section.kernel),
    from: formatPath(place.path),
  }
}

function portNumberOf(ports: readonly Port[], section: AnyContainer, named: string | undefined): number {
  const name = impliedPort(section.ports ?? {}, named)
  return ports.find((port) => port.name === name)?.port ?? 0
}

/** All values of configs, and the keys of secrets whose keys are known, as variables. */
function envOfConfigs(section: AnyContainer, place: ContainerPlace): Record<string, EnvValue> {
  const env: Record<string, EnvValue> = {}
  for (const [name, kind] of Object.entries(section.envFrom ?? {})) {
    if (kind === 'config') {
      for (const [key, value] of Object.entries(place.manifest.config?.[name]?.values ?? {})) {
        env[key] = { kind: 'text', text: value.text }
      }
      continue
    }
    const secret = place.manifest.secrets?.[name]
    const keys = secret === undefined ? 'open' : secretKeys(secret)
    if (typeof keys === 'string') continue
    for (const key of keys) env[key] = { kind: 'secret', secret: name, key }
  }
  return env
}

/** Secrets in `envFrom` whose keys only their source knows. */
function openSecrets(section: AnyContainer, place: ContainerPlace): readonly string[] | undefined {
  const open = Object.entries(section.envFrom ?? {})
    .filter(([name, kind]) => {
      const secret = place.manifest.secrets?.[name]
      return kind === 'secret' && secret !== undefined && secretKeys(secret) === 'open'
    })
    .map(([name]) => name)
  return open.length === 0 ? undefined : open
}

const lowerEnv = (env: Env, place: ContainerPlace): Record<string, EnvValue> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, lowerEnvValue(value, place)]))

function lowerEnvValue(value: Env[string], place: ContainerPlace): EnvValue {
  if ('secret' in value) return { kind: 'secret', secret: value.secret, key: value.key }
  if ('config' in value) {
    return { kind: 'text', text: place.manifest.config?.[value.config]?.values?.[value.key]?.text ?? '' }
  }
  if ('instance' in value) return { kind: 'instance', fact: value.instance }
  if ('url' in value) {
    const [service, route] = splitDotted(value.url)
    return { kind: 'url', service, route }
  }
  if ('address' in value) {
    const [service, port] = splitDotted(value.address)
    return { kind: 'address', service, port }
  }
  return { kind: 'text', text: value.text }
}

function lowerFiles(files: Files, place: ContainerPlace): { files: FileMount[]; folders?: SecretFolder[] } {
  const mounted: FileMount[] = []
  const folders: SecretFolder[] = []
  for (const [target, file] of Object.entries(files)) {
    const from = formatPath([...place.path, 'files', target])
    const mode = parseMode(file.mode)
    if ('config' in file) mounted.push(...configFiles(target, file.config, file.key, mode, from, place))
    else {
      const secret = place.manifest.secrets?.[file.secret]
      const keys = secret === undefined || file.key !== undefined ? 'single' : secretKeys(secret)
      if (keys === 'open') folders.push({ path: target, secret: file.secret, mode, from })
      else if (keys === 'single') {
        mounted.push({ path: target, content: { kind: 'secret', secret: file.secret, key: file.key }, mode, from })
      } else {
        for (const key of keys) {
          mounted.push({
            path: fullPath(target, key),
            content: { kind: 'secret', secret: file.secret, key },
            mode,
            from,
          })
        }
      }
    }
  }
  return { files: mounted, folders: folders.length === 0 ? undefined : folders }
}

function configFiles(
  target: string,
  name: string,
  key: string | undefined,
  mode: number | undefined,
  from: string,
  place: ContainerPlace,
): readonly FileMount[] {
  const values = Object.entries(place.manifest.config?.[name]?.values ?? {}).map(([each, value]) => ({
    name: each,
    content: { kind: 'text', text: value.text } as const,
    mode: undefined,
  }))
  const all = [...values, ...(place.configs[name] ?? [])]
  const chosen = key === undefined ? all : all.filter((each) => each.name === key)
  return chosen.map((each) => ({
    path: key === undefined ? fullPath(target, each.name) : target,
    content: each.content,
    mode: mode ?? each.mode,
    from,
  }))
}
