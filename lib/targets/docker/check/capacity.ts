/** Whether the machines can hold what is reserved, beside what others have reserved already. */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Resource } from '../../../model/resource.ts'
import type { Container } from '../../../model/unit.ts'
import { jobUnits } from '../../../model/unit.ts'
import type { RenderInput } from '../../target.ts'
import type { SwarmNode } from '../engine/types/swarm.ts'
import { eligibleNodes, modeOf, reservationOf, usableNodes } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { isObject } from '../json.ts'

interface Amount {
  readonly nanoCpus: number
  readonly memoryBytes: number
}

const mebibyte = 1024 * 1024

const shown = ({ nanoCpus, memoryBytes }: Amount): string =>
  `${Number((nanoCpus / 1e9).toFixed(3))} CPU and ${Math.round(memoryBytes / mebibyte)} MiB`

const amount = (reservation: { readonly NanoCPUs?: unknown; readonly MemoryBytes?: unknown } | undefined): Amount => ({
  nanoCpus: Number(reservation?.NanoCPUs ?? 0),
  memoryBytes: Number(reservation?.MemoryBytes ?? 0),
})

const plus = (a: Amount, b: Amount): Amount => ({
  nanoCpus: a.nanoCpus + b.nanoCpus,
  memoryBytes: a.memoryBytes + b.memoryBytes,
})
const minus = (a: Amount, b: Amount): Amount => ({
  nanoCpus: a.nanoCpus - b.nanoCpus,
  memoryBytes: a.memoryBytes - b.memoryBytes,
})
const fits = (need: Amount, room: Amount): boolean =>
  need.nanoCpus <= room.nanoCpus && need.memoryBytes <= room.memoryBytes
const nothing: Amount = { nanoCpus: 0, memoryBytes: 0 }
const isNothing = ({ nanoCpus, memoryBytes }: Amount): boolean => nanoCpus === 0 && memoryBytes === 0

/** `each` is one on every machine that it may run on. */
export function instancesOf(resource: Resource): number | 'each' {
  const mode = modeOf(resource)
  if (mode['Global'] !== undefined) return 'each'
  const replicated = mode['Replicated']
  const count = isObject(replicated) ? replicated['Replicas'] : undefined
  return typeof count === 'number' ? count : 0
}

export function capacityProblems(
  input: RenderInput,
  services: readonly Resource[],
  cluster: Cluster,
): readonly Problem[] {
  const free = freeByNode(services, cluster)
  const problems: Problem[] = []
  // The largest first: what is hard to place must not find the room cut up by what is easy.
  const wanted = services
    .map((resource) => ({ resource, need: amount(reservationOf(resource)), instances: instancesOf(resource) }))
    .filter(({ need, instances }) => !isNothing(need) && instances !== 0)
    .toSorted((a, b) => b.need.memoryBytes - a.need.memoryBytes || b.need.nanoCpus - a.need.nanoCpus)
  for (const { resource, need, instances } of wanted) {
    const nodes = eligibleNodes(resource, cluster)
    const count = instances === 'each' ? nodes.length : instances
    const placed = place(nodes, free, need, count, instances === 'each')
    if (placed < count)
      problems.push(tooLittle(resource, { need, count, placed, nodes, before: freeByNode(services, cluster) }))
  }
  return [...problems, ...noNode(services, cluster), ...jobProblems(input, cluster, free)]
}

/** What each machine has left beside the tasks of others; those of this app make room for its new ones. */
function freeByNode(services: readonly Resource[], cluster: Cluster): Map<string, Amount> {
  const own = new Set(services.map(({ name }) => name))
  const ownIds = new Set(cluster.services.filter(({ Spec }) => own.has(Spec.Name)).map(({ ID }) => ID))
  const free = new Map(cluster.nodes.map(({ ID, Description }) => [ID, amount(Description.Resources)]))
  for (const task of cluster.tasks) {
    const room = free.get(task.NodeID ?? '')
    if (room !== undefined && !ownIds.has(task.ServiceID))
      free.set(task.NodeID ?? '', minus(room, amount(task.Spec.Resources?.Reservations)))
  }
  return free
}

