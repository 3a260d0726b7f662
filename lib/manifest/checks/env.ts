/** `env`, `envFrom` and `files`: what they refer to, and what they end up as. */
import { containersIn, portsOf, workloadsOf } from '../lookup.ts'
import type { AnyContainer } from '../lookup.ts'
import { splitDotted } from '../sections/env.ts'
import type { CompleteManifest } from '../sections/manifest.ts'
import { secretKeys } from '../sections/secrets.ts'
import type { LoadedConfigs } from '../load-files.ts'
import type { CheckInput, Report } from './input.ts'
import { mustExist } from './references.ts'

export function checkEnvironments({ manifest, report }: CheckInput, loaded: LoadedConfigs): void {
  for (const placed of workloadsOf(manifest)) {
    for (const { container, path } of containersIn(placed)) {
      checkEnv(manifest, container, path, report)
      checkEnvFrom(manifest, container, path, report)
      checkFiles(manifest, loaded, container, path, report)
    }
  }
  checkConfigKeys(manifest, loaded, report)
}

/** A secret exists, and the key fits the way it holds its values. */
export function checkSecretRef(
  manifest: CompleteManifest,
  ref: { readonly secret: string; readonly key?: string },
  path: readonly string[],
  report: Report,
  wholeAllowed: boolean,
): void {
  const secrets = manifest.secrets ?? {}
  if (!mustExist(ref.secret, secrets, 'secret', [...path, 'secret'], report)) return
  const secret = secrets[ref.secret]
  const keys = secret === undefined ? 'single' : secretKeys(secret)
  if (keys === 'single' || keys === 'open') {
    const hasOne =
      secret !== undefined &&
      ('generate' in secret || 'join' in secret || ('from' in secret && secret.from.includes('#')))
    if (ref.key !== undefined && hasOne) {
      report(
        [...path, 'key'],
        'unknown-reference',
        `the secret \`${ref.secret}\` is one value and has no key \`${ref.key}\``,
        {
          value: ref.key,
          fix: 'leave the key out',
        },
      )
    }
    return
  }
  if (ref.key !== undefined)
    mustExist(ref.key, keys, `key of the secret \`${ref.secret}\` named`, [...path, 'key'], report)
  else if (!wholeAllowed) {
    report(path, 'missing-key', `the secret \`${ref.secret}\` has several values; \`key\` must say which is meant`, {
      allowed: keys,
      part: 'key',
      fix: `add \`key\`: ${keys.map((key) => `\`${key}\``).join(' or ')}`,
    })
  }
}

function checkEnv(manifest: CompleteManifest, container: AnyContainer, at: readonly string[], report: Report): void {
  for (const [variable, value] of Object.entries(container.env ?? {})) {
    const path = [...at, 'env', variable]
    if ('secret' in value) checkSecretRef(manifest, value, path, report, false)
    else if ('config' in value) {
      const configs = manifest.config ?? {}
      if (!mustExist(value.config, configs, 'config', [...path, 'config'], report)) continue
      const config = configs[value.config]
      if (value.key === undefined) continue
      if (Object.hasOwn(config?.files ?? {}, value.key)) {
        report(
          [...path, 'key'],
          'unknown-reference',
          `\`${value.key}\` is a file of the config \`${value.config}\`; a variable takes a value`,
          {
            value: value.key,
            fix: 'put the text under `values`, or mount the file by `files`',
          },
        )
      } else
        mustExist(
          value.key,
          config?.values ?? {},
          `value of the config \`${value.config}\` named`,
          [...path, 'key'],
          report,
        )
    } else if ('url' in value) checkUrl(manifest, value.url, [...path, 'url'], report)
    else if ('address' in value) checkAddress(manifest, value.address, [...path, 'address'], report)
  }
}

/** Services, and external names where it is none of them. */
const ownersOf = (manifest: CompleteManifest, name: string): Readonly<Record<string, unknown>> =>
  Object.hasOwn(manifest.services ?? {}, name)
    ? (manifest.services ?? {})
    : { ...manifest.external, ...manifest.services }

function checkUrl(manifest: CompleteManifest, value: string, path: readonly string[], report: Report): void {
  const [owner, route] = splitDotted(value)
  const external = manifest.external?.[owner]
  const routes =
    manifest.services?.[owner]?.routes ?? (external !== undefined && 'host' in external ? external.routes : undefined)
  const owners = ownersOf(manifest, owner)
  if (mustExist(owner, owners, 'service', path, report)) {
    mustExist(route, routes ?? {}, `route of \`${owner}\` named`, path, report)
  }
}

function checkAddress(manifest: CompleteManifest, value: string, path: readonly string[], report: Report): void {
  const [owner, port] = splitDotted(value)
  const external = manifest.external?.[owner]
  const owners = ownersOf(manifest, owner)
  if (!mustExist(owner, owners, 'service', path, report)) return
  // The ports of another app's service are known to that app alone.
  if (external !== undefined && !('host' in external)) return
  const service = manifest.services?.[owner]
  const ports = service === undefined ? (external?.ports ?? {}) : portsOf(service)
  mustExist(port, ports, `port of \`${owner}\` named`, path, report)
}

