/** Reads what `path:` names, from a folder that nothing can lead out of. */
import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, posix, relative, resolve, sep } from 'node:path'
import { maxConfigBytes } from './text/limits.ts'

export interface FolderFile {
  /** Relative to what was asked for, `/` separated. */
  readonly path: string
  readonly bytes: Uint8Array
}

export type FileRead =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'folder'; readonly files: readonly FolderFile[] }
  | { readonly kind: 'missing'; readonly reason: string }
  | { readonly kind: 'outside'; readonly reason: string }
  | { readonly kind: 'too-large'; readonly reason: string }

/** The port through which a manifest's files come: from a folder, or with the request. */
export interface FileReader {
  read(path: string): FileRead
}

/** `path` in one form, or why it may not be read: absolute, or leading out. */
export function confine(path: string): { readonly path: string } | { readonly outside: string } {
  const slashed = path.replaceAll('\\', '/')
  if (posix.isAbsolute(slashed) || isAbsolute(path) || /^[A-Za-z]:/.test(path)) {
    return { outside: 'it is absolute' }
  }
  const normal = posix.normalize(slashed).replace(/\/+$/, '')
  if (normal === '..' || normal.startsWith('../')) return { outside: 'it leads out of the folder of the manifest' }
  return { path: normal === '' ? '.' : normal }
}

/** Beyond the limit on configs nothing is read: the rest would be refused anyway. */
const maxFiles = 2000

class TooLarge extends Error {}

/** Files below `folder`. A link that leads out of it is refused, wherever on the way it stands. */
export function folderReader(folder: string): FileReader {
  return {
    read(path) {
      const confined = confine(path)
      if ('outside' in confined) return { kind: 'outside', reason: confined.outside }
      try {
        const root = realpathSync(resolve(folder))
        const target = realpathSync(join(root, confined.path))
        if (!isInside(root, target))
          return { kind: 'outside', reason: 'a link leads out of the folder of the manifest' }
        return readTarget(root, target)
      } catch (error) {
        if (error instanceof TooLarge) return { kind: 'too-large', reason: error.message }
        return { kind: 'missing', reason: reasonOf(error) }
      }
    },
  }
}

const isInside = (root: string, target: string): boolean => {
  const way = relative(root, target)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file or folder'
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read'
  if (code === 'ELOOP') return 'its links go round in a circle'
  if (error instanceof OutsideLink) return error.message
  throw error
}

class OutsideLink extends Error {}

function readTarget(root: string, target: string): FileRead {
  const status = statSync(target)
  if (status.isFile()) return { kind: 'file', bytes: readBounded(target, { bytes: 0, files: 0 }) }
  if (!status.isDirectory()) return { kind: 'missing', reason: 'it is neither a file nor a folder' }
  const files: FolderFile[] = []
  const outside = collect(root, target, '', files, { bytes: 0, files: 0 })
  if (outside !== undefined)
    return { kind: 'outside', reason: `the link \`${outside}\` leads out of the folder of the manifest` }
  return { kind: 'folder', files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

interface Budget {
  bytes: number
  files: number
}

function readBounded(path: string, budget: Budget): Uint8Array {
  budget.bytes += statSync(path).size
  budget.files += 1
  if (budget.bytes > maxConfigBytes) throw new TooLarge(`it holds more than ${maxConfigBytes} bytes`)
  if (budget.files > maxFiles) throw new TooLarge(`it holds more than ${maxFiles} files`)
  return readFileSync(path)
}

/** Answers with the first link that leads out; undefined when there is none. */
function collect(root: string, folder: string, prefix: string, into: FolderFile[], budget: Budget): string | undefined {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const inner = prefix === '' ? name : `${prefix}/${name}`
    const status = lstatSync(path)
    const target = status.isSymbolicLink() ? realpathSync(path) : path
    if (!isInside(root, target)) return inner
    const kind = status.isSymbolicLink() ? statSync(target) : status
    // A link to a folder could contain itself; files are what a config is made of.
    if (kind.isDirectory()) {
      if (status.isSymbolicLink()) throw new OutsideLink(`\`${inner}\` is a link to a folder, which is not followed`)
      const outside = collect(root, path, inner, into, budget)
      if (outside !== undefined) return outside
    } else if (kind.isFile()) into.push({ path: inner, bytes: readBounded(target, budget) })
  }
  return undefined
}

/** Files that travel with the manifest, by path beside it. */
export function memoryReader(files: Readonly<Record<string, Uint8Array>>): FileReader {
  const known = new Map<string, Uint8Array>()
  for (const [path, bytes] of Object.entries(files)) {
    const confined = confine(path)
    if ('path' in confined) known.set(confined.path, bytes)
  }
  return {
    read(path) {
      const confined = confine(path)
      if ('outside' in confined) return { kind: 'outside', reason: confined.outside }
      const bytes = known.get(confined.path)
      if (bytes !== undefined) return { kind: 'file', bytes }
      const prefix = confined.path === '.' ? '' : `${confined.path}/`
      const inside = [...known].filter(([each]) => each.startsWith(prefix))
      if (inside.length === 0) return { kind: 'missing', reason: 'no such file came with the manifest' }
      return {
        kind: 'folder',
        files: inside
          .map(([each, content]) => ({ path: each.slice(prefix.length), bytes: content }))
          .sort((a, b) => (a.path < b.path ? -1 : 1)),
      }
    },
  }
}

/** For manifests that may name no files at all. */
export const noFiles: FileReader = memoryReader({})
