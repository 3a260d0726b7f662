/**
 * What nobody uses: a report, then the act on the same items. Each is looked at once more before it goes, so
 * that what came into use in between stays. Volumes with marks hold data and go only by the volumes' own verb.
 */
import type { Site } from '../../model/app.ts'
import type { Housekeeping, ReclaimItem } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import type { ContainerSummary } from './engine/types/container.ts'
import type { ImageSummary, Volume } from './engine/types/resource.ts'
import type { DiskUsage } from './engine/types/system.ts'
import { mark } from './labels.ts'

/** Containers of services that ended are swarm's history, which it trims by itself. */
const isTask = ({ Labels }: ContainerSummary): boolean => Labels['com.docker.swarm.task.id'] !== undefined

export function dockerHousekeeping(manager: () => Promise<Engine>): Housekeeping {
  return {
    report: async (site, keepImages) => report(await manager(), site, keepImages),
    reclaim: async (site, items) => reclaim(await manager(), site, items),
  }
}

async function report(engine: Engine, site: Site, keepImages: readonly string[]): Promise<readonly ReclaimItem[]> {
  const [usage, images, containers, services, networks, volumes, configs, secrets] = await Promise.all([
    engine.system.diskUsage(),
    engine.images.list(),
    engine.containers.list({ all: true }),
    engine.services.list(),
    engine.networks.list({ filters: { label: [`${mark.install}=${site.installId}`] } }),
    engine.volumes.list({ filters: { dangling: ['true'] } }),
    engine.configs.list({ filters: { label: [`${mark.install}=${site.installId}`] } }),
    engine.secrets.list({ filters: { label: [`${mark.install}=${site.installId}`] } }),
  ])
  const specs = services.map(({ Spec }) => Spec.TaskTemplate)
  const wantedImages = new Set([
    ...keepImages,
    ...specs.flatMap(({ ContainerSpec }) => (ContainerSpec === undefined ? [] : [ContainerSpec.Image])),
  ])
  const usedImages = new Set(containers.map(({ ImageID }) => ImageID))
  const usedNetworks = new Set(specs.flatMap(({ Networks }) => (Networks ?? []).map(({ Target }) => Target)))
  const usedFiles = new Set(
    specs.flatMap(({ ContainerSpec }) => [
      ...(ContainerSpec?.Configs ?? []).map(({ ConfigID }) => ConfigID),
      ...(ContainerSpec?.Secrets ?? []).map(({ SecretID }) => SecretID),
    ]),
  )
  return [
    ...images
      .filter((image) => !usedImages.has(image.Id) && !isWanted(image, wantedImages))
      .map((image) => imageItem(image, usage)),
    ...containers
      .filter((container) => isEnded(container) && !isTask(container))
      .map((container) => containerItem(container, usage)),
    ...networks
      .filter(({ Id }) => !usedNetworks.has(Id))
      .map(({ Id, Name }): ReclaimItem => ({
        kind: 'network',
        nativeId: Id,
        name: Name,
        sizeBytes: 0,
        reason: 'no service is attached to it',
      })),
    ...volumes
      .filter((volume) => volume.Labels?.[mark.install] === undefined && isAnonymous(volume))
      .map(({ Name }): ReclaimItem => ({
        kind: 'volume',
        nativeId: Name,
        name: Name,
        sizeBytes: sizeOfVolume(usage, Name),
        reason: 'it has no name and its container is gone',
      })),
    ...[...configs, ...secrets]
      .filter(
        ({ ID, Spec }) =>
          !usedFiles.has(ID) && Spec.Labels?.[mark.release] !== undefined && !hasServices(services, Spec.Labels),
      )
      .map(({ ID, Spec }): ReclaimItem => ({
        kind: 'object',
        nativeId: ID,
        name: Spec.Name,
        sizeBytes: 0,
        reason: 'its app is gone',
      })),
  ]
}

