/** Reads a tar file in place: one pass finds and hashes its entries, content is read from where it lies. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import type { Header } from 'tar-stream'
import { EscaleError } from '../../core/errors.ts'
import { readAll } from '../bytes.ts'

export interface TarFile {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly digest: string
  /** The first bytes, to tell compressed content from plain. */
  readonly head: Uint8Array
}

export interface TarIndex {
  /** The file `name` stands for, through links within the archive. */
  find(name: string): TarFile | undefined
  read(file: TarFile): AsyncIterable<Uint8Array>
  /** The whole of a small file. */
  text(name: string): Promise<Uint8Array | undefined>
}

const maxEntries = 100_000
const maxTextBytes = 16 * 1024 * 1024
const maxLinks = 8
const headBytes = 4

export async function indexTar(path: string, signal: AbortSignal | undefined): Promise<TarIndex> {
  const files = new Map<string, TarFile>()
  const links = new Map<string, string>()
  const parser = extract()
  parser.on('entry', (header, content, next) => {
    const found = { ...header, offset: (header as Header & { readonly byteOffset?: number }).byteOffset ?? 0 }
    const hash = createHash('sha256')
    let head: Uint8Array = new Uint8Array()
    content.on('data', (data) => {
      const chunk = data as Uint8Array
      hash.update(chunk)
      if (head.byteLength < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.byteLength)])
    })
    content.on('end', () => {
      try {
        note(found, head, `sha256:${hash.digest('hex')}`)
        next()
      } catch (error) {
        next(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })

  function note(header: Header & { readonly offset: number }, head: Uint8Array, digest: string): void {
    const name = safeName(header.name, path)
    if (files.size + links.size >= maxEntries)
      throw new EscaleError('too-large', `the archive ${path} has more than ${maxEntries} entries`)
    switch (header.type) {
      case 'directory':
        return
      case 'symlink':
        links.set(
          name,
          safeName(
            posix.isAbsolute(header.linkname) ? header.linkname : posix.join(posix.dirname(name), header.linkname),
            path,
          ),
        )
        return
      case 'link':
        links.set(name, safeName(header.linkname, path))
        return
      case 'file':
      case 'contiguous-file':
        if (files.has(name))
          throw new EscaleError('archive-unsafe', `the archive ${path} has "${name}" twice; save it again`)
        files.set(name, { name, offset: header.offset, size: header.size, digest, head })
        return
      case 'block-device':
      case 'character-device':
      case 'fifo':
        throw new EscaleError(
          'archive-unsafe',
          `the archive ${path} has "${name}" of the type ${header.type}, which no archive of images has`,
        )
    }
  }

  try {
    await pipeline(createReadStream(path), parser, signal === undefined ? {} : { signal })
  } catch (error) {
    if (error instanceof EscaleError) throw error
    signal?.throwIfAborted()
    if (isSystemError(error))
      throw new EscaleError('file-missing', `the archive ${path} cannot be read: ${error.message}`, { cause: error })
    throw new EscaleError(
      'archive-invalid',
      `${path} is no complete tar file (${error instanceof Error ? error.message : String(error)}); save it again`,
      { cause: error },
    )
  }

  const find = (name: string): TarFile | undefined => {
    let current = name
    for (let hops = 0; hops <= maxLinks; hops += 1) {
      const file = files.get(current)
      if (file !== undefined) return file
      const target = links.get(current)
      if (target === undefined) return undefined
      current = target
    }
    return undefined
  }
  const read = (file: TarFile): AsyncIterable<Uint8Array> =>
    file.size === 0 ? nothing() : createReadStream(path, { start: file.offset, end: file.offset + file.size - 1 })
  return {
    find,
    read,
    async text(name) {
      const file = find(name)
      return file === undefined ? undefined : readAll(read(file), maxTextBytes, `"${name}" of ${path}`)
    },
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'errno' in error

/** Nothing is ever unpacked to the name of an entry; an archive that tries to leave its folder is still no honest one. */
export function safeName(name: string, archive: string): string {
  const clean = posix.normalize(name).replace(/\/$/, '')
  if (
    name === '' ||
    name.includes('\0') ||
    name.includes('\\') ||
    posix.isAbsolute(clean) ||
    clean === '..' ||
    clean.startsWith('../')
  )
    throw new EscaleError(
      'archive-unsafe',
      `the archive ${archive} has an entry or link "${name}", which leads outside it; do not use this archive`,
    )
  return clean
}
