/** The swarm's state of one app, by a fixed number of calls whatever its size. */
import type { Clock } from '../../../core/deps.ts'
import type { AppKey, Site } from '../../../model/app.ts'
import { appKeyText } from '../../../model/app.ts'
import type { Observed, ObservedResource, ObservedUnit } from '../../../model/observed.ts'
import type { Engine } from '../engine/engine.ts'
import type { Labels } from '../engine/types/common.ts'
import type { Network, Volume } from '../engine/types/resource.ts'
import type { Service, Task } from '../engine/types/service.ts'
import type { Config, Secret, SwarmNode } from '../engine/types/swarm.ts'
import { appLabels, labelFilter, mark, projectLabels } from '../labels.ts'
import type { Owner } from '../labels.ts'
import { instanceName } from '../instances.ts'
import { isLingering, nativeConfig, nativeNetwork, nativeSecret, nativeService, nativeVolume } from '../native.ts'
import { pinLabel, pinsOf } from '../pins.ts'
import { templateLabel } from '../render/template.ts'
import { observedRollout } from '../rollout.ts'
import type { OutOfMemory } from './memory.ts'
import type { NetworkNames } from './network-names.ts'
import { observedRun } from './runs.ts'
import { isWanted, observedInstance, timeMs } from './tasks.ts'

export interface ObserveDeps {
  readonly manager: () => Promise<Engine>
  readonly clock: Clock
  readonly outOfMemory: OutOfMemory
  readonly networkNames: NetworkNames
}

interface World {
  readonly services: readonly Service[]
  readonly tasks: readonly Task[]
  readonly networks: readonly Network[]
  readonly configs: readonly Config[]
  readonly secrets: readonly Secret[]
  readonly volumes: readonly Volume[]
  readonly nodes: readonly SwarmNode[]
}

async function look(engine: Engine, owner: Owner, signal: AbortSignal): Promise<World> {
  const label = labelFilter(appLabels(owner))
  const options = { filters: { label }, signal }
  const [services, tasks, networks, configs, secrets, volumes, nodes] = await Promise.all([
    engine.services.list({ ...options, status: true }),
    engine.tasks.list(options),
    engine.networks.list({ filters: { label: labelFilter(projectLabels(owner)) }, signal }),
    engine.configs.list(options),
    engine.secrets.list(options),
    engine.volumes.list(options),
    engine.nodes.list({ signal }),
  ])
  return { services, tasks, networks, configs, secrets, volumes, nodes }
}

/** Own networks, and those that all apps of the project share. */
const reaches = (network: Network, key: AppKey): boolean =>
  !isLingering(network) && (network.Labels?.[mark.app] ?? key.app) === key.app

export async function observe(deps: ObserveDeps, site: Site, key: AppKey, signal: AbortSignal): Promise<Observed> {
  const engine = await deps.manager()
  const atMs = deps.clock.nowMs()
  const world = await look(engine, { site, key }, signal)
  const networks = world.networks.filter((network) => reaches(network, key))
  const tasksOf = Map.groupBy(world.tasks, ({ ServiceID }) => ServiceID)
  const outOfMemory = await deps.outOfMemory(engine, world.tasks, signal)
  const networkById = new Map(networks.map((network) => [network.Id, network]))
  const nodeById = new Map(world.nodes.map((node) => [node.ID, node.Description.Hostname]))
  const names = new Map(networks.map(({ Id, Name }) => [Id, Name]))
  const nameOfNetwork = await deps.networkNames(engine, world.services, names, signal)

  const runServices = world.services.filter(({ Spec }) => Spec.Labels?.[mark.run] !== undefined)
  const unitServices = world.services.filter(({ Spec }) => Spec.Labels?.[mark.run] === undefined)
  return {
    atMs,
    resources: [
      ...networks.flatMap((network) =>
        resource('network', network.Id, network.Name, network.Labels, nativeNetwork(network), network.Created),
      ),
      ...observedVolumes(world, site, key),
      ...world.configs.flatMap((config) => swarmResource('config', config, nativeConfig(config))),
      ...world.secrets.flatMap((secret) => swarmResource('secret', secret, nativeSecret(secret))),
      ...unitServices.flatMap((service) =>
        swarmResource('service', service, nativeService(service.Spec, nameOfNetwork)),
      ),
    ],
    units: unitServices.flatMap((service) =>
      observedUnit(service, tasksOf.get(service.ID) ?? [], {
        nodeName: (id) => nodeById.get(id),
        networkName: (id) => manifestName(networkById.get(id)),
        outOfMemory,
      }),
    ),
    runs: runServices.map((service) => observedRun({ service, tasks: tasksOf.get(service.ID) ?? [], nowMs: atMs })),
  }
}

