/** `networks`: who can reach whom. */
import * as z from 'zod'
import type { Network } from '../../model/unit.ts'
import { named } from '../grammar/shape.ts'
import { name } from '../grammar/text.ts'

export const networks = named(
  name,
  z.strictObject({
    internal: z.boolean().default(false).describe('No way out. Never blocks image pulls, logs and secrets.'),
    scope: z
      .enum(['app', 'project'])
      .default('app')
      .describe('`project` shares the network with other apps of the project.'),
  }),
)

export const lowerNetworks = (value: z.output<typeof networks>): readonly Network[] =>
  Object.entries(value).map(([networkName, network]) => ({ name: networkName, ...network }))
