/** The shared libraries that programs of an unpacked tree load, asked of that tree's own loader. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { resolveInside } from './rootfs.ts'
import type { Rootfs } from './rootfs.ts'

export interface Loader {
  /** As programs name it, e.g. /lib64/ld-linux-x86-64.so.2. */
  readonly path: string
  readonly libraryFolder: string
}

export async function findLoader(root: string): Promise<Loader> {
  for (const [folder, name, triplet] of [
    ['/lib64', 'ld-linux-x86-64.so.2', 'x86_64-linux-gnu'],
    ['/lib', 'ld-linux-aarch64.so.1', 'aarch64-linux-gnu'],
  ] as const) {
    const names: string[] = await readdir(join(root, 'usr', folder)).catch(() => [])
    if (names.includes(name)) return { path: `${folder}/${name}`, libraryFolder: `/usr/lib/${triplet}` }
  }
  throw new Error(`no program loader in ${root}: the packages hold no libc6 for this kind of processor`)
}

/** Adds what the programs load, and the loader, to the image. `programs` are paths on this machine. */
export async function addLibraries(
  tree: Rootfs,
  root: string,
  programs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const loader = await findLoader(root)
  const paths = new Set([loader.path])
  for (const program of programs) {
    const args = ['--library-path', join(root, loader.libraryFolder), '--list', program]
    for (const path of listed(await run(join(root, loader.path), args, { timeoutMs: 20_000, signal }), program, root))
      paths.add(path)
  }
  for (const path of paths) for (const step of await resolveInside(root, path)) await tree.copy(root + step, step)
}

/** Lines are `name => path (address)` or `path (address)`. */
export function listed(text: string, program: string, root: string): string[] {
  const paths: string[] = []
  for (const line of text.split('\n')) {
    const missing = /^\s*(\S+) => not found/.exec(line)
    if (missing !== null) throw new Error(`${program} needs ${missing[1]}, which none of the unpacked packages has`)
    const path = /(?:=>\s+)?(\/\S+)\s+\(0x/.exec(line)?.[1]
    if (path?.startsWith(`${root}/`) === true) paths.push(path.slice(root.length))
  }
  return paths
}
