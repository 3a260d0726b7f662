/** `kernel`: settings of the kernel for one container. */
import * as z from 'zod'
import { parseMemory } from '../../core/units/memory.ts'
import type { Kernel } from '../../model/unit.ts'
import { memory } from '../grammar/quantity.ts'
import { named, sugar } from '../grammar/shape.ts'
import { sysctlName, text, ulimitName } from '../grammar/text.ts'

const limit = z.int().min(-1)

export const kernel = z.strictObject({
  sysctls: named(sysctlName, text).optional().describe('Kernel settings of the container.'),
  ulimits: named(
    ulimitName,
    sugar(
      z.strictObject({
        soft: limit.describe('The limit that holds at first.'),
        hard: limit.describe('How far it may be raised. -1: without limit.'),
      }),
      limit,
      (value) => ({ soft: value, hard: value }),
    ),
  )
    .optional()
    .describe('Limits of the process; one number sets both.'),
  shm: memory.optional().describe('Size of /dev/shm.'),
  init: z.boolean().default(false).describe('Runs a small init as process 1.'),
})

export const lowerKernel = (value: z.output<typeof kernel>): Kernel => ({
  sysctls: value.sysctls ?? {},
  ulimits: value.ulimits ?? {},
  shmBytes: value.shm === undefined ? undefined : parseMemory(value.shm),
  init: value.init,
})
