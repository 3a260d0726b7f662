/**
 * The head of a vault, `vault.json`: where its key comes from, and the installation's key, sealed. Whether that
 * opens tells a right key from a wrong one before anything is written.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Random } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import { makeFolder, readIfThere, writeFirst } from './disk.ts'
import type { ScryptCost } from './master.ts'
import { makeKeyFile, passphraseKey, readKeyFile } from './master.ts'
import { isHiddenName, seal, unseal } from './seal.ts'

const positive = z.number().int().positive()
const headerSchema = z.object({
  format: z.literal(1),
  key: z.discriminatedUnion('from', [
    z.object({ from: z.literal('file') }),
    z.object({
      from: z.literal('passphrase'),
      salt: z.string(),
      cost: z.object({ N: positive, r: positive, p: positive }),
    }),
  ]),
  installKey: z.string(),
})
type Header = z.infer<typeof headerSchema>

export type KeySource =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'passphrase'; readonly passphrase: string; readonly cost: ScryptCost }

export interface Keys {
  readonly master: Uint8Array
  readonly installKey: Uint8Array
}

const installKeyLabel = 'install key'

export async function openHeader(folder: string, source: KeySource, random: Random): Promise<Keys> {
  await makeFolder(folder)
  const path = join(folder, 'vault.json')
  const text = (await readIfThere(path)) ?? (await makeHeader(folder, path, source, random))
  const header = parseHeader(path, text)
  const master = await masterKey(path, header, source)
  const installKey = unseal(master, installKeyLabel, Buffer.from(header.installKey, 'base64'))
  if (installKey === undefined) {
    const what = source.from === 'file' ? `the key in ${source.path}` : 'the passphrase'
    throw new EscaleError('vault-wrong-key', `${what} does not open the vault ${folder}; give the one it was made with`)
  }
  return { master, installKey }
}

async function masterKey(path: string, { key }: Header, source: KeySource): Promise<Uint8Array> {
  if (key.from === 'file' && source.from === 'file') {
    const master = await readKeyFile(source.path)
    if (master !== undefined) return master
    throw new EscaleError(
      'vault-key-missing',
      `the vault of ${path} exists but its key file ${source.path} does not; put the key back, without it no secret can be read`,
    )
  }
  if (key.from === 'passphrase' && source.from === 'passphrase') {
    return passphraseKey(source.passphrase, Buffer.from(key.salt, 'base64'), key.cost)
  }
  const made = key.from === 'file' ? 'a key file' : 'a passphrase'
  const given = source.from === 'file' ? 'a key file' : 'a passphrase'
  throw new EscaleError('vault-wrong-key', `the vault of ${path} opens with ${made}, not with ${given}`)
}

/** The text of the header: ours, or that of whoever was faster. */
async function makeHeader(folder: string, path: string, source: KeySource, random: Random): Promise<Buffer> {
  const names = await readdir(folder)
  if (names.some(isHiddenName)) {
    throw new EscaleError(
      'vault-damaged',
      `the vault ${folder} holds secrets but not its head ${path}; restore that file`,
    )
  }
  const installKey = random.bytes(32)
  let header: Header
  if (source.from === 'file') {
    const master = (await readKeyFile(source.path)) ?? (await makeKeyFile(source.path, random))
    header = { format: 1, key: { from: 'file' }, installKey: sealed(master, installKey, random) }
  } else {
    const salt = random.bytes(16)
    const master = await passphraseKey(source.passphrase, salt, source.cost)
    const key = { from: 'passphrase', salt: Buffer.from(salt).toString('base64'), cost: source.cost } as const
    header = { format: 1, key, installKey: sealed(master, installKey, random) }
  }
  await writeFirst(path, Buffer.from(`${JSON.stringify(header, null, 2)}\n`), random)
  const text = await readIfThere(path)
  if (text === undefined)
    throw new EscaleError('vault-damaged', `the head of the vault ${path} vanished while it was made`)
  return text
}

const sealed = (master: Uint8Array, installKey: Uint8Array, random: Random): string =>
  seal(master, installKeyLabel, installKey, random).toString('base64')

function parseHeader(path: string, text: Buffer): Header {
  let json: unknown
  try {
    json = JSON.parse(text.toString())
  } catch (error) {
    throw new EscaleError('vault-damaged', `the head of the vault ${path} is not JSON`, { cause: error })
  }
  const parsed = headerSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new EscaleError(
    'vault-damaged',
    `the head of the vault ${path} is not of the form this version of Escale knows`,
  )
}
