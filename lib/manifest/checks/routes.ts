/** Routes: their port, and what goes together. */
import { portsOf } from '../lookup.ts'
import { isRange } from '../sections/ports.ts'
import type { Ports } from '../sections/ports.ts'
import { httpOnlyRouteKeys } from '../sections/routes.ts'
import type { Routes } from '../sections/routes.ts'
import { secretKeys } from '../sections/secrets.ts'
import type { CheckInput } from './input.ts'
import { mustBePort } from './ports.ts'
import { mustExist } from './references.ts'

type Route = Routes[string]

interface PlacedRoute {
  readonly name: string
  readonly route: Route
  readonly ports: Ports
  readonly path: readonly string[]
}

export function checkRoutes(input: CheckInput): void {
  const { manifest, report } = input
  const all: PlacedRoute[] = []
  for (const [service, section] of Object.entries(manifest.services ?? {})) {
    const entries = Object.entries(section.routes ?? {})
    for (const [name, route] of entries) {
      all.push({ name, route, ports: portsOf(section), path: ['services', service, 'routes', name] })
    }
    if (entries.length > 0 && section.networks?.length === 0) {
      report(['services', service, 'networks'], 'conflict', 'a service without networks cannot be reached by a route', {
        fix: 'remove `networks: []`, or the routes',
      })
    }
  }
  for (const [name, external] of Object.entries(manifest.external ?? {})) {
    if (!('host' in external)) continue
    for (const [routeName, route] of Object.entries(external.routes ?? {})) {
      all.push({ name: routeName, route, ports: external.ports ?? {}, path: ['external', name, 'routes', routeName] })
    }
  }
  for (const placed of all) {
    checkPort(placed, input)
    checkProtocol(placed, input)
    checkTls(placed, input)
  }
  checkOverlaps(all, input)
}

function checkPort({ route, ports, path }: PlacedRoute, { report }: CheckInput): void {
  const place = route.port === undefined ? path : [...path, 'port']
  const name = mustBePort(ports, route.port, place, 'value', report)
  const port = name === undefined ? undefined : ports[name]
  if (port === undefined) return
  const wanted = route.protocol === 'udp' ? 'udp' : 'tcp'
  if (port.protocol !== wanted) {
    report(
      place,
      'conflict',
      `the route carries ${route.protocol}, and the port \`${name ?? ''}\` is ${port.protocol}`,
      {
        fix: port.protocol === 'udp' ? 'set the protocol of the route to udp' : 'name a port of the same protocol',
      },
    )
  }
  if (isRange(port) && route.protocol === 'http') {
    report(place, 'conflict', `the port \`${name ?? ''}\` is a range; an http route leads to one port`, {
      fix: 'declare the port of the route by itself',
    })
  }
}

function checkProtocol({ route, path }: PlacedRoute, { report, written }: CheckInput): void {
  if (route.protocol === 'http') return
  if (route.listen === undefined) {
    report([...path, 'listen'], 'missing-key', `a ${route.protocol} route needs a port of its own`, {
      part: 'key',
      fix: 'add `listen`: a port, or `auto`',
    })
  }
  for (const key of httpOnlyRouteKeys) {
    if (written([...path, key]) === undefined) continue
    report([...path, key], 'conflict', `\`${key}\` has no meaning for a ${route.protocol} route`, {
      part: 'key',
      fix: 'remove it',
    })
  }
}

function checkTls({ route, path }: PlacedRoute, { manifest, report }: CheckInput): void {
  if (route.tls === 'passthrough') {
    if (route.host === undefined && route.protocol === 'http') {
      report(
        [...path, 'tls'],
        'conflict',
        '`passthrough` finds its route by the host name in the TLS greeting, and there is no `host`',
        { fix: 'add `host`' },
      )
    }
    if (route.path !== '/' || route.rewrite !== undefined) {
      report([...path, 'tls'], 'conflict', 'with `passthrough` nobody but the service can read the path', {
        fix: 'remove `path` and `rewrite`, or end TLS at the route',
      })
    }
    return
  }
  if (typeof route.tls !== 'object' || route.tls.secret === undefined) return
  const secrets = manifest.secrets ?? {}
  const at = [...path, 'tls', 'secret']
  if (!mustExist(route.tls.secret, secrets, 'secret', at, report)) return
  const secret = secrets[route.tls.secret]
  const keys = secret === undefined ? 'open' : secretKeys(secret)
  if (keys === 'open') return
  const missing = ['tls.crt', 'tls.key'].filter((key) => keys === 'single' || !keys.includes(key))
  if (missing.length > 0) {
    report(
      at,
      'conflict',
      `the secret \`${route.tls.secret}\` has no ${missing.map((key) => `\`${key}\``).join(' and no ')}`,
      {
        value: route.tls.secret,
        fix: 'a certificate is `{keys: {tls.crt: {}, tls.key: {}}}`',
      },
    )
  }
}

function checkOverlaps(all: readonly PlacedRoute[], { report }: CheckInput): void {
  const taken = new Map<string, PlacedRoute>()
  const tlsOf = new Map<string, PlacedRoute>()
  for (const placed of all) {
    const { route, path } = placed
    // Without a host the name of the service tells the routes apart; of several on one service the route's name does.
    const key =
      route.protocol !== 'http'
        ? `${route.protocol} ${route.listen ?? ''}`
        : route.host === undefined
          ? undefined
          : `${route.host.toLowerCase()} ${route.listen ?? ''} ${route.match} ${route.path}`
    if (key !== undefined && route.listen !== 'auto') {
      const other = taken.get(key)
      if (other !== undefined) {
        const what =
          route.protocol === 'http'
            ? `\`${route.host ?? ''}${route.path}\``
            : `${route.protocol} port ${route.listen ?? ''}`
        report(path, 'duplicate-name', `${what} is taken by \`${other.path.slice(1).join('.')}\` already`, {
          part: 'key',
          fix: 'change host, path or port of one of the two',
        })
      }
      taken.set(key, placed)
    }
    if (route.protocol !== 'http' || route.host === undefined) continue
    const host = `${route.host.toLowerCase()} ${route.listen ?? ''}`
    const first = tlsOf.get(host)
    if (first !== undefined && JSON.stringify(first.route.tls) !== JSON.stringify(route.tls)) {
      report([...path, 'tls'], 'conflict', `\`tls\` is per host, and \`${route.host}\` has two kinds of it`, {
        fix: 'write the same `tls` on each route of the host',
      })
    }
    tlsOf.set(host, first ?? placed)
  }
}
