/**
 * The cluster's own registry (ruling D15): builds end in a digest there, so that an image is pinned like any other.
 * It listens on the loopback of its machine only, which engines take for trustworthy without certificates, and keeps
 * its images in a volume that is pinned to the machine.
 */
import type { Clock, Log } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import { shortHash } from '../../core/hash.ts'
import type { Site } from '../../model/app.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import type { Service, ServiceSpec, Task } from './engine/types/service.ts'
import { mark } from './labels.ts'

export interface RegistryOptions {
  readonly site: Site
  /** An image of the OCI distribution registry that the engine has or can pull; asked for when the registry is made. */
  readonly image: () => Promise<string>
  /** Port on the loopback of the machine. */
  readonly port: number
}

export interface RegistryDeps {
  readonly manager: () => Promise<Engine>
  readonly clock: Clock
  readonly log: Log
}

const resourceMark = 'platform/registry'
const startMs = 60_000
const pollMs = 200

export const registryName = ({ installId, cluster }: Site): string =>
  `escale-registry-${shortHash([installId, cluster, resourceMark], 10)}`

export const registryAddress = ({ port }: RegistryOptions): string => `127.0.0.1:${port}`

/** Makes the registry where it is not there yet, and waits until it runs. */
export async function ensureRegistry(deps: RegistryDeps, options: RegistryOptions, signal: AbortSignal): Promise<void> {
  const engine = await deps.manager()
  const there = await findOrCreate(engine, options, signal)
  const endMs = deps.clock.nowMs() + startMs
  for (;;) {
    const tasks = await engine.tasks.list({ filters: { service: [there] }, signal })
    if (tasks.some(({ Status, DesiredState }) => Status.State === 'running' && DesiredState === 'running')) return
    if (signal.aborted || deps.clock.nowMs() > endMs)
      throw new EscaleError(
        'timed-out',
        `the registry of the cluster does not start on port ${options.port}: ${lastFailure(tasks)}`,
      )
    await deps.clock.sleep(pollMs, signal)
  }
}

async function findOrCreate(engine: Engine, options: RegistryOptions, signal: AbortSignal): Promise<string> {
  const name = registryName(options.site)
  try {
    const service: Service = await engine.services.inspect(name, { signal })
    return service.ID
  } catch (error) {
    if (!isEngineError(error, 'notFound')) throw error
  }
  const [{ Swarm }, image] = await Promise.all([engine.system.info({ signal }), options.image()])
  try {
    return (await engine.services.create(registrySpec(name, Swarm.NodeID, image, options), { signal })).ID
  } catch (error) {
    // Made by somebody else at the same moment, or by a call whose answer was lost (D1).
    if (!isEngineError(error, 'nameTaken')) throw error
    return (await engine.services.inspect(name, { signal })).ID
  }
}

function registrySpec(name: string, nodeId: string, image: string, options: RegistryOptions): ServiceSpec {
  const labels = { [mark.install]: options.site.installId, [mark.resource]: resourceMark }
  return {
    Name: name,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Env: [`REGISTRY_HTTP_ADDR=${registryAddress(options)}`],
        Mounts: [
          {
            Type: 'volume',
            Source: name,
            Target: '/var/lib/registry',
            VolumeOptions: { Labels: labels, DriverConfig: { Name: 'local' } },
          },
        ],
        Healthcheck: { Test: ['NONE'] },
      },
      RestartPolicy: { Condition: 'any', Delay: 500_000_000 },
      Placement: { Constraints: [`node.id==${nodeId}`] },
      // Swarm publishes ports on all addresses; only the machine's own network can be listened on in part.
      Networks: [{ Target: 'host' }],
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Parallelism: 1, Order: 'stop-first', FailureAction: 'pause' },
    EndpointSpec: { Mode: 'dnsrr' },
  }
}

const lastFailure = (tasks: readonly Task[]): string =>
  tasks
    .toSorted((a, b) => (a.Status.Timestamp < b.Status.Timestamp ? 1 : -1))
    .map(({ Status }) => Status.Err ?? '')
    .find((reason) => reason !== '') ?? 'its task is still being prepared'
