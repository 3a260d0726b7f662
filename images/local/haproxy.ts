import { join } from 'node:path'
import { busyboxBase } from './busybox.ts'
import { addLibraries } from './libraries.ts'
import { searchPath } from './recipe.ts'
import type { Recipe } from './recipe.ts'

/** The base of the platform's proxy. As the public image it runs as the user haproxy, and stops softly on SIGUSR1. */
export const haproxy: Recipe = {
  name: 'haproxy',
  reference: 'escale.local/haproxy:2.6',
  publicReference: 'docker.io/library/haproxy:2.6',
  revision: 1,
  build: async (place) => {
    const { tree, unpacked } = await busyboxBase(
      place,
      ['haproxy'],
      [{ name: 'haproxy', uid: 99, home: '/var/lib/haproxy' }],
    )
    const program = join(unpacked.root, 'usr/sbin/haproxy')
    await tree.copy(program, 'usr/local/sbin/haproxy')
    await addLibraries(tree, unpacked.root, [program], place.signal)
    const owner = { uid: 99, gid: 99 }
    tree.folder('var/lib/haproxy', 0o755, owner)
    tree.folder('usr/local/etc/haproxy', 0o755)
    return {
      entries: tree.entries(),
      config: {
        Env: [searchPath],
        Cmd: ['haproxy', '-W', '-db', '-f', '/usr/local/etc/haproxy/haproxy.cfg'],
        User: 'haproxy',
        WorkingDir: '/var/lib/haproxy',
        StopSignal: 'SIGUSR1',
      },
      sources: unpacked.packages,
    }
  },
}