/** A key that stands for a variable without anybody having written it as one. */
const isVariable = (key: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)

function checkEnvFrom(
  manifest: CompleteManifest,
  container: AnyContainer,
  at: readonly string[],
  report: Report,
): void {
  const from = new Map<string, string>()
  for (const [name, kind] of Object.entries(container.envFrom ?? {})) {
    const path = [...at, 'envFrom', name]
    const known = kind === 'config' ? manifest.config : manifest.secrets
    if (!mustExist(name, known ?? {}, kind, path, report, 'key')) continue
    for (const key of keysOf(manifest, name, kind, path, report)) {
      if (!isVariable(key)) {
        report(path, 'invalid-name', `\`${key}\` of the ${kind} \`${name}\` is no name for a variable`, {
          value: key,
          part: 'key',
          fix: 'name the keys that are wanted one by one under `env`',
        })
      }
      const other = from.get(key)
      // What `env` says is what counts, so there is nothing left to be in doubt about.
      if (other !== undefined && !Object.hasOwn(container.env ?? {}, key)) {
        report(path, 'duplicate-name', `the variable \`${key}\` comes from \`${other}\` and from \`${name}\``, {
          value: key,
          part: 'key',
          fix: `say under \`env\` which of the two is meant`,
        })
      }
      from.set(key, name)
    }
  }
}

function keysOf(
  manifest: CompleteManifest,
  name: string,
  kind: 'config' | 'secret',
  path: readonly string[],
  report: Report,
): readonly string[] {
  if (kind === 'config') return Object.keys(manifest.config?.[name]?.values ?? {})
  const secret = manifest.secrets?.[name]
  const keys = secret === undefined ? 'open' : secretKeys(secret)
  if (keys === 'open') return []
  if (keys !== 'single') return keys
  report(path, 'conflict', `the secret \`${name}\` is one value, without a name for a variable`, {
    part: 'key',
    fix: `write it under \`env\`, as \`NAME: {secret: ${name}}\``,
  })
  return []
}

function checkFiles(
  manifest: CompleteManifest,
  loaded: LoadedConfigs,
  container: AnyContainer,
  at: readonly string[],
  report: Report,
): void {
  const taken = new Map<string, string>()
  for (const [target, file] of Object.entries(container.files ?? {})) {
    const path = [...at, 'files', target]
    const names: string[] = []
    if ('config' in file) {
      const configs = manifest.config ?? {}
      if (!mustExist(file.config, configs, 'config', [...path, 'config'], report)) continue
      const known = configKeys(manifest, loaded, file.config)
      if (file.key === undefined) names.push(...known)
      else if (
        mustExist(file.key, known, `value or file of the config \`${file.config}\` named`, [...path, 'key'], report)
      )
        names.push('')
    } else if ('secret' in file) {
      checkSecretRef(manifest, file, path, report, true)
      const secret = manifest.secrets?.[file.secret]
      const keys = secret === undefined || file.key !== undefined ? 'single' : secretKeys(secret)
      if (keys === 'single') names.push('')
      else if (keys !== 'open') names.push(...keys)
    }
    for (const name of names) {
      const full = fullPath(target, name)
      const other = taken.get(full)
      if (other !== undefined) {
        report(path, 'duplicate-name', `the file \`${full}\` comes from here and from \`${other}\``, {
          part: 'key',
          value: full,
          fix: 'keep one of the two',
        })
      }
      taken.set(full, target)
    }
  }
  for (const [full, target] of taken) {
    const above = [...taken.keys()].find((each) => each !== full && full.startsWith(`${each}/`))
    if (above !== undefined) {
      report(
        [...at, 'files', target],
        'conflict',
        `\`${full}\` cannot stand below \`${above}\`, which is a file itself`,
        {
          part: 'key',
          value: full,
          fix: 'choose another path for one of the two',
        },
      )
    }
  }
}

export const fullPath = (target: string, name: string): string =>
  name === '' ? target : `${target.replace(/\/+$/, '')}/${name}`

export const configKeys = (manifest: CompleteManifest, loaded: LoadedConfigs, name: string): readonly string[] => [
  ...Object.keys(manifest.config?.[name]?.values ?? {}),
  ...(loaded[name] ?? []).map((file) => file.name),
]

/** A value and a file of one config share their names. */
function checkConfigKeys(manifest: CompleteManifest, loaded: LoadedConfigs, report: Report): void {
  for (const [name, config] of Object.entries(manifest.config ?? {})) {
    const seen = new Set(Object.keys(config.values ?? {}))
    for (const file of loaded[name] ?? []) {
      if (seen.has(file.name)) {
        const written = Object.keys(config.files ?? {}).find(
          (key) => key === file.name || key === '.' || file.name.startsWith(`${key}/`),
        )
        report(
          ['config', name, 'files', written ?? file.name],
          'duplicate-name',
          `\`${file.name}\` stands twice in the config \`${name}\``,
          {
            part: 'key',
            value: file.name,
            fix: 'keep one of the two',
          },
        )
      }
      seen.add(file.name)
    }
  }
}
