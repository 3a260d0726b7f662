/** The vault in memory: for tests and simulations. Values are copied on the way in and out. */
import type { Clock, Random } from '../../core/deps.ts'
import { checkPath, checkPrefix, checkValue, newVersionId } from '../checks.ts'
import type { SecretValue, SecretVersion, Vault } from '../vault.ts'

interface Kept {
  readonly version: SecretVersion
  readonly value: SecretValue
}

const copyOf = (value: SecretValue): SecretValue =>
  value.kind === 'single'
    ? { kind: 'single', data: Uint8Array.from(value.data) }
    : {
        kind: 'keyed',
        keys: Object.fromEntries(Object.entries(value.keys).map(([key, data]) => [key, Uint8Array.from(data)])),
      }

export function memoryVault({ clock, random }: { readonly clock: Clock; readonly random: Random }): Vault {
  const secrets = new Map<string, readonly Kept[]>()
  const key = random.bytes(32)

  return {
    async put(path, value, origin) {
      checkPath(path)
      checkValue(path, value)
      const version = { version: newVersionId(random), createdAtMs: clock.nowMs(), origin }
      secrets.set(path, [...(secrets.get(path) ?? []), { version, value: copyOf(value) }])
      return version
    },

    async read(path, version) {
      checkPath(path)
      const kept = secrets.get(path) ?? []
      const found = version === undefined ? kept.at(-1) : kept.find((one) => one.version.version === version)
      return found === undefined ? undefined : { version: found.version, value: copyOf(found.value) }
    },

    async current(path) {
      checkPath(path)
      return secrets.get(path)?.at(-1)?.version
    },

    async versions(path) {
      checkPath(path)
      return (secrets.get(path) ?? []).map((kept) => kept.version)
    },

    async list(prefix) {
      checkPrefix(prefix)
      return [...secrets.keys()].filter((path) => path.startsWith(prefix)).sort()
    },

    async remove(path, versions) {
      checkPath(path)
      const left = versions && (secrets.get(path) ?? []).filter((kept) => !versions.includes(kept.version.version))
      if (left === undefined || left.length === 0) secrets.delete(path)
      else secrets.set(path, left)
    },

    async installKey() {
      return Uint8Array.from(key)
    },
  }
}
