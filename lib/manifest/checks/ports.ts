/** Ports, routes, publish and health: names of ports, and who else has them. */
import { checksOf, containersIn, impliedPort, portsOf, workloadsOf } from '../lookup.ts'
import type { PlacedContainer } from '../lookup.ts'
import { checkKinds, checkPort } from '../sections/health.ts'
import { isRange, portSpan } from '../sections/ports.ts'
import type { Ports } from '../sections/ports.ts'
import type { CheckInput, Report } from './input.ts'
import { mustExist } from './references.ts'

export function checkPorts({ manifest, report }: CheckInput): void {
  for (const placed of workloadsOf(manifest)) {
    const containers = containersIn(placed)
    checkListening(
      containers.filter((each) => each.role !== 'init'),
      report,
    )
    for (const each of containers) checkHealth(each, report)
  }
  for (const [name, external] of Object.entries(manifest.external ?? {})) {
    if ('host' in external) checkCallers(external.ports ?? {}, ['external', name, 'ports'], report, new Map())
  }
}

interface Span {
  readonly first: number
  readonly last: number
  readonly name: string
}

/** Main and sidecars share one network: a port belongs to one of them, and so does a name. */
function checkListening(containers: readonly PlacedContainer[], report: Report): void {
  const names = new Map<string, string>()
  const spans: Record<'tcp' | 'udp', Span[]> = { tcp: [], udp: [] }
  const callers = new Map<string, string>()
  for (const { container, path } of containers) {
    for (const [name, port] of Object.entries(container.ports ?? {})) {
      const at = [...path, 'ports', name]
      if (names.has(name)) {
        report(at, 'duplicate-name', `the port name \`${name}\` stands in two containers of the service`, {
          part: 'key',
          value: name,
          fix: 'names of ports are unique in a service, sidecars included: choose another',
        })
      }
      names.set(name, name)
      if (port.port === undefined) continue
      const span = portSpan(port)
      const other = spans[port.protocol].find((each) => span.first <= each.last && each.first <= span.last)
      if (other !== undefined) {
        report(
          [...at, 'port'],
          'conflict',
          `the ports \`${other.name}\` and \`${name}\` overlap: one process listens on a port`,
          {
            value: String(port.port),
            fix: 'change one of the two; callers may keep theirs by `as`',
          },
        )
      }
      spans[port.protocol].push({ ...span, name })
    }
    checkCallers(container.ports ?? {}, [...path, 'ports'], report, callers)
  }
}

function checkCallers(ports: Ports, path: readonly string[], report: Report, taken: Map<string, string>): void {
  for (const [name, port] of Object.entries(ports)) {
    if (port.as !== undefined && isRange(port)) {
      report([...path, name, 'as'], 'conflict', 'a range of ports has no other ports for callers', {
        value: String(port.as),
        fix: 'remove `as`',
      })
      continue
    }
    if (isRange(port) || port.port === undefined) continue
    const key = `${port.protocol}/${port.as ?? port.port}`
    const other = taken.get(key)
    if (other !== undefined && other !== name && port.as !== undefined) {
      report([...path, name, 'as'], 'conflict', `callers reach \`${other}\` at ${key} already`, {
        value: String(port.as),
        fix: 'choose another number',
      })
    }
    taken.set(key, name)
  }
}

/** The port a name stands for, reported where there is none or it cannot be. */
export function mustBePort(
  ports: Ports,
  named: string | undefined,
  path: readonly string[],
  part: 'key' | 'value',
  report: Report,
): string | undefined {
  if (named !== undefined) return mustExist(named, ports, 'port', path, report, part) ? named : undefined
  const implied = impliedPort(ports, undefined)
  if (implied !== undefined) return implied
  const names = Object.keys(ports)
  if (names.length === 0) {
    report(path, 'missing-key', 'a port is meant, and the service listens on none', {
      part: 'key',
      fix: 'declare it under `ports`, e.g. `ports: {http: 8080}`',
    })
  } else {
    report(path, 'missing-key', 'which port is meant? There are several, and none is called `http`', {
      part: 'key',
      allowed: names,
      fix: `add \`port\`: ${names.map((name) => `\`${name}\``).join(' or ')}`,
    })
  }
  return undefined
}

const isKind = (key: string): boolean => checkKinds.some((kind) => kind === key)

function checkHealth({ container, path }: PlacedContainer, report: Report): void {
  const ports = container.ports ?? {}
  for (const { role, check } of checksOf(container.health)) {
    const at = [...path, 'health', role]
    const kinds = Object.keys(check).filter((key) => isKind(key))
    const [first, second] = kinds
    if (second !== undefined) {
      report(
        [...at, second],
        'conflict',
        `\`${first ?? ''}\` and \`${second}\` exclude each other: a check is of one kind`,
        { part: 'key', fix: 'keep one of the two' },
      )
      continue
    }
    if (role === 'startup' && first === undefined && container.health?.ready === undefined) {
      report(at, 'conflict', '`startup` has no check of its own, and there is no `ready` whose check it could use', {
        part: 'key',
        fix: 'add `health.ready`, or a check here',
      })
    }
    const wanted = checkPort(check)
    if (wanted === undefined) continue
    const own = first === 'tcp' || first === 'grpc' ? first : 'port'
    const place = own in check ? [...at, own] : at
    const name = mustBePort(ports, wanted.named, place, 'value', report)
    const port = name === undefined ? undefined : ports[name]
    if (port === undefined) continue
    if (port.protocol === 'udp') {
      report(place, 'conflict', `the port \`${name ?? ''}\` is udp, and a check needs an answer`, {
        fix: 'check a tcp port, or use `exec`',
      })
    } else if (isRange(port)) {
      report(place, 'conflict', `the port \`${name ?? ''}\` is a range; a check asks one port`, {
        fix: 'declare the one that is checked by itself',
      })
    }
  }
}

export function checkPublish({ manifest, report }: CheckInput): void {
  const taken = new Map<string, string>()
  for (const [service, section] of Object.entries(manifest.services ?? {})) {
    const ports = portsOf(section)
    for (const [name, published] of Object.entries(section.publish ?? {})) {
      const path = ['services', service, 'publish', name]
      if (!mustExist(name, ports, 'port', path, report, 'key')) continue
      if (published.port === 'auto' || published.port === undefined) continue
      const key = `${section.placement?.pool ?? ''} ${ports[name]?.protocol ?? 'tcp'} ${published.port}`
      const other = taken.get(key)
      if (other !== undefined) {
        report(
          [...path, 'port'],
          'conflict',
          `port ${published.port} of the machine is published by \`${other}\` already`,
          {
            value: String(published.port),
            fix: 'choose another port, or `auto`',
          },
        )
      }
      taken.set(key, service)
    }
  }
}
