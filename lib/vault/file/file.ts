/**
 * The vault in a folder: `vault.json`, and for each secret a folder with one sealed file for each version. A
 * version's file is written once and never changed, so processes need no lock and a crash leaves nothing half done.
 */
import { join } from 'node:path'
import type { Clock, Random } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import { checkPath, checkPrefix, checkValue, newVersionId } from '../checks.ts'
import type { SecretPath, Vault } from '../vault.ts'
import { hasErrno, makeFolder, namesIn, onDisk, readIfThere, removeFile, removeIfEmpty, writeWhole } from './disk.ts'
import type { KeySource } from './header.ts'
import { openHeader } from './header.ts'
import type { ScryptCost } from './master.ts'
import { defaultCost } from './master.ts'
import { hiddenName, isHiddenName, seal, unseal } from './seal.ts'
import type { VersionFile, VersionName } from './version.ts'
import { decodeVersion, encodeVersion, formatName, parseName } from './version.ts'

export interface FileVaultOptions {
  readonly folder: string
  readonly clock: Clock
  readonly random: Random
  /** Default: the folder's path with `.key` added, so that a copy of the folder alone opens nothing. */
  readonly keyFile?: string
  /** Instead of a key file. */
  readonly passphrase?: string
  /** Cost of the passphrase's key when the vault is made. */
  readonly scryptCost?: ScryptCost
}

/** Tries of a put whose folder another process removes meanwhile. */
const maxTries = 10

/** Opens the vault, or makes it on first use. */
export async function openFileVault(options: FileVaultOptions): Promise<Vault> {
  const { folder, clock, random } = options
  const { master, installKey } = await onDisk(folder, () => openHeader(folder, keySource(options), random))

  const folderOf = (path: SecretPath): string => join(folder, hiddenName(master, path))
  const labelOf = (hidden: string, version: string): string => `version ${hidden} ${version}`

  async function namesOf(path: SecretPath): Promise<readonly VersionName[]> {
    checkPath(path)
    return (await namesIn(folderOf(path))).map(parseName).filter((name) => name !== undefined)
  }

  /** Undefined where somebody has removed it. */
  async function load(hidden: string, name: VersionName): Promise<VersionFile | undefined> {
    const file = join(folder, hidden, formatName(name))
    const sealed = await readIfThere(file)
    if (sealed === undefined) return undefined
    const bytes = unseal(master, labelOf(hidden, name.version), sealed)
    const content = bytes && decodeVersion(bytes)
    if (content?.version.version === name.version && hiddenName(master, content.path) === hidden) return content
    throw new EscaleError(
      'vault-damaged',
      `${file} of the vault was changed or cut off; restore it or remove that version`,
    )
  }

  /** The newest that is still there: one may be removed between looking and reading. */
  async function newest(hidden: string): Promise<VersionFile | undefined> {
    const names = (await namesIn(join(folder, hidden))).map(parseName).filter((name) => name !== undefined)
    for (const name of names.toReversed()) {
      const content = await load(hidden, name)
      if (content !== undefined) return content
    }
    return undefined
  }

  async function add(content: VersionFile): Promise<void> {
    const hidden = hiddenName(master, content.path)
    const { version } = content.version
    const sealed = seal(master, labelOf(hidden, version), encodeVersion(content), random)
    for (let attempt = 1; ; attempt++) {
      try {
        await makeFolder(join(folder, hidden))
        const order = ((await namesOf(content.path)).at(-1)?.order ?? 0) + 1
        await writeWhole(join(folder, hidden, formatName({ order, version })), sealed, random)
        return
      } catch (error) {
        // Somebody removes the whole secret at this moment: then this version comes after that.
        if (!hasErrno(error, 'ENOENT') || attempt === maxTries) throw error
      }
    }
  }

  return {
    put: (path, value, origin) =>
      onDisk(folder, async () => {
        checkPath(path)
        checkValue(path, value)
        const version = { version: newVersionId(random), createdAtMs: clock.nowMs(), origin }
        await add({ path, version, value })
        return version
      }),

    read: (path, version) =>
      onDisk(folder, async () => {
        const hidden = hiddenName(master, path)
        const names = await namesOf(path)
        const name = names.find((one) => one.version === version)
        if (version !== undefined && name === undefined) return undefined
        const found = name === undefined ? await newest(hidden) : await load(hidden, name)
        return found && { version: found.version, value: found.value }
      }),

    current: (path) =>
      onDisk(folder, async () => {
        checkPath(path)
        return (await newest(hiddenName(master, path)))?.version
      }),

    versions: (path) =>
      onDisk(folder, async () => {
        const names = await namesOf(path)
        const contents = await Promise.all(names.map((name) => load(hiddenName(master, path), name)))
        return contents.filter((content) => content !== undefined).map((content) => content.version)
      }),

    list: (prefix) =>
      onDisk(folder, async () => {
        checkPrefix(prefix)
        const paths: SecretPath[] = []
        for (const hidden of (await namesIn(folder)).filter(isHiddenName)) {
          const path = (await newest(hidden))?.path
          if (path?.startsWith(prefix) === true) paths.push(path)
        }
        return paths.sort()
      }),

    remove: (path, versions) =>
      onDisk(folder, async () => {
        checkPath(path)
        const target = folderOf(path)
        for (const file of await namesIn(target)) {
          // With the whole secret go files that a crash left aside.
          const goes = versions === undefined || versions.includes(parseName(file)?.version ?? '')
          if (goes) await removeFile(join(target, file))
        }
        await removeIfEmpty(target)
      }),

    installKey: async () => Uint8Array.from(installKey),
  }
}

function keySource({ folder, keyFile, passphrase, scryptCost }: FileVaultOptions): KeySource {
  if (passphrase === undefined) return { from: 'file', path: keyFile ?? `${folder}.key` }
  if (keyFile !== undefined)
    throw new EscaleError('usage', 'a vault opens with a key file or with a passphrase, not with both')
  if (passphrase === '') throw new EscaleError('usage', 'the passphrase of the vault is empty')
  return { from: 'passphrase', passphrase, cost: scryptCost ?? defaultCost }
}