/** Engines mark volumes without a name since 23; before, their names are 64 hexadecimal digits. A name was given for its data. */
const isAnonymous = ({ Name, Labels }: Pick<Volume, 'Name' | 'Labels'>): boolean =>
  Labels?.['com.docker.volume.anonymous'] !== undefined || /^[0-9a-f]{64}$/.test(Name)

/** Files of an app that still has services may be those of a release to go back to: its own deployments prune them. */
const hasServices = (
  services: readonly { readonly Spec: { readonly Labels?: Readonly<Record<string, string>> } }[],
  labels: Readonly<Record<string, string>>,
): boolean =>
  services.some(({ Spec }) =>
    [mark.project, mark.app, mark.environment].every((name) => Spec.Labels?.[name] === labels[name]),
  )

const isEnded = ({ State }: ContainerSummary): boolean => State === 'exited' || State === 'dead' || State === 'created'

const isWanted = ({ Id, RepoTags, RepoDigests }: ImageSummary, wanted: ReadonlySet<string>): boolean =>
  [Id, ...(RepoTags ?? []), ...(RepoDigests ?? [])].some((name) => wanted.has(name)) ||
  [...wanted].some(
    (name) =>
      name.includes('@') && (RepoDigests ?? []).some((digest) => digest.endsWith(name.slice(name.indexOf('@')))),
  )

function imageItem({ Id, RepoTags, Size }: ImageSummary, usage: DiskUsage): ReclaimItem {
  const known = (usage.Images ?? []).find((image) => image.Id === Id)
  return {
    kind: 'image',
    nativeId: Id,
    name: RepoTags?.[0] ?? Id,
    // Layers that other images share stay.
    sizeBytes: known === undefined || known.SharedSize < 0 ? Size : known.Size - known.SharedSize,
    reason: 'no container, service or kept release uses it',
  }
}

function containerItem({ Id, Names, State }: ContainerSummary, usage: DiskUsage): ReclaimItem {
  const known = (usage.Containers ?? []).find((container) => container.Id === Id)
  return {
    kind: 'container',
    nativeId: Id,
    name: Names[0]?.slice(1) ?? Id,
    sizeBytes: known?.SizeRw ?? 0,
    reason: `it is ${State}`,
  }
}

const sizeOfVolume = (usage: DiskUsage, name: string): number =>
  Math.max(0, (usage.Volumes ?? []).find((volume) => volume.Name === name)?.UsageData?.Size ?? 0)

/** Frees just the given items, and of those only what is still unused; answers what went. */
async function reclaim(engine: Engine, site: Site, items: readonly ReclaimItem[]): Promise<readonly ReclaimItem[]> {
  const freed: ReclaimItem[] = []
  // Containers first: they hold images and networks.
  const order: readonly ReclaimItem['kind'][] = ['container', 'image', 'network', 'object', 'volume']
  for (const item of items.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    if (await free(engine, site, item)) freed.push(item)
  }
  return freed
}

async function free(engine: Engine, site: Site, item: ReclaimItem): Promise<boolean> {
  try {
    await removeItem(engine, site, item)
    return true
  } catch (error) {
    // In use by now, or gone by itself.
    if (isEngineError(error, 'inUse') || isEngineError(error, 'notFound') || isEngineError(error, 'conflict'))
      return false
    throw error
  }
}

function removeItem(engine: Engine, site: Site, { kind, nativeId }: ReclaimItem): Promise<void> {
  switch (kind) {
    case 'image':
      return engine.images.remove(nativeId)
    case 'container':
      return engine.containers.remove(nativeId)
    case 'network':
      return engine.networks.remove(nativeId)
    case 'volume':
      return engine.volumes.remove(nativeId)
    case 'object':
      return removeFile(engine, site, nativeId)
  }
}

async function removeFile(engine: Engine, site: Site, id: string): Promise<void> {
  const [config] = await engine.configs.list({ filters: { id: [id], label: [`${mark.install}=${site.installId}`] } })
  await (config === undefined ? engine.secrets.remove(id) : engine.configs.remove(id))
}
