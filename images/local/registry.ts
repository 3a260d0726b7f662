import { join } from 'node:path'
import { busyboxBase } from './busybox.ts'
import { addLibraries } from './libraries.ts'
import { searchPath } from './recipe.ts'
import type { Recipe } from './recipe.ts'

const config = `version: 0.1
log: {fields: {service: registry}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff]}}
health: {storagedriver: {enabled: true, interval: 10s, threshold: 3}}
`

export const registry: Recipe = {
  name: 'registry',
  reference: 'escale.local/registry:2',
  publicReference: 'docker.io/library/registry:2',
  revision: 1,
  build: async (place) => {
    const { tree, unpacked } = await busyboxBase(place, ['docker-registry'])
    const program = join(unpacked.root, 'usr/bin/docker-registry')
    await tree.copy(program, 'usr/bin/registry')
    await addLibraries(tree, unpacked.root, [program], place.signal)
    tree.text('etc/docker/registry/config.yml', config)
    tree.folder('var/lib/registry')
    return {
      entries: tree.entries(),
      config: {
        Env: [searchPath],
        Entrypoint: ['/usr/bin/registry', 'serve'],
        Cmd: ['/etc/docker/registry/config.yml'],
        Volumes: { '/var/lib/registry': {} },
        ExposedPorts: { '5000/tcp': {} },
      },
      sources: unpacked.packages,
    }
  },
}
