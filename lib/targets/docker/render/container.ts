/** One container as swarm's ContainerSpec, with everything that it needs beside it. */
import type { JsonObject } from '../../../core/hash.ts'
import { canHoldSignal, startHelperPath, startHelperRun } from '../../../core/start-helper.ts'
import type { ResourceId } from '../../../model/resource.ts'
import type { Container, Unit } from '../../../model/unit.ts'
import { nativeArgv, wholeArgv } from './argv.ts'
import { complain } from './context.ts'
import type { RenderContext } from './context.ts'
import { renderEnvironment } from './environment.ts'
import type { Environment } from './environment.ts'
import { fileReferences, fileSet, mountFiles, mountStartHelper } from './files.ts'
import type { FileSet } from './files.ts'
import { directHealthCheck, healthNeed, helperHealthCheck, noHealthCheck } from './health.ts'
import type { HealthNeed } from './health.ts'
import { hostEntries } from './hosts.ts'
import { renderMounts } from './mounts.ts'
import { privileges, capabilities } from './security.ts'

const nanosPerMs = 1_000_000

export interface ContainerPlace {
  readonly unit: Unit
  readonly container: Container
  readonly ordinal: number | undefined
}

export interface RenderedContainer {
  readonly spec: JsonObject
  readonly needs: readonly ResourceId[]
  readonly constraints: readonly string[]
}

/** Why a container needs the start helper, in words for the ledger. */
export type HelperUse = 'secrets in the environment' | 'its own address' | 'drain' | 'stop hook' | 'checks'

export function helperUses(container: Container, health: HealthNeed): readonly HelperUse[] {
  const values = Object.values(container.env)
  return [
    ...(values.some((value) => value.kind === 'secret') ? (['secrets in the environment'] as const) : []),
    ...(values.some((value) => value.kind === 'instance' && value.fact === 'ip') ? (['its own address'] as const) : []),
    ...(container.stop.drainMs > 0 ? (['drain'] as const) : []),
    ...((container.stop.exec ?? []).length > 0 ? (['stop hook'] as const) : []),
    ...(health.kind === 'helper' ? (['checks'] as const) : []),
  ]
}

export const needsRun = (uses: readonly HelperUse[]): boolean => uses.some((use) => use !== 'checks')

export const helperRefused = (unit: Unit): boolean => unit.allow['startHelper'] === 'never'

export const defaultReadyWithinMs = 180_000

export function unitHealthNeed(unit: Unit, container: Container): HealthNeed {
  return healthNeed({
    health: container.health,
    defaultWithinMs: unit.kind === 'service' ? unit.update.failFast.firstReadyWithinMs : defaultReadyWithinMs,
    hidden: Object.values(container.env).some((value) => value.kind === 'secret'),
  })
}

export function renderContainer(context: RenderContext, place: ContainerPlace): RenderedContainer {
  const { unit, container, ordinal } = place
  const files = fileSet(container)
  mountFiles(context, files, container)
  const refused = helperRefused(unit)
  const health = unitHealthNeed(unit, container)
  const uses = helperUses(container, health)
  const environment = renderEnvironment(context, { unit, container, ordinal, files })
  const runs = needsRun(uses) && !refused
  const checks = health.kind === 'helper' && !refused
  if (runs || checks) addHelper(context, container, files)
  const mounts = renderMounts(context, place, files.user)
  const spec: JsonObject = {
    Image: container.image.pinned ?? container.image.reference ?? '',
    // An image that no registry knows is told apart by its id, so that a moved tag is seen; here a change must restart.
    ...(container.image.localId === undefined ? {} : { Labels: { 'io.escale.image-id': container.image.localId } }),
    ...(runs ? helperArgv(context, container, environment) : plainArgv(context, container)),
    ...(ordinal === undefined ? {} : { Hostname: `${unit.name}-${ordinal}` }),
    ...(environment.native.length === 0 ? {} : { Env: environment.native }),
    ...(container.workdir === undefined ? {} : { Dir: container.workdir }),
    ...(container.user === undefined ? {} : { User: container.user }),
    ...privileges(container, context.facts.api),
    ...(container.stop.signal === undefined ? {} : { StopSignal: container.stop.signal }),
    ...(container.security.readOnlyRoot ? { ReadOnly: true } : {}),
    ...(mounts.mounts.length === 0 ? {} : { Mounts: mounts.mounts }),
    StopGracePeriod: stopGraceMs(container, runs) * nanosPerMs,
    Healthcheck: healthCheck(health, checks, environment),
    ...hostEntries(context),
    ...dns(unit),
    ...fileReferences(files),
    // Where the helper is the first process, it reaps by itself.
    ...(container.kernel.init && !runs ? { Init: true } : {}),
    ...(Object.keys(container.kernel.sysctls).length === 0 ? {} : { Sysctls: container.kernel.sysctls }),
    ...capabilities(container),
    ...ulimits(container),
  }
  return {
    spec,
    needs: [...files.mounted.map(({ resource }) => resource.id), ...mounts.needs],
    constraints: mounts.constraints,
  }
}