/** Spreads as swarm does, over the machines with most room; answers how many found a place. */
function place(
  nodes: readonly SwarmNode[],
  free: Map<string, Amount>,
  need: Amount,
  count: number,
  each: boolean,
): number {
  let placed = 0
  for (let index = 0; index < count; index += 1) {
    const node = each ? nodes[index] : roomiest(nodes, free, need)
    const room = node === undefined ? undefined : free.get(node.ID)
    if (node === undefined || room === undefined || !fits(need, room)) continue
    free.set(node.ID, minus(room, need))
    placed += 1
  }
  return placed
}

function roomiest(nodes: readonly SwarmNode[], free: ReadonlyMap<string, Amount>, need: Amount): SwarmNode | undefined {
  return nodes
    .filter(({ ID }) => fits(need, free.get(ID) ?? nothing))
    .toSorted((a, b) => (free.get(b.ID)?.memoryBytes ?? 0) - (free.get(a.ID)?.memoryBytes ?? 0))[0]
}

interface Shortage {
  readonly need: Amount
  readonly count: number
  readonly placed: number
  readonly nodes: readonly SwarmNode[]
  readonly before: ReadonlyMap<string, Amount>
}

function tooLittle(resource: Resource, { need, count, placed, nodes, before }: Shortage): Problem {
  const total = { nanoCpus: need.nanoCpus * count, memoryBytes: need.memoryBytes * count }
  const rooms = nodes.map(({ ID, Description }) => `${Description.Hostname}: ${shown(before.get(ID) ?? nothing)}`)
  return problem(
    'no-capacity',
    `"${resource.unit ?? resource.name}" reserves ${shown(need)} for each of ${count} instances (${shown(total)} in all), and ${placed} of them find a place; free for this app on ${rooms.length === 0 ? 'no machine' : rooms.join('; ')}`,
    { path: `services.${resource.unit ?? ''}.size`, fix: 'reserve less, ask for fewer instances, or add a machine' },
  )
}

/** Constraints that no machine meets leave instances waiting for ever. */
function noNode(services: readonly Resource[], cluster: Cluster): readonly Problem[] {
  return services
    .filter(
      (resource) =>
        typeof instancesOf(resource) === 'number' &&
        instancesOf(resource) !== 0 &&
        eligibleNodes(resource, cluster).length === 0,
    )
    .map((resource) =>
      problem(
        'no-capacity',
        `none of the ${cluster.nodes.length} machines meets the placement of "${resource.unit ?? resource.name}"`,
        {
          path: `services.${resource.unit ?? ''}.placement`,
          fix: 'label a machine accordingly, or ask for less',
        },
      ),
    )
}

/** A job waits until there is room, but must fit one machine as a whole. */
function jobProblems(
  { release }: RenderInput,
  cluster: Cluster,
  free: ReadonlyMap<string, Amount>,
): readonly Problem[] {
  const largest = usableNodes(cluster).map(({ Description }) => amount(Description.Resources))
  const size = ({ size: asked }: Container): Amount => ({
    nanoCpus: asked?.nanoCpus ?? 0,
    memoryBytes: asked?.memoryBytes ?? 0,
  })
  return jobUnits(release.spec)
    .filter(({ main }) => !isNothing(size(main)) && !largest.some((room) => fits(size(main), room)))
    .map((job) =>
      problem(
        'no-capacity',
        `the job "${job.name}" reserves ${shown(size(job.main))}, which no machine has (free in all: ${shown([...free.values()].reduce(plus, nothing))})`,
        {
          path: `${job.from}.size`,
          fix: 'reserve less, or add a larger machine',
        },
      ),
    )
}
