/** A file tree in the making: every path once, owners and modes as decided here and not as found on this machine. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { posix } from 'node:path'

export type EntrySource =
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly from: string; readonly size: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly to: string }

export interface Entry {
  /** Without leading slash. */
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly source: EntrySource
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

const root: Owner = { uid: 0, gid: 0 }

/** Folders that are one in today's Debian; a tree with both forms would hold two of each. */
const merged = new Map([
  ['bin', 'usr/bin'],
  ['sbin', 'usr/sbin'],
  ['lib', 'usr/lib'],
  ['lib64', 'usr/lib64'],
])

export interface Rootfs {
  folder(path: string, mode?: number, owner?: Owner): void
  text(path: string, text: string, mode?: number, owner?: Owner): void
  link(path: string, to: string): void
  /** Takes a file, link or whole folder from disk; `keep` decides on each path below it. */
  copy(from: string, to: string, keep?: (path: string) => boolean): Promise<void>
  /** In the order of their paths, with the folders they lie in. */
  entries(): Entry[]
}

export function createRootfs(): Rootfs {
  const entries = new Map<string, Entry>()
  const place = (path: string): string => {
    const clean = posix.normalize(path).replace(/^\/+|\/+$/g, '')
    const [top = '', ...rest] = clean.split('/')
    const home = merged.get(top)
    return home === undefined || rest.length === 0 ? clean : [home, ...rest].join('/')
  }
  const put = (path: string, mode: number, owner: Owner, source: EntrySource): void => {
    const at = place(path)
    for (let parent = posix.dirname(at); parent !== '.'; parent = posix.dirname(parent))
      if (!entries.has(parent)) entries.set(parent, { path: parent, mode: 0o755, ...root, source: { kind: 'folder' } })
    entries.set(at, { path: at, mode, ...owner, source })
  }
  const copy = async (from: string, to: string, keep: (path: string) => boolean): Promise<void> => {
    const found = await lstat(from)
    if (found.isSymbolicLink()) put(to, 0o777, root, { kind: 'link', to: await readlink(from) })
    else if (found.isDirectory()) {
      if (!entries.has(place(to))) put(to, 0o755, root, { kind: 'folder' })
      for (const name of (await readdir(from)).sort())
        if (keep(posix.join(to, name))) await copy(`${from}/${name}`, posix.join(to, name), keep)
    } else if (found.isFile())
      put(to, found.mode & 0o111 ? 0o755 : 0o644, root, { kind: 'file', from, size: found.size })
  }
  for (const [path, to] of merged) {
    entries.set(to, { path: to, mode: 0o755, ...root, source: { kind: 'folder' } })
    entries.set(path, { path, mode: 0o777, ...root, source: { kind: 'link', to } })
  }
  entries.set('usr', { path: 'usr', mode: 0o755, ...root, source: { kind: 'folder' } })
  return {
    folder: (path, mode = 0o755, owner = root) => put(path, mode, owner, { kind: 'folder' }),
    text: (path, text, mode = 0o644, owner = root) => put(path, mode, owner, { kind: 'text', text }),
    link: (path, to) => put(path, 0o777, root, { kind: 'link', to }),
    copy: (from, to, keep = () => true) => copy(from, to, keep),
    entries: () => [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

export interface User {
  readonly name: string
  readonly uid: number
  readonly home: string
}

/** What every image has: users, name service order, folders that programs expect, and a name for the system. */
export function addBasics(tree: Rootfs, users: readonly User[]): void {
  const all = [{ name: 'root', uid: 0, home: '/root' }, ...users, { name: 'nobody', uid: 65534, home: '/' }]
  tree.text('etc/passwd', all.map(({ name, uid, home }) => `${name}:x:${uid}:${uid}::${home}:/bin/sh\n`).join(''))
  tree.text('etc/group', all.map(({ name, uid }) => `${name}:x:${uid}:\n`).join(''))
  tree.text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n')
  for (const path of ['dev', 'proc', 'sys', 'run', 'etc', 'var', 'home']) tree.folder(path)
  tree.link('var/run', '/run')
  tree.folder('root', 0o700)
  for (const path of ['tmp', 'var/tmp']) tree.folder(path, 0o1777)
  for (const { uid, home } of users) if (home.startsWith('/home/')) tree.folder(home, 0o755, { uid, gid: uid })
}

/** Follows the links of a path inside an unpacked tree to the file they end at. */
export async function resolveInside(base: string, path: string): Promise<string[]> {
  const steps: string[] = []
  let at = posix.normalize(`/${path}`)
  for (let hops = 0; hops < 16; hops++) {
    steps.push(at)
    const found = await lstat(base + at)
    if (!found.isSymbolicLink()) return steps
    at = posix.resolve(posix.dirname(at), await readlink(base + at))
  }
  throw new Error(`the links from ${path} never end`)
}

export async function bytesOf(entry: Entry): Promise<Buffer | undefined> {
  switch (entry.source.kind) {
    case 'file':
      return readFile(entry.source.from)
    case 'text':
      return Buffer.from(entry.source.text)
    case 'folder':
    case 'link':
      return undefined
  }
}
