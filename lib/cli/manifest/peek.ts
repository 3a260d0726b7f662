/** What can be told of a manifest before it is resolved: whose it is, and which parameters it has. */
import { standardLimits } from '../../manifest/text/limits.ts'
import { readYaml } from '../../manifest/text/read.ts'
import { nodeAt } from '../../manifest/text/tree.ts'
import type { Node } from '../../manifest/text/tree.ts'
import type { ManifestSource } from './source.ts'

export interface Peek {
  readonly name?: string
  readonly project?: string
  readonly params: readonly string[]
  readonly environments: readonly string[]
  readonly services: readonly string[]
  readonly jobs: readonly string[]
}

const keysOf = (node: Node | undefined): readonly string[] => (node?.kind === 'map' ? [...node.entries.keys()] : [])
const textOf = (node: Node | undefined): string | undefined =>
  node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined

/** Never fails: of a text that is none it knows nothing. */
export function peek(source: ManifestSource): Peek {
  const { root } = readYaml(source.text, source.file, standardLimits)
  const name = textOf(nodeAt(root, ['metadata', 'name']))
  const project = textOf(nodeAt(root, ['metadata', 'project']))
  const environments = keysOf(nodeAt(root, ['environments']))
  const params = new Set([
    ...keysOf(nodeAt(root, ['params'])),
    ...environments.flatMap((environment) => keysOf(nodeAt(root, ['environments', environment, 'params']))),
  ])
  return {
    ...(name !== undefined && { name }),
    ...(project !== undefined && { project }),
    params: [...params],
    environments,
    services: keysOf(nodeAt(root, ['services'])),
    jobs: keysOf(nodeAt(root, ['jobs'])),
  }
}
