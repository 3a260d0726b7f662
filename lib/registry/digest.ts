/** Digests: the name of bytes by their hash, and the check that bytes keep what their name promises. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { EscaleError } from '../core/errors.ts'

/** What names a piece of content: an entry of an index, a manifest's config or layer. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const hexLength = { sha256: 64, sha512: 128 } as const
type Algorithm = keyof typeof hexLength

const algorithmOf = (digest: string): Algorithm | undefined => {
  const name = digest.slice(0, Math.max(0, digest.indexOf(':')))
  return name === 'sha256' || name === 'sha512' ? name : undefined
}

/** Of an algorithm whose bytes can be checked; others are refused rather than trusted. */
export function isDigest(text: string): boolean {
  const algorithm = algorithmOf(text)
  if (algorithm === undefined) return false
  const hex = text.slice(algorithm.length + 1)
  return hex.length === hexLength[algorithm] && /^[0-9a-f]+$/.test(hex)
}

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function hasherFor(digest: string): { readonly hash: Hash; readonly name: Algorithm } {
  const name = algorithmOf(digest)
  if (name === undefined || !isDigest(digest))
    throw new EscaleError('image-unsupported', `"${digest}" is no digest that can be checked; sha256 and sha512 can`)
  return { hash: createHash(name), name }
}

/** Throws unless `bytes` are what `digest` names. `what` says where they came from. */
export function checkBytes(bytes: Uint8Array, digest: string, what: string): void {
  const { hash, name } = hasherFor(digest)
  const actual = `${name}:${hash.update(bytes).digest('hex')}`
  if (actual !== digest) throw mismatch(what, digest, actual)
}

/** The same bytes; fails at their end, before the last can count, unless digest and size hold. */
export async function* checked(
  content: AsyncIterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { hash, name } = hasherFor(digest)
  let seen = 0
  let held: Uint8Array | undefined
  for await (const chunk of content) {
    seen += chunk.byteLength
    if (seen > size)
      throw new EscaleError('digest-mismatch', `${what} is longer than the ${size} bytes announced for ${digest}`)
    hash.update(chunk)
    // One chunk is held back, so that who passes them on never has all bytes of something wrong.
    if (held !== undefined) yield held
    held = chunk
  }
  if (seen !== size)
    throw new EscaleError('digest-mismatch', `${what} ended after ${seen} of the ${size} bytes announced for ${digest}`)
  const actual = `${name}:${hash.digest('hex')}`
  if (actual !== digest) throw mismatch(what, digest, actual)
  if (held !== undefined) yield held
}

const mismatch = (what: string, expected: string, actual: string): EscaleError =>
  new EscaleError(
    'digest-mismatch',
    `${what} should be ${expected}, but its bytes are ${actual}; nothing of it was used: the content was changed or damaged on its way`,
  )
