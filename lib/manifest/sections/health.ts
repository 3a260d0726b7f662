/** `health`: ready decides traffic, live decides restart, startup holds both back. */
import * as z from 'zod'
import { parseDuration } from '../../core/units/duration.ts'
import type { Check, Health, Probe } from '../../model/unit.ts'
import { hinted } from '../grammar/hints.ts'
import { atLeastOne, duration } from '../grammar/quantity.ts'
import { sugar } from '../grammar/shape.ts'
import { portName, someText, text, urlPath } from '../grammar/text.ts'

const checkedPort = portName.optional().describe('Port by name. Absent: the only one, else the one named `http`.')
const exec = hinted(z.array(text).min(1), { commandLine: true }).describe('A command; 0 is success.')
const httpPath = urlPath.describe('A path; 200–399 is success.')
const httpsPath = urlPath.describe('A path over TLS. Where the target cannot check it: the port answers.')
const tcpPort = portName.describe('A port by name; taking the connection is success.')
const grpcPort = portName.describe('A port by name; the gRPC health protocol is asked.')
const grpcService = someText.optional().describe('Service to ask about.')

export const checkKinds = ['http', 'https', 'tcp', 'grpc', 'exec'] as const

function check(interval: string) {
  const timing = {
    interval: duration.default(interval).describe('Time between checks.'),
    timeout: duration.default('2s').describe('Longest wait for an answer.'),
    failures: atLeastOne.default(3).describe('Failures in a row that count.'),
  }
  return z.union([
    z.strictObject({ http: httpPath, port: checkedPort, ...timing }),
    z.strictObject({ https: httpsPath, port: checkedPort, ...timing }),
    z.strictObject({ tcp: tcpPort, ...timing }),
    z.strictObject({ grpc: grpcPort, service: grpcService, ...timing }),
    z.strictObject({ exec, ...timing }),
  ])
}

const startup = hinted(
  z.strictObject({
    within: duration.describe('Time a new instance has to become ready.'),
    http: httpPath.optional(),
    https: httpsPath.optional(),
    tcp: tcpPort.optional(),
    grpc: grpcPort.optional(),
    exec: exec.optional(),
    port: checkedPort,
    service: grpcService,
    interval: duration.optional().describe('Time between checks.'),
    timeout: duration.optional().describe('Longest wait for an answer.'),
  }),
  { instead: checkKinds },
)

export const health = sugar(
  z.strictObject({
    ready: check('5s').optional().describe('Decides traffic.'),
    live: check('10s').optional().describe('Decides restart.'),
    startup: startup.optional().describe("Holds both back. Without a check of its own it uses ready's."),
  }),
  urlPath,
  (path) => ({ ready: { http: path }, live: { http: path } }),
)

export type HealthSection = z.output<typeof health>
type AnyCheck = NonNullable<HealthSection['ready']> | NonNullable<HealthSection['startup']>

/** The port a check names, or would take by itself: `undefined` when it needs none. */
export function checkPort(each: AnyCheck): { readonly named?: string } | undefined {
  if ('tcp' in each && each.tcp !== undefined) return { named: each.tcp }
  if ('grpc' in each && each.grpc !== undefined) return { named: each.grpc }
  if ('http' in each && each.http !== undefined) return { named: each.port }
  if ('https' in each && each.https !== undefined) return { named: each.port }
  return undefined
}

const milliseconds = (value: string | undefined, otherwise: number): number =>
  (value === undefined ? undefined : parseDuration(value)) ?? otherwise

function probe(each: AnyCheck, portOf: (named: string | undefined) => number): Probe | undefined {
  if ('http' in each && each.http !== undefined) return { kind: 'http', path: each.http, port: portOf(each.port) }
  if ('https' in each && each.https !== undefined) return { kind: 'https', path: each.https, port: portOf(each.port) }
  if ('tcp' in each && each.tcp !== undefined) return { kind: 'tcp', port: portOf(each.tcp) }
  if ('grpc' in each && each.grpc !== undefined) {
    return { kind: 'grpc', port: portOf(each.grpc), service: each.service }
  }
  if ('exec' in each && each.exec !== undefined) return { kind: 'exec', command: each.exec }
  return undefined
}

export function lowerHealth(value: HealthSection, portOf: (named: string | undefined) => number): Health {
  const lowerCheck = (each: HealthSection['ready']): Check | undefined => {
    const found = each === undefined ? undefined : probe(each, portOf)
    if (each === undefined || found === undefined) return undefined
    return {
      probe: found,
      intervalMs: milliseconds(each.interval, 5000),
      timeoutMs: milliseconds(each.timeout, 2000),
      failures: each.failures,
    }
  }
  const { startup: own } = value
  const ownProbe = own === undefined ? undefined : probe(own, portOf)
  return {
    ready: lowerCheck(value.ready),
    live: lowerCheck(value.live),
    startup:
      own === undefined
        ? undefined
        : {
            withinMs: milliseconds(own.within, 0),
            check:
              ownProbe === undefined
                ? undefined
                : {
                    probe: ownProbe,
                    intervalMs: milliseconds(own.interval, 1000),
                    timeoutMs: milliseconds(own.timeout, 2000),
                    failures: 1,
                  },
          },
  }
}