type Native = ObservedResource['actual']

function resource(
  kind: string,
  nativeId: string,
  name: string,
  labels: Labels | null | undefined,
  actual: Native,
  createdAt?: string,
): ObservedResource[] {
  const id = labels?.[mark.resource]
  if (id === undefined) return []
  const intent = labels?.[mark.intent]
  const release = labels?.[mark.release]
  return [
    {
      id,
      kind,
      name,
      nativeId,
      ...(intent === undefined ? {} : { intent }),
      ...(release === undefined ? {} : { release }),
      actual,
      ...(createdAt === undefined ? {} : { createdAtMs: timeMs(createdAt) }),
    },
  ]
}

type SwarmThing = Service | Config | Secret

const swarmResource = (kind: string, thing: SwarmThing, actual: Native): ObservedResource[] =>
  resource(kind, thing.ID, thing.Spec.Name, thing.Spec.Labels, actual, thing.CreatedAt).map((found) => ({
    ...found,
    version: String(thing.Version.Index),
  }))

/** Volumes of this engine, and those of other machines by their pins. */
function observedVolumes({ volumes, nodes }: World, site: Site, key: AppKey): ObservedResource[] {
  const pins = pinsOf(nodes).filter(
    (pin) => pin.site.installId === site.installId && appKeyText(pin.key) === appKeyText(key),
  )
  const here = volumes.flatMap((volume) => {
    const pinned = nodes.some(({ Spec }) => Spec.Labels[pinLabel(volume.Name)] === 'true')
    const actual = nativeVolume(volume, pinned ? pinLabel(volume.Name) : undefined)
    return resource('volume', volume.Name, volume.Name, volume.Labels, actual, volume.CreatedAt)
  })
  const elsewhere = pins
    .filter(({ volume }) => !volumes.some(({ Name }) => Name === volume))
    .map(({ volume, resource: id }): ObservedResource => ({
      id,
      kind: 'volume',
      name: volume,
      nativeId: volume,
      actual: { Name: volume, Driver: 'local', Pin: pinLabel(volume) },
    }))
  return [...here, ...elsewhere]
}

const manifestName = (network: Network | undefined): string | undefined =>
  network?.Labels?.[mark.resource]?.replace(/^network\//, '')

interface UnitNames {
  readonly nodeName: (id: string) => string | undefined
  readonly networkName: (id: string) => string | undefined
  readonly outOfMemory: (containerId: string) => boolean
}

function observedUnit(service: Service, tasks: readonly Task[], names: UnitNames): ObservedUnit[] {
  const { Labels: labels, Mode: mode, TaskTemplate: template } = service.Spec
  const unit = labels?.[mark.unit]
  const id = labels?.[mark.resource]
  if (unit === undefined || id === undefined) return []
  const instances = tasks
    .map((task) =>
      observedInstance(task, { ...names, unit, nameOf: (of) => instanceName(service, of, names.nodeName) }),
    )
    .toSorted((a, b) => (a.slot ?? '').localeCompare(b.slot ?? '') || a.sinceMs - b.sinceMs)
  const wanted = tasks.filter(isWanted)
  const newest = template.ContainerSpec?.Labels?.[templateLabel]
  const desired = mode?.Replicated?.Replicas
  const settled =
    wanted.length >= (desired ?? 0) &&
    wanted.every(
      (task) => task.Status.State === 'running' && task.Spec.ContainerSpec?.Labels?.[templateLabel] === newest,
    )
  const rollout = observedRollout(service, { settled })
  return [
    {
      unit,
      resource: id,
      ...(desired === undefined ? {} : { desired }),
      ...(rollout === undefined ? {} : { rollout }),
      instances,
    },
  ]
}