function addHelper(context: RenderContext, container: Container, files: FileSet): void {
  const arch = container.image.config?.arch ?? context.facts.architectures[0] ?? 'amd64'
  if (context.facts.startHelper[arch] === undefined) {
    complain(
      context,
      'backend-cannot',
      container.from,
      `the start helper is not at hand for the architecture "${arch}" of the image`,
      'build it with `npm run start-helper`, or set `allow: {startHelper: never}`',
    )
    return
  }
  mountStartHelper(context, files, startHelperPath, arch)
}

function plainArgv(context: RenderContext, container: Container): JsonObject {
  const argv = nativeArgv(container)
  switch (argv.kind) {
    case 'image':
      return {}
    case 'native':
      return {
        ...(argv.command === undefined ? {} : { Command: argv.command }),
        ...(argv.args === undefined ? {} : { Args: argv.args }),
      }
    case 'empty':
      complain(
        context,
        'conflict',
        `${container.from}.command`,
        'entrypoint and command are both empty: nothing is left to run',
        'give a command',
      )
      return {}
    case 'unknown':
      complain(
        context,
        'backend-cannot',
        `${container.from}.command`,
        "the image's own entrypoint is not known, so its command cannot be cleared",
        'write `entrypoint` out',
      )
      return {}
  }
}

function helperArgv(context: RenderContext, container: Container, environment: Environment): JsonObject {
  const argv = wholeArgv(container)
  if (argv === 'empty') {
    complain(
      context,
      'conflict',
      `${container.from}.command`,
      'entrypoint and command are both empty: nothing is left to run',
      'give a command',
    )
    return {}
  }
  if (argv === 'unknown') {
    complain(
      context,
      'backend-cannot',
      container.from,
      "the image's own entrypoint is not known, and the start helper must stand in front of it",
      'write `entrypoint` and `command` out',
    )
    return {}
  }
  const { stop } = container
  const signal = stopSignal(container)
  const holds = stop.drainMs > 0 || (stop.exec ?? []).length > 0
  if (holds && !canHoldSignal(signal)) {
    complain(
      context,
      'backend-cannot',
      `${container.from}.stop.signal`,
      `the stop signal "${signal}" cannot be held back for drain or a stop hook`,
      'use SIGTERM, SIGINT or SIGQUIT',
    )
  }
  return {
    Command: startHelperRun({
      environment: { files: environment.files, address: environment.address },
      ...(holds && canHoldSignal(signal) ? { stopSignal: signal } : {}),
      ...(stop.drainMs > 0 ? { drainMs: stop.drainMs } : {}),
      ...(stop.exec === undefined || stop.exec.length === 0
        ? {}
        : { stopExec: { command: stop.exec, timeoutMs: hookMs(container) } }),
      command: argv,
    }),
  }
}

const stopSignal = ({ stop, image }: Container): string => stop.signal ?? image.config?.stopSignal ?? 'SIGTERM'

/** A stop hook gets as long as the program after it. */
const hookMs = ({ stop }: Container): number => Math.max(stop.graceMs, 1_000)

/** Swarm's one period covers drain, hook and grace (ruling C4). */
export function stopGraceMs(container: Container, helper: boolean): number {
  const { graceMs, drainMs, exec } = container.stop
  return graceMs + (helper ? drainMs + ((exec ?? []).length > 0 ? hookMs(container) : 0) : 0)
}

function healthCheck(health: HealthNeed, helper: boolean, environment: Environment): JsonObject {
  switch (health.kind) {
    case 'none':
      return noHealthCheck
    case 'direct':
      return directHealthCheck(health.check, health.withinMs)
    case 'helper':
      return helper
        ? helperHealthCheck(health.health, health.withinMs, { files: environment.files, address: environment.address })
        : noHealthCheck
  }
}

function dns({ dns: { servers, search } }: Unit): JsonObject {
  if (servers.length === 0 && search.length === 0) return {}
  return {
    DNSConfig: {
      ...(servers.length === 0 ? {} : { Nameservers: servers }),
      ...(search.length === 0 ? {} : { Search: search }),
    },
  }
}

function ulimits({ kernel }: Container): JsonObject {
  const names = Object.keys(kernel.ulimits).toSorted()
  if (names.length === 0) return {}
  return {
    Ulimits: names.map((name) => ({
      Name: name,
      Soft: kernel.ulimits[name]?.soft ?? 0,
      Hard: kernel.ulimits[name]?.hard ?? 0,
    })),
  }
}
