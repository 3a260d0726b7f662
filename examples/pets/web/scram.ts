/** The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding. */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

export interface Scram {
  readonly first: string
  /** The client's answer to the server's challenge, and what the server must prove then. */
  final(serverFirst: string): { readonly message: string; readonly serverSignature: Buffer }
}

const fewestIterations = 4_096
/** More than anybody asks for; a server that does would only keep us busy. */
const mostIterations = 1_000_000

export function scram(password: string, nonce: string): Scram {
  const firstBare = `n=,r=${nonce}`
  return {
    first: `n,,${firstBare}`,
    final(serverFirst) {
      const fields = attributes(serverFirst)
      const serverNonce = fields.get('r') ?? ''
      const iterations = Number(fields.get('i'))
      if (!serverNonce.startsWith(nonce) || serverNonce === nonce)
        throw new Error('the database sent a challenge to somebody else')
      if (!(iterations >= fewestIterations && iterations <= mostIterations))
        throw new Error(
          `the database asks for ${fields.get('i') ?? 'no number of'} iterations, outside ${fewestIterations} … ${mostIterations}`,
        )
      const salted = pbkdf2Sync(
        password.normalize('NFKC'),
        Buffer.from(fields.get('s') ?? '', 'base64'),
        iterations,
        32,
        'sha256',
      )
      const clientKey = hmac(salted, 'Client Key')
      const withoutProof = `c=biws,r=${serverNonce}`
      const whole = `${firstBare},${serverFirst},${withoutProof}`
      const signature = hmac(createHash('sha256').update(clientKey).digest(), whole)
      const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))
      return {
        message: `${withoutProof},p=${Buffer.from(proof).toString('base64')}`,
        serverSignature: hmac(hmac(salted, 'Server Key'), whole),
      }
    },
  }
}

/** Only who knows the password could have signed it. */
export function checkServer(serverFinal: string, expected: Buffer): void {
  const given = Buffer.from(attributes(serverFinal).get('v') ?? '', 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new Error('the database does not know the password it asked for')
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const attributes = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
