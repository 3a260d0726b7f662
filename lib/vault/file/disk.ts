/** Files that are whole or not there: written aside, synced, then moved into place. */
import { link, mkdir, open, readFile, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Random } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'

export const hasErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)

/** What `work` answers, or undefined where the file or folder it is about is not there. */
async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export const readIfThere = (path: string): Promise<Buffer | undefined> => ifThere(readFile(path))

/** Names in a folder, sorted; none where it is missing. */
export const namesIn = async (folder: string): Promise<readonly string[]> =>
  ((await ifThere(readdir(folder))) ?? []).sort()

export const removeFile = (path: string): Promise<void> => rm(path, { force: true })

/** Removes a folder unless somebody has put something into it in the meantime. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder for its owner alone, so that it outlives a loss of power. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first !== undefined) await syncFolder(dirname(first))
}

async function writeAside(folder: string, data: Uint8Array, random: Random): Promise<string> {
  const aside = join(folder, `tmp-${Buffer.from(random.bytes(12)).toString('hex')}`)
  const handle = await open(aside, 'wx', 0o600)
  try {
    await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return aside
}

export async function writeWhole(path: string, data: Uint8Array, random: Random): Promise<void> {
  const folder = dirname(path)
  const aside = await writeAside(folder, data, random)
  try {
    await rename(aside, path)
  } catch (error) {
    await removeFile(aside)
    throw error
  }
  await syncFolder(folder)
}

/** Writes a file that nobody has written yet; false where somebody was faster, whose file stays. */
export async function writeFirst(path: string, data: Uint8Array, random: Random): Promise<boolean> {
  const folder = dirname(path)
  const aside = await writeAside(folder, data, random)
  try {
    await link(aside, path)
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await removeFile(aside)
  }
  await syncFolder(folder)
  return true
}

/** Turns the file system's refusals into the vault's. They name paths, never what is in the files. */
export async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw new EscaleError('vault-unavailable', `the vault ${folder} cannot be read or written: ${error.message}`, {
      cause: error,
    })
  }
}
