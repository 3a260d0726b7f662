/** Volumes as a resource: who has them, who uses them, and removal on demand alone. */
import { EscaleError } from '../../core/errors.ts'
import type { Site } from '../../model/app.ts'
import type { VolumeInfo, Volumes } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import type { Service } from './engine/types/service.ts'
import { holderOf } from './execute/volume.ts'
import type { ExecutorDeps } from './execute/deps.ts'
import { mark, ownerOf } from './labels.ts'
import { pinsOf, unpinVolume } from './pins.ts'
import { timeMs } from './observe/tasks.ts'

export function dockerVolumes(deps: Pick<ExecutorDeps, 'manager' | 'engineOf'>): Volumes {
  return {
    list: async (site) => listVolumes(await deps.manager(), site),
    remove: async (site, nativeName) => {
      const engine = await deps.manager()
      const volume = (await listVolumes(engine, site)).find((candidate) => candidate.nativeName === nativeName)
      if (volume === undefined)
        throw new EscaleError('not-found', `there is no volume "${nativeName}" of this installation`)
      if (volume.usedBy.length > 0)
        throw new EscaleError(
          'in-use',
          `the volume "${nativeName}" is used by ${volume.usedBy.join(', ')}; remove or stop those first`,
        )
      try {
        await (await holderOf(deps, engine, nativeName, {})).volumes.remove(nativeName)
      } catch (error) {
        if (isEngineError(error, 'inUse'))
          throw new EscaleError(
            'in-use',
            `the volume "${nativeName}" is still used by a container: ${error.reason}; try again when it has stopped`,
            { cause: error },
          )
        if (!isEngineError(error, 'notFound')) throw error
      }
      await unpinVolume(engine, nativeName, {})
    },
  }
}

async function listVolumes(engine: Engine, site: Site): Promise<readonly VolumeInfo[]> {
  const label = [`${mark.install}=${site.installId}`]
  const [volumes, usage, services, containers, nodes] = await Promise.all([
    engine.volumes.list({ filters: { label } }),
    engine.system.diskUsage(),
    engine.services.list(),
    engine.containers.list({ all: true }),
    engine.nodes.list(),
  ])
  const sizes = new Map((usage.Volumes ?? []).map(({ Name, UsageData }) => [Name, UsageData?.Size]))
  const usersOf = (volume: string): readonly string[] =>
    services.filter((service) => mounts(service, volume)).map(({ Spec }) => Spec.Name)
  const here = volumes.map((volume): VolumeInfo => {
    const app = ownerOf(site.installId, volume.Labels)
    const size = sizes.get(volume.Name)
    // Containers of services are told by their services; what somebody started by hand stands by itself.
    const byContainer = containers
      .filter(
        ({ Mounts, Labels }) =>
          Labels['com.docker.swarm.service.id'] === undefined && Mounts.some(({ Name }) => Name === volume.Name),
      )
      .map(({ Names, Id }) => Names[0]?.slice(1) ?? Id)
    return {
      name: volume.Labels?.[mark.resource]?.replace(/^volume\//, '') ?? volume.Name,
      nativeName: volume.Name,
      ...(app === undefined ? {} : { app }),
      // Engines write -1 for what they did not measure.
      ...(size === undefined || size < 0 ? {} : { sizeBytes: size }),
      usedBy: [...usersOf(volume.Name), ...byContainer],
      ...(volume.CreatedAt === undefined ? {} : { createdAtMs: timeMs(volume.CreatedAt) }),
    }
  })
  // Those of other machines are known by their pins; their size is theirs to tell.
  const elsewhere = pinsOf(nodes)
    .filter((pin) => pin.site.installId === site.installId && !volumes.some(({ Name }) => Name === pin.volume))
    .map((pin): VolumeInfo => ({
      name: pin.resource.replace(/^volume\//, ''),
      nativeName: pin.volume,
      app: pin.key,
      usedBy: usersOf(pin.volume),
    }))
  return [...here, ...elsewhere]
}

const mounts = ({ Spec }: Service, volume: string): boolean =>
  (Spec.TaskTemplate.ContainerSpec?.Mounts ?? []).some(({ Type, Source }) => Type === 'volume' && Source === volume)
