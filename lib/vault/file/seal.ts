/**
 * Sealing: AES-256-GCM under a key of its own for each label (HKDF from the master key), so that a file moved,
 * renamed or changed does not open. Form: one byte for the form, 12 of nonce, 16 of tag, the rest ciphertext.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import type { Random } from '../../core/deps.ts'
import { base32 } from '../../core/hash.ts'

const form = 1
const nonceBytes = 12
const tagBytes = 16
const headBytes = 1 + nonceBytes + tagBytes

const derivedKey = (master: Uint8Array, purpose: string, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', master, label, `escale vault ${purpose}`, 32))

export function seal(master: Uint8Array, label: string, data: Uint8Array, random: Random): Buffer {
  const nonce = random.bytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', derivedKey(master, 'seal', label), nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(label))
  const body = Buffer.concat([cipher.update(data), cipher.final()])
  return Buffer.concat([Uint8Array.of(form), nonce, cipher.getAuthTag(), body])
}

/** Undefined where the key, the label or the bytes are not those of the sealing. */
export function unseal(master: Uint8Array, label: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.byteLength < headBytes || sealed[0] !== form) return undefined
  const nonce = sealed.subarray(1, 1 + nonceBytes)
  const key = derivedKey(master, 'seal', label)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(label))
  decipher.setAuthTag(sealed.subarray(1 + nonceBytes, headBytes))
  const start = decipher.update(sealed.subarray(headBytes))
  try {
    return Buffer.concat([start, decipher.final()])
  } catch {
    // `final` throws for one reason alone: the tag does not fit.
    return undefined
  }
}

/** The name a path has on disk: always the same, and nothing can be read or guessed from it without the key. */
export const hiddenName = (master: Uint8Array, path: string): string =>
  base32(
    createHmac('sha256', derivedKey(master, 'names', ''))
      .update(path)
      .digest(),
  ).slice(0, 40)

export const isHiddenName = (text: string): boolean => /^[a-z2-7]{40}$/.test(text)
