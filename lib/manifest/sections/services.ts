/** `services`: what runs for ever. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'
import { hostName, name } from '../grammar/text.ts'
import { containerKeys, imageKinds } from './container.ts'
import { publish } from './publish.ts'
import { routes } from './routes.ts'
import { scale } from './scale.ts'
import { update } from './update.ts'
import { workloadKeys } from './workload.ts'

export const service = hinted(
  z.strictObject({
    ...containerKeys,
    ...workloadKeys,
    routes: routes.optional().describe('What the world reaches.'),
    publish: publish.optional().describe('Ports of the machine an instance is on; at most one instance a machine.'),
    aliases: z.array(hostName).optional().describe('Other names, on all its networks.'),
    discovery: z
      .enum(['address', 'instances'])
      .default('address')
      .describe('`address`: one stable address; `instances`: all of them behind the name.'),
    mode: z
      .enum(['replicated', 'perNode', 'stateful'])
      .default('replicated')
      .describe(
        'A count of interchangeable instances, one per worker, or instances each with a name and storage of its own.',
      ),
    scale: scale.optional().describe('How many. `scale: 3` is short for min and max. Absent: one.'),
    update: update.prefault({}).describe('How a new version takes over.'),
  }),
  { instead: imageKinds },
)

export const services = named(name, service)

export type ServiceSection = z.output<typeof service>
