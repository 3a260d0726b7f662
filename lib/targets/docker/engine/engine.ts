/**
 * A thin client of the Docker Engine API: one object per kind, one function per call, nothing retried (A3).
 * Why not a library: docs/decisions/engine-client.md.
 */
import type { ContainersApi } from './containers.ts'
import { containersApi } from './containers.ts'
import type { Endpoint } from './endpoint.ts'
import type { ExecApi } from './exec.ts'
import { execApi } from './exec.ts'
import type { ConfigsApi, SecretsApi } from './files.ts'
import { configsApi, secretsApi } from './files.ts'
import type { ImagesApi } from './images.ts'
import { imagesApi } from './images.ts'
import type { NetworksApi } from './networks.ts'
import { networksApi } from './networks.ts'
import type { ServicesApi, TasksApi } from './services.ts'
import { servicesApi, tasksApi } from './services.ts'
import type { NodesApi, SwarmApi } from './swarm.ts'
import { nodesApi, swarmApi } from './swarm.ts'
import type { SystemApi } from './system.ts'
import { ping, systemApi } from './system.ts'
import type { CallOptions } from './call.ts'
import { createTransport } from './transport.ts'
import { agreeApiVersion } from './version.ts'
import type { VolumesApi } from './volumes.ts'
import { volumesApi } from './volumes.ts'

export interface Engine {
  readonly endpoint: Endpoint
  /** The version all calls are made at. */
  readonly apiVersion: string
  readonly system: SystemApi
  readonly swarm: SwarmApi
  readonly nodes: NodesApi
  readonly services: ServicesApi
  readonly tasks: TasksApi
  readonly secrets: SecretsApi
  readonly configs: ConfigsApi
  readonly networks: NetworksApi
  readonly volumes: VolumesApi
  readonly containers: ContainersApi
  readonly exec: ExecApi
  readonly images: ImagesApi
  /** Closes idle connections; calls under way fail. */
  close(): void
}

/** Asks the engine for its version and agrees on one; fails as `unreachable` when there is no engine. */
export async function connectEngine(endpoint: Endpoint, options: CallOptions = {}): Promise<Engine> {
  let prefix = ''
  const transport = createTransport(endpoint, () => prefix)
  try {
    const { apiVersion: offered } = await ping(transport, '/_ping', { timeoutMs: 10_000, ...options })
    const apiVersion = agreeApiVersion(offered, endpoint.text)
    prefix = `/v${apiVersion}`
    return {
      endpoint,
      apiVersion,
      system: systemApi(transport),
      swarm: swarmApi(transport),
      nodes: nodesApi(transport),
      services: servicesApi(transport),
      tasks: tasksApi(transport),
      secrets: secretsApi(transport),
      configs: configsApi(transport),
      networks: networksApi(transport),
      volumes: volumesApi(transport),
      containers: containersApi(transport),
      exec: execApi(transport),
      images: imagesApi(transport),
      close: () => transport.close(),
    }
  } catch (error) {
    transport.close()
    throw error
  }
}
