import type { NodeInfo, Nodes } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import type { SwarmNode } from './engine/types/swarm.ts'
import { imageArch } from './facts.ts'

const attempts = 4

export function dockerNodes(manager: () => Promise<Engine>): Nodes {
  return {
    list: async () => (await (await manager()).nodes.list()).map(nodeInfo),
    setAvailability: async (id, availability) => {
      const { nodes } = await manager()
      for (let attempt = 0; ; attempt += 1) {
        const node = await nodes.inspect(id)
        if (node.Spec.Availability === availability) return
        try {
          await nodes.update(node.ID, node.Version.Index, { ...node.Spec, Availability: availability })
          return
        } catch (error) {
          if (!isEngineError(error, 'outOfSequence') || attempt + 1 === attempts) throw error
        }
      }
    },
  }
}

export const nodeInfo = ({ ID, Spec, Description, Status }: SwarmNode): NodeInfo => ({
  id: ID,
  name: Description.Hostname,
  state: Status.State !== 'ready' ? 'down' : Spec.Availability === 'active' ? 'ready' : 'draining',
  role: Spec.Role,
  labels: Spec.Labels,
  nanoCpus: Description.Resources.NanoCPUs,
  memoryBytes: Description.Resources.MemoryBytes,
  arch: imageArch(Description.Platform.Architecture ?? ''),
  os: Description.Platform.OS ?? 'linux',
})
