/** `size`: what is reserved, and what caps. */
import * as z from 'zod'
import { parseCpu } from '../../core/units/cpu.ts'
import { parseMemory } from '../../core/units/memory.ts'
import type { Size } from '../../model/unit.ts'
import { count, cpu, memory } from '../grammar/quantity.ts'

export const size = z.strictObject({
  cpu: cpu.optional().describe('CPU reserved: `0.5` or `500m`. 1 = one vCPU.'),
  memory: memory.optional().describe('Memory reserved.'),
  limits: z
    .strictObject({
      cpu: cpu.optional().describe('Most CPU it may use.'),
      memory: memory.optional().describe('Most memory it may use.'),
    })
    .optional()
    .describe('Caps.'),
  ephemeral: memory.optional().describe('Disk that is gone with the instance.'),
  gpu: count.optional().describe('Number of GPUs.'),
})

const read = (value: string | undefined, parse: (text: string) => number | undefined): number | undefined =>
  value === undefined ? undefined : parse(value)

export const lowerSize = (value: z.output<typeof size>): Size => ({
  nanoCpus: read(value.cpu, parseCpu),
  memoryBytes: read(value.memory, parseMemory),
  limitNanoCpus: read(value.limits?.cpu, parseCpu),
  limitMemoryBytes: read(value.limits?.memory, parseMemory),
  ephemeralBytes: read(value.ephemeral, parseMemory),
  gpu: value.gpu,
})
