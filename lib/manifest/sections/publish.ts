/** `publish`: a port of the machine an instance is on. */
import * as z from 'zod'
import type { Publish } from '../../model/unit.ts'
import { portNumber } from '../grammar/quantity.ts'
import { named, sugar } from '../grammar/shape.ts'
import { ipAddress, portName } from '../grammar/text.ts'

const hostPort = z.union([portNumber, z.literal('auto')])

export const publish = named(
  portName,
  sugar(
    z.strictObject({
      port: hostPort.describe('Port of the machine; `auto` lets the platform choose.'),
      address: ipAddress.optional().describe('Only on this address of the machine.'),
    }),
    hostPort,
    (value) => ({ port: value }),
  ),
)

export const lowerPublish = (value: z.output<typeof publish>): readonly Publish[] =>
  Object.entries(value).map(([port, each]) => ({ port, hostPort: each.port, address: each.address }))
