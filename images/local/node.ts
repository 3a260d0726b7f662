import { run } from './command.ts'
import { busyboxBase } from './busybox.ts'
import { addLibraries } from './libraries.ts'
import { searchPath } from './recipe.ts'
import type { Recipe } from './recipe.ts'

/** Node on busybox and the libraries it loads. There is no npm in it: dependencies are copied in, not installed. */
export const node: Recipe = {
  name: 'node',
  reference: 'escale.local/node:24',
  publicReference: 'docker.io/library/node:24-slim',
  revision: 1,
  build: async (place) => {
    const { tree, unpacked } = await busyboxBase(
      place,
      ['libstdc++6', 'libatomic1'],
      [{ name: 'node', uid: 1000, home: '/home/node' }],
    )
    await tree.copy(place.nodeBinary, 'usr/local/bin/node')
    await addLibraries(tree, unpacked.root, [place.nodeBinary], place.signal)
    const version = (await run(place.nodeBinary, ['--version'], { timeoutMs: 10_000, signal: place.signal })).trim()
    const number = version.replace(/^v/, '')
    return {
      entries: tree.entries(),
      config: { Env: [searchPath, `NODE_VERSION=${number}`], Cmd: ['node'] },
      sources: [...unpacked.packages, `node ${number}`],
    }
  },
}
