/** Services and jobs to units. */
import type { Container, Image, JobUnit, ServiceUnit, Sidecar } from '../model/unit.ts'
import { dependedUpon } from './dependencies.ts'
import { httpCheckedPorts, impliedPort, portsOf } from './lookup.ts'
import { lowerContainer } from './lower-container.ts'
import type { ContainerPlace } from './lower-container.ts'
import type { ResolvedManifest } from './resolve.ts'
import type { SidecarSection } from './sections/container.ts'
import { lowerIdentity } from './sections/identity.ts'
import type { JobSection } from './sections/jobs.ts'
import { lowerLogs } from './sections/logs.ts'
import { lowerPlacement } from './sections/placement.ts'
import { lowerPublish } from './sections/publish.ts'
import { lowerRoutes } from './sections/routes.ts'
import { lowerScale } from './sections/scale.ts'
import type { ServiceSection } from './sections/services.ts'
import { lowerUpdate } from './sections/update.ts'
import { lowerScratch } from './sections/workload.ts'
import type { Workload } from './lookup.ts'
import { parseDuration } from '../core/units/duration.ts'
import { formatPath } from '../core/problems.ts'

export interface LowerContext {
  readonly resolved: ResolvedManifest
  readonly imageOf: (image: Image) => Image
}

/** Ports that speak http because an http route or check uses them. */
function spokenHttp(workload: Workload): ReadonlySet<string> {
  const ports = portsOf(workload)
  const routed = 'routes' in workload ? Object.values(workload.routes ?? {}) : []
  return new Set([
    ...routed.filter((route) => route.protocol === 'http').flatMap((route) => impliedPort(ports, route.port) ?? []),
    ...[workload, ...Object.values(workload.sidecars ?? {})].flatMap(httpCheckedPorts),
  ])
}

function shared(name: string, workload: Workload, path: readonly string[], context: LowerContext) {
  const http = spokenHttp(workload)
  const routed = 'routes' in workload && Object.keys(workload.routes ?? {}).length > 0
  const place = (container: string, at: readonly string[], isMain: boolean): ContainerPlace => ({
    name: container,
    path: at,
    spokenHttp: http,
    routed: isMain && routed,
    manifest: context.resolved.complete,
    configs: context.resolved.configs,
    imageOf: context.imageOf,
  })
  return {
    name,
    main: lowerContainer(workload, place('main', path, true)),
    sidecars: Object.entries(workload.sidecars ?? {}).map(([each, section]): Sidecar =>
      lowerSidecar(section, place(each, [...path, 'sidecars', each], false)),
    ),
    init: Object.entries(workload.init ?? {}).map(([each, section]): Container =>
      lowerContainer(section, place(each, [...path, 'init', each], false)),
    ),
    scratch: lowerScratch(workload.scratch ?? {}),
    networks: workload.networks ?? ['default'],
    dependsOn: workload.dependsOn ?? {},
    identity: workload.identity === undefined ? undefined : lowerIdentity(workload.identity),
    placement: lowerPlacement(workload.placement),
    logs: lowerLogs(workload.logs),
    dns: { servers: workload.dns?.servers ?? [], search: workload.dns?.search ?? [] },
    labels: workload.labels ?? {},
    annotations: workload.annotations ?? {},
    allow: workload.allow ?? {},
    override: workload.override ?? {},
    from: formatPath(path),
  }
}

const lowerSidecar = (section: SidecarSection, place: ContainerPlace): Sidecar => ({
  ...lowerContainer(section, place),
  essential: section.essential,
  startBefore: section.startBefore === 'main',
})

export function lowerService(name: string, service: ServiceSection, context: LowerContext): ServiceUnit {
  const ports = portsOf(service)
  return {
    ...shared(name, service, ['services', name], context),
    kind: 'service',
    mode: service.mode,
    scale: lowerScale(service.scale),
    routes: lowerRoutes(service.routes ?? {}, (route) => impliedPort(ports, route.port) ?? ''),
    publish: lowerPublish(service.publish ?? {}),
    aliases: service.aliases ?? [],
    discovery: service.discovery,
    update: lowerUpdate(service.update),
  }
}

export function lowerJob(name: string, job: JobSection, context: LowerContext): JobUnit {
  return {
    ...shared(name, job, ['jobs', name], context),
    kind: 'job',
    // What something depends on has to run before it, whatever else it is.
    run: job.run === 'release' || dependedUpon(context.resolved.complete).has(name) ? 'release' : 'manual',
    schedule:
      job.schedule === undefined
        ? undefined
        : { cron: job.schedule, timeZone: job.tz ?? 'UTC', concurrency: job.concurrency ?? 'forbid' },
    timeoutMs: job.timeout === undefined ? undefined : parseDuration(job.timeout),
    retries: job.retries,
    completions: job.completions,
    parallelism: job.parallelism,
    history: job.history,
    keepForMs: parseDuration(job.keepFor) ?? 0,
  }
}
