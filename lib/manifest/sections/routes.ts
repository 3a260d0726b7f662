/** `routes`: what the world reaches. */
import * as z from 'zod'
import { parseDuration } from '../../core/units/duration.ts'
import type { Route } from '../../model/unit.ts'
import { duration, portNumber } from '../grammar/quantity.ts'
import { named } from '../grammar/shape.ts'
import { cidr, name, portName, routeHost, urlPath } from '../grammar/text.ts'

const tls = z.union([
  z.enum(['auto', 'none', 'passthrough']),
  z.strictObject({ secret: name.describe('Secret with the keys `tls.crt` and `tls.key`.') }),
])

const longRoute = z.strictObject({
  host: routeHost.optional().describe('Host name. Absent: `<service>-<app>-<project>.<cluster domain>`.'),
  path: urlPath.default('/').describe('Path; matches whole segments.'),
  match: z.enum(['prefix', 'exact']).default('prefix').describe('How `path` is matched.'),
  port: portName.optional().describe('Port of the service by name. Absent: its only port, else the one named `http`.'),
  protocol: z.enum(['http', 'tcp', 'udp']).default('http').describe('What the route carries.'),
  listen: z
    .union([portNumber, z.literal('auto')])
    .optional()
    .describe('A port of its own at the entrance, unique per cluster and protocol; `auto` lets the platform choose.'),
  tls: tls.default('auto').describe('Per host: `auto`, `none`, `passthrough`, or a certificate from a secret.'),
  rewrite: urlPath.optional().describe('Replaces the matched prefix.'),
  redirectHttp: z.boolean().default(true).describe('Sends plain HTTP to HTTPS where the host has TLS.'),
  timeout: duration.optional().describe('Longest wait for an answer.'),
  sticky: z.boolean().default(false).describe('Keeps a client at one instance.'),
  allow: z.array(cidr).optional().describe('Address ranges that may call. Absent: all.'),
  public: z.boolean().default(true).describe("Reachable from outside the platform's own network."),
})

export const routes = named(name, longRoute)

export type Routes = z.output<typeof routes>

/** Keys that mean nothing where the route carries no HTTP. */
export const httpOnlyRouteKeys = ['path', 'match', 'rewrite', 'redirectHttp', 'timeout', 'sticky'] as const

export const lowerRoutes = (value: Routes, portOf: (route: Routes[string]) => string): readonly Route[] =>
  Object.entries(value).map(([routeName, route]) => ({
    name: routeName,
    host: route.host,
    path: route.path,
    match: route.match,
    port: portOf(route),
    protocol: route.protocol,
    listen: route.listen,
    tls: route.tls,
    rewrite: route.rewrite,
    redirectHttp: route.redirectHttp,
    timeoutMs: route.timeout === undefined ? undefined : parseDuration(route.timeout),
    sticky: route.sticky,
    allow: route.allow ?? [],
    public: route.public,
  }))
