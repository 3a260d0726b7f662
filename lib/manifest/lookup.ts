/** Finds things in a complete manifest. */
import type { ContainerSection } from './sections/container.ts'
import type { HealthSection } from './sections/health.ts'
import { checkPort } from './sections/health.ts'
import type { JobSection } from './sections/jobs.ts'
import type { CompleteManifest } from './sections/manifest.ts'
import type { Ports } from './sections/ports.ts'
import type { ServiceSection } from './sections/services.ts'

export type Workload = ServiceSection | JobSection

export type AnyContainer = Omit<ContainerSection, 'ports'> & { readonly ports?: Ports }

export interface PlacedContainer {
  /** `main`, or the name of the sidecar or init. */
  readonly name: string
  readonly role: 'main' | 'sidecar' | 'init'
  readonly container: AnyContainer
  readonly path: readonly string[]
}

export interface PlacedWorkload {
  readonly kind: 'service' | 'job'
  readonly name: string
  readonly workload: Workload
  readonly path: readonly string[]
}

export const workloadsOf = (manifest: CompleteManifest): readonly PlacedWorkload[] => [
  ...Object.entries(manifest.services ?? {}).map(([name, workload]): PlacedWorkload => ({
    kind: 'service',
    name,
    workload,
    path: ['services', name],
  })),
  ...Object.entries(manifest.jobs ?? {}).map(([name, workload]): PlacedWorkload => ({
    kind: 'job',
    name,
    workload,
    path: ['jobs', name],
  })),
]

export const containersIn = (placed: PlacedWorkload): readonly PlacedContainer[] => [
  { name: 'main', role: 'main', container: placed.workload, path: placed.path },
  ...Object.entries(placed.workload.sidecars ?? {}).map(([name, container]): PlacedContainer => ({
    name,
    role: 'sidecar',
    container,
    path: [...placed.path, 'sidecars', name],
  })),
  ...Object.entries(placed.workload.init ?? {}).map(([name, container]): PlacedContainer => ({
    name,
    role: 'init',
    container,
    path: [...placed.path, 'init', name],
  })),
]

/** Ports of main and sidecars: what routes, publish and callers can name. */
export function portsOf(workload: Workload): Ports {
  const found: Record<string, Ports[string]> = {}
  if ('ports' in workload) Object.assign(found, workload.ports)
  for (const sidecar of Object.values(workload.sidecars ?? {})) {
    for (const [name, port] of Object.entries(sidecar.ports ?? {})) found[name] ??= port
  }
  return found
}

/** The port meant where none is named: the only one, else the one called `http`. */
export function impliedPort(ports: Ports, named: string | undefined): string | undefined {
  if (named !== undefined) return Object.hasOwn(ports, named) ? named : undefined
  const names = Object.keys(ports)
  if (names.length === 1) return names[0]
  return names.includes('http') ? 'http' : undefined
}

export const checksOf = (health: HealthSection | undefined) =>
  (['ready', 'live', 'startup'] as const).flatMap((role) => {
    const each = health?.[role]
    return each === undefined ? [] : [{ role, check: each }]
  })

/** Names of a container's ports over which http is checked. */
export function httpCheckedPorts(container: AnyContainer): readonly string[] {
  return checksOf(container.health).flatMap(({ check }) => {
    const isHttp = ('http' in check && check.http !== undefined) || ('https' in check && check.https !== undefined)
    const port = isHttp ? impliedPort(container.ports ?? {}, checkPort(check)?.named) : undefined
    return port === undefined ? [] : [port]
  })
}

/** Most instances at once that a service may have. */
export function mostInstances(service: ServiceSection): number {
  if (service.mode === 'perNode') return Number.POSITIVE_INFINITY
  const { scale } = service
  if (scale === undefined) return 1
  const scheduled = Object.values(scale.schedule ?? {}).flatMap((each) => [each.min ?? 0, each.max ?? 0])
  return Math.max(scale.min, scale.max ?? scale.min, ...scheduled)
}
