import { join } from 'node:path'
import { busyboxBase } from './busybox.ts'
import { addLibraries } from './libraries.ts'
import { searchPath } from './recipe.ts'
import type { Recipe } from './recipe.ts'
import { resolveInside } from './rootfs.ts'

/** As the public image: it starts as root, gives /data to the user redis and goes on as that user. */
const entrypoint = `#!/bin/sh
set -e
case "\${1:-}" in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "$1" = redis-server ]; then
  shift
  # A configuration file must come first, and decides by itself.
  case "\${1:-}" in *.conf) ;; *) set -- --protected-mode no "$@" ;; esac
  if [ "$(id -u)" = 0 ]; then
    find . \\! -user redis -exec chown redis '{}' +
    exec start-stop-daemon -S -c redis:redis -x /usr/bin/redis-server -- "$@"
  fi
  exec /usr/bin/redis-server "$@"
fi
exec "$@"
`

export const redis: Recipe = {
  name: 'redis',
  reference: 'escale.local/redis:7',
  publicReference: 'docker.io/library/redis:7',
  revision: 1,
  build: async (place) => {
    const { tree, unpacked } = await busyboxBase(
      place,
      ['redis-server', 'redis-tools'],
      [{ name: 'redis', uid: 999, home: '/home/redis' }],
    )
    const programs = ['usr/bin/redis-server', 'usr/bin/redis-cli', 'usr/bin/redis-benchmark']
    for (const program of programs)
      for (const step of await resolveInside(unpacked.root, program)) await tree.copy(unpacked.root + step, step)
    await addLibraries(
      tree,
      unpacked.root,
      programs.map((program) => join(unpacked.root, program)),
      place.signal,
    )
    tree.text('usr/local/bin/docker-entrypoint.sh', entrypoint, 0o755)
    tree.folder('data', 0o755, { uid: 999, gid: 999 })
    return {
      entries: tree.entries(),
      config: {
        Env: [searchPath],
        Entrypoint: ['docker-entrypoint.sh'],
        Cmd: ['redis-server'],
        WorkingDir: '/data',
        Volumes: { '/data': {} },
        ExposedPorts: { '6379/tcp': {} },
      },
      sources: unpacked.packages,
    }
  },
}
