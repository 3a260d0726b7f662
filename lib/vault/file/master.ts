/** The master key: from a file beside the vault that only its owner may read, or from a passphrase. */
import { scrypt } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Random } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import { hasErrno, makeFolder, readIfThere, writeFirst } from './disk.ts'

const keyBytes = 32

/** The key in the file, or undefined where there is none. */
export async function readKeyFile(path: string): Promise<Buffer | undefined> {
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  await checkPermissions(path)
  const key = Buffer.from(text.toString().trim(), 'hex')
  if (key.byteLength !== keyBytes) {
    throw new EscaleError(
      'vault-wrong-key',
      `${path} is no key file of a vault: it must hold ${keyBytes * 2} hexadecimal digits`,
    )
  }
  return key
}

export async function makeKeyFile(path: string, random: Random): Promise<Buffer> {
  await makeFolder(dirname(path))
  await writeFirst(path, Buffer.from(`${Buffer.from(random.bytes(keyBytes)).toString('hex')}\n`), random)
  // Another process may have been faster; the file tells which key it is.
  const key = await readKeyFile(path)
  if (key === undefined) throw new EscaleError('vault-key-missing', `the key file ${path} vanished while it was made`)
  return key
}

async function checkPermissions(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o077) === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  throw new EscaleError(
    'vault-key-permissions',
    `the key file ${path} has the permissions ${octal}, so others than its owner may use it; run \`chmod 600 ${path}\`, and change the secrets if somebody could have read it`,
  )
}

/** Cost of the passphrase's key; kept beside the vault, so that it may grow later. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

export const defaultCost: ScryptCost = { N: 2 ** 17, r: 8, p: 1 }

/** Beyond this the header was made to exhaust the machine. */
const maxMemoryBytes = 1024 ** 3

const scryptAsync = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

export async function passphraseKey(passphrase: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  try {
    return await scryptAsync(passphrase.normalize('NFC'), salt, keyBytes, { ...cost, maxmem: maxMemoryBytes })
  } catch (error) {
    if (!hasErrno(error, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', 'ERR_CRYPTO_SCRYPT_NOT_SUPPORTED', 'ERR_OUT_OF_RANGE'))
      throw error
    throw new EscaleError(
      'vault-damaged',
      `the vault asks for a scrypt cost that is not possible: ${JSON.stringify(cost)}`,
      {
        cause: error,
      },
    )
  }
}
