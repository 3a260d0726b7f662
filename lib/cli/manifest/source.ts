/** The text of a manifest and where it lies. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { EscaleError, problem } from '../../core/errors.ts'
import { standardLimits } from '../../manifest/text/limits.ts'
import type { World } from '../world.ts'

export interface ManifestSource {
  /** As problems name it. */
  readonly file: string
  /** What `path:` and build contexts are relative to. */
  readonly folder: string
  readonly text: string
}

export const usualNames = ['escale.yaml', 'escale.yml'] as const

const missing = (message: string, fix: string): EscaleError =>
  new EscaleError('file-missing', message, { problems: [problem('file-missing', message, { fix })] })

/** The file that was named, `-` for standard input, else the usual one of this folder. */
export async function readSource(world: World, named: string | undefined): Promise<ManifestSource> {
  if (named === '-') {
    const bytes = await world.stdin.readAll(standardLimits.maxBytes)
    return { file: '-', folder: world.cwd, text: Buffer.from(bytes).toString('utf8') }
  }
  const path = named === undefined ? await usualFile(world.cwd) : resolve(world.cwd, named)
  if (path === undefined) {
    throw missing(
      `there is no ${usualNames[0]} in ${world.cwd}`,
      'go to the folder of the app, name a file with --file, or begin one with `escale init`',
    )
  }
  const shown = named ?? basename(path)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw missing(`${JSON.stringify(shown)} cannot be read: ${reason(error)}`, 'check the path given with --file')
  })
  if (found.isDirectory())
    return await readSource({ ...world, cwd: path }, undefined).then((source) => ({
      ...source,
      file: relative(world.cwd, resolve(path, source.file)),
    }))
  if (found.size > standardLimits.maxBytes) {
    const message = `${JSON.stringify(shown)} has ${String(found.size)} bytes; at most ${String(standardLimits.maxBytes)} are read`
    throw new EscaleError('too-large', message)
  }
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw missing(`${JSON.stringify(shown)} cannot be read: ${reason(error)}`, 'check its permissions')
  })
  return { file: shown, folder: dirname(path), text }
}

async function usualFile(folder: string): Promise<string | undefined> {
  for (const name of usualNames) {
    const path = resolve(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile() === true) return path
  }
  return undefined
}

const reason = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return 'there is no such file'
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'it may not be read'
  return error.message
}
