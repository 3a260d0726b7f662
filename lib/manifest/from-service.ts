/** `from`: a job that takes a service's container keys, networks, identity and placement. */
import { isNull, merge } from './merge.ts'
import type { MergeOptions } from './merge.ts'
import { portlessKeys } from './sections/container.ts'
import { job } from './sections/jobs.ts'
import type { Entry, MapNode } from './text/tree.ts'

/**
 * What is taken. `health` is not: it asks ports, and a job has none. `scratch` is, because the mounts that are
 * taken name it.
 */
const taken: ReadonlySet<string> = new Set([
  ...Object.keys(portlessKeys).filter((key) => key !== 'health'),
  'networks',
  'identity',
  'placement',
  'scratch',
])

/** The long form with every `from` written out; a job whose service does not exist is left as it is. */
export function expandFrom(root: MapNode, options: MergeOptions): MapNode {
  const jobs = root.entries.get('jobs')
  const services = root.entries.get('services')?.node
  if (jobs?.node.kind !== 'map') return root
  const expanded = new Map<string, Entry>()
  for (const [name, entry] of jobs.node.entries) {
    expanded.set(name, {
      ...entry,
      node:
        entry.node.kind === 'map'
          ? expandJob(entry.node, services?.kind === 'map' ? services : undefined, options)
          : entry.node,
    })
  }
  const entries = new Map(root.entries)
  entries.set('jobs', { ...jobs, node: { ...jobs.node, entries: expanded } })
  return { ...root, entries }
}

function expandJob(node: MapNode, services: MapNode | undefined, options: MergeOptions): MapNode {
  const from = node.entries.get('from')?.node
  if (from?.kind !== 'scalar' || isNull(from)) return node
  const service = services?.entries.get(from.text)?.node
  // Without the service, which has its problem, there is still `null` to be taken out.
  const kept = service?.kind === 'map' ? [...service.entries].filter(([key]) => taken.has(key)) : []
  const merged = merge(job, { ...node, entries: new Map(kept) }, node, { views: options.views })
  return merged?.kind === 'map' ? merged : node
}
