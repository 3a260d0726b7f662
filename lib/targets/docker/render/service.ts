/** A service unit as swarm services: one, or one for each ordinal. */
import type { JsonObject } from '../../../core/hash.ts'
import { restartNonce } from '../../../model/effective.ts'
import type { Resource, ResourceId } from '../../../model/resource.ts'
import type { Container, ServiceUnit } from '../../../model/unit.ts'
import type { Labels } from '../engine/types/common.ts'
import { mark } from '../labels.ts'
import { causesOf } from './causes.ts'
import { add, nameOf } from './context.ts'
import type { RenderContext } from './context.ts'
import { renderContainer } from './container.ts'
import { instanceCount } from './count.ts'
import type { InstanceCount } from './count.ts'
import { logDriver } from './logs.ts'
import { renderNetworks } from './network.ts'
import { applyOverride } from './override.ts'
import { placement } from './placement.ts'
import { renderPorts } from './ports.ts'
import { withTemplate } from './template.ts'
import { mayOverlap, updateConfig } from './update.ts'

const nanosPerMs = 1_000_000

/** Swarm's own is 5 s; the budget for crash loops is ours (ruling C6). */
export const restartDelayMs = 500

export function renderService(context: RenderContext, unit: ServiceUnit): void {
  const count = instanceCount(unit, context.input.runtime)
  if (unit.mode !== 'stateful') {
    renderOne(context, { unit, count, ordinal: undefined, before: undefined })
  } else {
    let before: ResourceId | undefined
    for (let ordinal = 0; ordinal < count.ordinals; ordinal += 1) {
      const one: InstanceCount = { ...count, native: count.stopped ? 0 : 1 }
      before = renderOne(context, { unit, count: one, ordinal, before }).id
    }
  }
}

interface Piece {
  readonly unit: ServiceUnit
  readonly count: InstanceCount
  readonly ordinal: number | undefined
  /** The ordinal that must be ready first. */
  readonly before: ResourceId | undefined
}

function renderOne(context: RenderContext, piece: Piece): Resource {
  const { unit, ordinal, count } = piece
  const label = ordinal === undefined ? unit.name : `${unit.name}-${ordinal}`
  const id = `service/${label}`
  const { body, needs, template } = serviceBody(context, piece)
  const labels: Labels = {
    ...unit.labels,
    ...Object.fromEntries(
      Object.entries(unit.annotations).map(([name, value]) => [`${mark.annotation}${name}`, value]),
    ),
    ...(count.range === undefined ? {} : { [mark.scale]: count.range }),
  }
  return add(context, {
    id,
    kind: 'service',
    name: nameOf(context, id, { kind: 'service', unit: unit.name, readable: [label], detail: label }),
    unit: unit.name,
    body,
    labels,
    template,
    needs,
    // The rhythm of updates is no meaning: going back changes it (`WriteContext.pace`). A floating count is not ours.
    intentOf: { ...body, UpdateConfig: {}, ...(count.range === undefined ? {} : { Mode: {} }) },
    ...(piece.before === undefined ? {} : { needsReady: [piece.before] }),
    causes: causesOf(unit.main.from, unit.from, { count: count.cause }),
  })
}

interface Body {
  readonly body: JsonObject
  readonly needs: readonly ResourceId[]
  readonly template: string
}

function serviceBody(context: RenderContext, { unit, count, ordinal }: Piece): Body {
  const single = new Set(
    context.input.release.spec.volumes.filter(({ access }) => access === 'single').map(({ name }) => name),
  )
  const rendered = renderContainer(context, { unit, container: unit.main, ordinal })
  const networks = renderNetworks(context, unit, aliasesOf(unit, ordinal))
  const global = unit.mode === 'perNode'
  const stopGraceMs = Number(rendered.spec['StopGracePeriod'] ?? 0) / nanosPerMs
  const restarts = restartNonce(unit.name, context.input.runtime)
  const plain: JsonObject = {
    TaskTemplate: {
      ContainerSpec: rendered.spec,
      ...resources(unit.main),
      RestartPolicy: { Condition: 'any', Delay: restartDelayMs * nanosPerMs },
      ...placement({ unit, constraints: rendered.constraints, stopped: global && count.stopped }),
      Networks: networks.attachments,
      ...logDriver(unit),
      ...(restarts === 0 ? {} : { ForceUpdate: restarts }),
    },
    Mode: global ? { Global: {} } : { Replicated: { Replicas: count.native } },
    ...updateConfig({ unit, count: count.native, stopGraceMs }, mayOverlap(unit, single)),
    EndpointSpec: endpoint(context, unit),
  }
  const { body, template } = withTemplate(applyOverride(plain, unit.override))
  return { body, template, needs: [...new Set([...networks.needs, ...rendered.needs])] }
}

export function resources(container: Container): JsonObject {
  const { size } = container
  if (size === undefined) return {}
  const pair = (cpu: number | undefined, memory: number | undefined): JsonObject => ({
    ...(cpu === undefined ? {} : { NanoCPUs: cpu }),
    ...(memory === undefined ? {} : { MemoryBytes: memory }),
  })
  const reservations: JsonObject = {
    ...pair(size.nanoCpus, size.memoryBytes),
    ...(size.gpu === undefined || size.gpu === 0
      ? {}
      : { GenericResources: [{ DiscreteResourceSpec: { Kind: 'gpu', Value: size.gpu } }] }),
  }
  const limits = pair(size.limitNanoCpus, size.limitMemoryBytes)
  const body = {
    ...(Object.keys(limits).length === 0 ? {} : { Limits: limits }),
    ...(Object.keys(reservations).length === 0 ? {} : { Reservations: reservations }),
  }
  return Object.keys(body).length === 0 ? {} : { Resources: body }
}

/** A stable address where the kernel balances on it, else all addresses behind the name (ruling C5). */
function endpoint(context: RenderContext, unit: ServiceUnit): JsonObject {
  const stable =
    context.facts.ipvs && unit.discovery === 'address' && unit.networks.length > 0 && !unit.main.security.hostNetwork
  const ports = renderPorts(unit)
  return { Mode: stable ? 'vip' : 'dnsrr', ...(ports.length === 0 ? {} : { Ports: ports }) }
}

/** Names on every network of the unit. An ordinal answers to its own name, below the unit's, and with its siblings to the unit's. */
function aliasesOf(unit: ServiceUnit, ordinal: number | undefined): readonly string[] {
  const own = ordinal === undefined ? [] : [`${unit.name}-${ordinal}`, `${unit.name}-${ordinal}.${unit.name}`]
  return [...new Set([...own, unit.name, ...unit.aliases])]
}
