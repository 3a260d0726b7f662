/** Clusters, nodes, volumes and housekeeping on the wire. */
import * as z from 'zod'
import { hostPattern, line, name, when } from './text.ts'

export const cluster = z
  .object({ name: z.string(), kind: z.string(), domain: z.string().optional(), createdAt: when })
  .meta({ id: 'Cluster' })

export const addClusterBody = z.strictObject({
  name,
  kind: z.enum(['docker', 'ecs', 'kubernetes', 'memory']),
  domain: z.string().max(253).regex(hostPattern).optional().describe('Hosts of routes without one end in it.'),
})

export const node = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(['ready', 'down', 'draining']),
    role: z.enum(['manager', 'worker']),
    labels: z.record(z.string(), z.string()),
    cpu: z.number().describe('In CPUs.'),
    memoryBytes: z.number().int(),
    arch: z.string(),
    os: z.string(),
  })
  .meta({ id: 'Node' })

export const changeNodeBody = z.strictObject({ availability: z.enum(['active', 'drain']) })

export const volume = z
  .object({
    name: z.string(),
    nativeName: z.string(),
    app: z.object({ project: z.string(), app: z.string(), environment: z.string() }).optional(),
    sizeBytes: z.number().int().optional(),
    usedBy: z.array(z.string()).readonly(),
    createdAt: when.optional(),
  })
  .meta({ id: 'Volume' })

export const clusterQuery = z.strictObject({ cluster: name })

const reclaimKind = z.enum(['image', 'container', 'network', 'volume', 'object'])

export const unused = z
  .object({
    kind: reclaimKind,
    nativeId: z.string(),
    name: z.string(),
    sizeBytes: z.number().int(),
    reason: z.string(),
  })
  .meta({ id: 'Unused', description: 'Something that nobody uses.' })

/** Only what the report names can be removed. */
export const reclaimBody = z.strictObject({
  items: z
    .array(z.strictObject({ kind: reclaimKind, nativeId: line(1024) }))
    .min(1)
    .max(1000)
    .readonly(),
})
