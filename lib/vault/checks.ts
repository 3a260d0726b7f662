/** What every implementation asks of its arguments, and the form of version ids. */
import { base32 } from '../core/hash.ts'
import type { Random } from '../core/deps.ts'
import { EscaleError } from '../core/errors.ts'
import type { SecretPath, SecretValue } from './vault.ts'
import { maxSecretBytes } from './vault.ts'

const pathGrammar = /^[A-Za-z0-9_+=.@-]+(?:\/[A-Za-z0-9_+=.@-]+)*$/
const prefixGrammar = /^[A-Za-z0-9_+=.@/-]*$/
const maxPathLength = 512

export function checkPath(path: SecretPath): void {
  if (path.length > maxPathLength || !pathGrammar.test(path)) {
    throw new EscaleError(
      'usage',
      `${JSON.stringify(path)} is not the path of a secret: names of letters, digits and _+=.@- joined by slashes, at most ${maxPathLength} characters`,
    )
  }
}

export function checkPrefix(prefix: string): void {
  if (prefix.length > maxPathLength || !prefixGrammar.test(prefix)) {
    throw new EscaleError('usage', `${JSON.stringify(prefix)} is not the beginning of a secret's path`)
  }
}

export const secretBytes = (value: SecretValue): number =>
  value.kind === 'single'
    ? value.data.byteLength
    : Object.values(value.keys).reduce((sum, data) => sum + data.byteLength, 0)

/** Tells the size, never the value. */
export function checkValue(path: SecretPath, value: SecretValue): void {
  const bytes = secretBytes(value)
  if (bytes > maxSecretBytes) {
    throw new EscaleError('too-large', `the secret ${path} is of ${bytes} bytes, at most ${maxSecretBytes} are kept`)
  }
  if (value.kind === 'single') return
  for (const key of Object.keys(value.keys)) {
    if (key === '' || key.includes('/') || /\p{Cc}/u.test(key) || !key.isWellFormed()) {
      throw new EscaleError('usage', `the secret ${path} has a key ${JSON.stringify(key)}: keys become names of files`)
    }
  }
}

export const newVersionId = (random: Random): string => base32(random.bytes(17)).slice(0, 26)

export const isVersionId = (text: string): boolean => /^[a-z2-7]{26}$/.test(text)
