/** The keys that services and jobs share beside those of the container. */
import * as z from 'zod'
import { parseMemory } from '../../core/units/memory.ts'
import type { Scratch } from '../../model/unit.ts'
import { memory } from '../grammar/quantity.ts'
import { named, sugar } from '../grammar/shape.ts'
import { name } from '../grammar/text.ts'
import { container, sidecar } from './container.ts'
import { identity } from './identity.ts'
import { dns, logs } from './logs.ts'
import { labels } from './metadata.ts'
import { allow, override } from './override.ts'
import { placement } from './placement.ts'

const scratch = named(
  name,
  sugar(
    z.strictObject({
      size: memory.optional().describe("Most it may hold. Absent: the machine's limit."),
      memory: z.boolean().default(false).describe('In memory instead of on disk.'),
    }),
    memory,
    (value) => ({ size: value }),
  ),
)

export const dependencyConditions = ['started', 'healthy', 'completed'] as const

export const workloadKeys = {
  sidecars: named(name, sidecar).optional().describe('Containers beside the main one.'),
  init: named(name, container).optional().describe('Containers that run before it, one by one, in document order.'),
  scratch: scratch.optional().describe('Space shared by main, sidecars and init, gone with the instance.'),
  networks: z.array(name).optional().describe("Networks it is on. Absent: the app's own; `[]`: none."),
  dependsOn: named(name, z.enum(dependencyConditions))
    .optional()
    .describe('Release gates, in order: services, jobs and external names.'),
  identity: identity.optional().describe('What it may do elsewhere.'),
  placement: placement.prefault({}).describe('Wishes about machines.'),
  logs: logs.prefault({}).describe('Where the output goes.'),
  dns: dns.optional().describe('Resolver settings.'),
  labels: labels.optional().describe('Opaque labels.'),
  annotations: labels.optional().describe('Opaque annotations.'),
  allow: allow.optional().describe('Accepts a named approximation that is refused otherwise.'),
  override: override.optional().describe('Native fragments by target, merged last, always shown in the plan.'),
}

export const lowerScratch = (value: z.output<typeof scratch>): readonly Scratch[] =>
  Object.entries(value).map(([scratchName, each]) => ({
    name: scratchName,
    sizeBytes: each.size === undefined ? undefined : parseMemory(each.size),
    memory: each.memory,
  }))
