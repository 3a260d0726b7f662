/** What preflight knows of the swarm, and which of its nodes a service may use. */
import type { Json, JsonObject } from '../../../core/hash.ts'
import type { Resource } from '../../../model/resource.ts'
import type { Network, Volume } from '../engine/types/resource.ts'
import type { Service, Task } from '../engine/types/service.ts'
import type { Swarm, SwarmNode } from '../engine/types/swarm.ts'
import { imageArch } from '../facts.ts'
import { isObject } from '../json.ts'

export interface Cluster {
  readonly nodes: readonly SwarmNode[]
  readonly services: readonly Service[]
  /** Those that are wanted to run. */
  readonly tasks: readonly Task[]
  readonly networks: readonly Network[]
  readonly volumes: readonly Volume[]
  /** Volume drivers of this engine. */
  readonly drivers: readonly string[]
  readonly swarm: Pick<Swarm, 'DefaultAddrPool' | 'SubnetSize'>
}

export const usableNodes = ({ nodes }: Cluster): readonly SwarmNode[] =>
  nodes.filter(({ Spec, Status }) => Spec.Availability === 'active' && Status.State === 'ready')

const objectAt = (body: JsonObject, ...path: readonly string[]): JsonObject => {
  let value: Json | undefined = body
  for (const name of path) value = isObject(value) ? value[name] : undefined
  return isObject(value) ? value : {}
}

export const placementOf = (resource: Resource): JsonObject => objectAt(resource.body, 'TaskTemplate', 'Placement')
export const reservationOf = (resource: Resource): JsonObject =>
  objectAt(resource.body, 'TaskTemplate', 'Resources', 'Reservations')
export const modeOf = (resource: Resource): JsonObject => objectAt(resource.body, 'Mode')

/** Nodes on which the service's constraints let it run. A pin that no node bears yet will be put on one of them. */
export function eligibleNodes(resource: Resource, cluster: Cluster): readonly SwarmNode[] {
  const { Constraints, Platforms } = placementOf(resource)
  const constraints = Array.isArray(Constraints) ? Constraints.map(String) : []
  const platforms = Array.isArray(Platforms) ? Platforms.filter(isObject) : []
  return usableNodes(cluster).filter(
    (node) =>
      constraints.every((constraint) => meets(node, constraint, cluster)) &&
      (platforms.length === 0 ||
        platforms.some(({ Architecture }) => imageArch(node.Description.Platform.Architecture ?? '') === Architecture)),
  )
}

function meets(node: SwarmNode, constraint: string, cluster: Cluster): boolean {
  const match = /^(\S+?)\s*(==|!=)\s*(.*)$/.exec(constraint)
  if (match === null) return true
  const [, name = '', operator, value] = match
  const label = /^node\.labels\.(.+)$/.exec(name)?.[1]
  if (
    label !== undefined &&
    label.startsWith('io.escale.pin.') &&
    !cluster.nodes.some(({ Spec }) => Spec.Labels[label] !== undefined)
  )
    return true
  const actual = label === undefined ? attribute(node, name) : (node.Spec.Labels[label] ?? '')
  // What is not known here is the engine's to judge.
  return actual === undefined || (operator === '==') === (actual === value)
}

function attribute({ ID, Spec, Description }: SwarmNode, name: string): string | undefined {
  switch (name) {
    case 'node.id':
      return ID
    case 'node.hostname':
      return Description.Hostname
    case 'node.role':
      return Spec.Role
    default:
      return undefined
  }
}
