/** `ports`: what the process listens on. */
import * as z from 'zod'
import type { Port } from '../../model/unit.ts'
import { hinted } from '../grammar/hints.ts'
import { portNumber } from '../grammar/quantity.ts'
import { named, sugar } from '../grammar/shape.ts'
import { portName } from '../grammar/text.ts'

const rangeRegex = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/

function splitRange(value: string): { first: number; last: number } | undefined {
  const match = rangeRegex.exec(value)
  if (match === null) return undefined
  const [first, last] = [Number(match[1]), Number(match[2])]
  return first < last && last <= 65_535 ? { first, last } : undefined
}

const portRange = hinted(
  z
    .string()
    .regex(rangeRegex)
    .refine((value) => splitRange(value) !== undefined),
  { code: 'invalid-format', expected: 'a range such as `10000-10100`', plain: true },
)

const portOrRange = hinted(z.union([portNumber, portRange]), {
  code: 'out-of-range',
  expected: 'a port from 1 to 65535, or a range such as `10000-10100`',
})

const longPort = z.strictObject({
  port: portOrRange.describe('Port (or range) the process listens on.'),
  as: portNumber.optional().describe('Port the callers use, where it differs.'),
  protocol: z.enum(['tcp', 'udp']).default('tcp').describe('Transport.'),
  app: z
    .enum(['http', 'http2', 'grpc', 'raw'])
    .optional()
    .describe('What is spoken. Absent: `http` where an http route or check uses the port, else `raw`.'),
})

export const ports = named(
  portName,
  sugar(longPort, portOrRange, (value) => ({ port: value })),
)

export type Ports = z.output<typeof ports>

export const isRange = (port: Ports[string]): boolean => typeof port.port === 'string'

/** First and last port of an entry. */
export function portSpan(port: Ports[string]): { readonly first: number; readonly last: number } {
  if (typeof port.port === 'number') return { first: port.port, last: port.port }
  return splitRange(port.port) ?? { first: 0, last: 0 }
}

export const lowerPorts = (value: Ports, spokenHttp: ReadonlySet<string>): readonly Port[] =>
  Object.entries(value).map(([name, port]) => {
    const span = portSpan(port)
    return {
      name,
      port: span.first,
      endPort: span.last === span.first ? undefined : span.last,
      as: port.as,
      protocol: port.protocol,
      app: port.app ?? (spokenHttp.has(name) ? 'http' : 'raw'),
    }
  })
