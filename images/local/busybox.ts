import { join } from 'node:path'
import { run } from './command.ts'
import { unpackPackages } from './debian.ts'
import type { PackageTree } from './debian.ts'
import { searchPath } from './recipe.ts'
import type { BuildPlace, Recipe } from './recipe.ts'
import { addBasics, createRootfs } from './rootfs.ts'
import type { Rootfs, User } from './rootfs.ts'

/** Unpacks the wanted packages with busybox, and begins a tree with a shell, the everyday tools and the users. */
export async function busyboxBase(
  place: BuildPlace,
  wanted: readonly string[],
  users: readonly User[] = [],
): Promise<{ tree: Rootfs; unpacked: PackageTree }> {
  const unpacked = await unpackPackages(['busybox-static', ...wanted], place.folder, place.signal)
  const tree = createRootfs()
  addBasics(tree, users)
  const program = join(unpacked.root, 'bin/busybox')
  await tree.copy(program, 'usr/bin/busybox')
  const applets = await run(program, ['--list'], { timeoutMs: 10_000, signal: place.signal })
  for (const applet of applets.split('\n'))
    if (applet !== '' && applet !== 'busybox') tree.link(`usr/bin/${applet}`, 'busybox')
  return { tree, unpacked }
}

export const busybox: Recipe = {
  name: 'busybox',
  reference: 'escale.local/busybox:1',
  publicReference: 'docker.io/library/busybox:1',
  revision: 1,
  build: async (place) => {
    const { tree, unpacked } = await busyboxBase(place, [])
    return { entries: tree.entries(), config: { Env: [searchPath], Cmd: ['sh'] }, sources: unpacked.packages }
  },
}
