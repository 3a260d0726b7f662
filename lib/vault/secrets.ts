/** Helpers over secret values and paths: pure but for the chance that is passed in. */
import { EscaleError } from '../core/errors.ts'
import type { Random } from '../core/deps.ts'
import type { AppKey } from '../model/app.ts'
import type { SecretPath, SecretValue, Vault } from './vault.ts'

export const secretPath = (key: AppKey, name: string): SecretPath =>
  `${key.project}/${key.environment}/${key.app}/${name}`

/** What the paths of all secrets of an app begin with. */
export const secretPrefix = (key: AppKey): string => secretPath(key, '')

/** The secret's name within its app. */
export const secretName = (path: SecretPath): string => path.slice(path.lastIndexOf('/') + 1)

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes from here on are thrown away: with them the first letters would come up more often. */
const fairBytes = 256 - (256 % alphabet.length)

/** Letters and digits, each equally likely. */
export function generateValue(length: number, random: Random): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) {
      if (byte < fairBytes) text += alphabet[byte % alphabet.length]
    }
  }
  return text
}

export const singleValue = (text: string | Uint8Array): SecretValue => ({
  kind: 'single',
  data: typeof text === 'string' ? Buffer.from(text) : text,
})

/** One after the other, without anything between them. */
export const joinParts = (parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))))

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

export function sameValue(a: SecretValue, b: SecretValue): boolean {
  if (a.kind === 'single' || b.kind === 'single') {
    return a.kind === 'single' && b.kind === 'single' && sameBytes(a.data, b.data)
  }
  const left = new Map(Object.entries(a.keys))
  const right = Object.entries(b.keys)
  return (
    left.size === right.length &&
    right.every(([key, data]) => {
      const other = left.get(key)
      return other !== undefined && sameBytes(other, data)
    })
  )
}

/** The whole of a single value, or one key of a keyed one; undefined where the reference and the value do not fit. */
export function pick(value: SecretValue, key: string | undefined): Uint8Array | undefined {
  if (value.kind === 'single') return key === undefined ? value.data : undefined
  return key !== undefined && Object.hasOwn(value.keys, key) ? value.keys[key] : undefined
}

/** Version by secret name; `name#key` stands for a key whose value stays outside the vault. */
export type SecretVersions = Readonly<Record<string, string>>

/** A version that is no id of the vault: the value stays with its source, e.g. `ssm:7` (no vault id has a colon). */
export const staysOutside = (version: string): boolean => version.includes(':')

/** Reads what a release has pinned, for those who write it to the target and for nobody else. */
export const revealPinned =
  (vault: Vault, app: AppKey, versions: SecretVersions) =>
  async (secret: string, key?: string): Promise<Uint8Array> => {
    const version = Object.hasOwn(versions, secret) ? versions[secret] : undefined
    const what = key === undefined ? `secret ${secret}` : `key ${key} of secret ${secret}`
    if (version === undefined || staysOutside(version)) {
      throw new EscaleError('secret-missing', `the release has pinned no version in the vault for ${what}`)
    }
    const found = await vault.read(secretPath(app, secret), version)
    if (found === undefined) {
      throw new EscaleError(
        'secret-missing',
        `version ${version} of secret ${secret}, which the release has pinned, is not in the vault any more; deploy again to pin the current one`,
      )
    }
    const data = pick(found.value, key)
    if (data === undefined) {
      throw new EscaleError('secret-missing', `version ${version} of secret ${secret} holds no value for ${what}`)
    }
    return data
  }

/** Secrets whose pinned version is gone: with any of them a release cannot be gone back to (ruling A9). */
export async function missingVersions(vault: Vault, app: AppKey, versions: SecretVersions): Promise<readonly string[]> {
  const missing: string[] = []
  for (const [secret, version] of Object.entries(versions)) {
    if (staysOutside(version)) continue
    const known = await vault.versions(secretPath(app, secret))
    if (!known.some((one) => one.version === version)) missing.push(secret)
  }
  return missing
}
