/** Inputs for rendering, and nodes and tasks as an engine tells them. */
import { keyedHash } from '../../lib/core/hash.ts'
import type { Leaf } from '../../lib/model/leaf.ts'
import { freshRuntime } from '../../lib/model/release.ts'
import type { RuntimeState } from '../../lib/model/release.ts'
import type { AppSpec, Container, ServiceUnit } from '../../lib/model/unit.ts'
import { factsToJson } from '../../lib/targets/docker/facts.ts'
import type { DockerFacts } from '../../lib/targets/docker/facts.ts'
import type { Service, Task } from '../../lib/targets/docker/engine/types/service.ts'
import type { SwarmNode } from '../../lib/targets/docker/engine/types/swarm.ts'
import type { RenderInput } from '../../lib/targets/target.ts'
import { container, key, release, service } from '../support/specs.ts'

export const facts: DockerFacts = {
  engine: '20.10.24',
  api: '1.41',
  ipvs: false,
  architectures: ['amd64'],
  startHelper: { amd64: 'a1', arm64: 'b2' },
  httpPort: 80,
  httpsPort: 443,
}

export interface InputOptions {
  readonly facts?: Partial<DockerFacts>
  readonly runtime?: RuntimeState
  readonly number?: number
  readonly secretVersions?: Readonly<Record<string, string>>
  readonly leaves?: readonly Leaf[]
  readonly grants?: readonly string[]
  readonly identity?: RenderInput['identity']
}

const installKey = Buffer.from('key of the tests')

export const input = (spec: AppSpec, options: InputOptions = {}): RenderInput => ({
  site: { installId: 'inst', cluster: 'local' },
  release: release(options.number ?? 1, spec, {
    key,
    secretVersions: options.secretVersions ?? {},
    leaves: options.leaves ?? [],
  }),
  runtime: options.runtime ?? freshRuntime,
  capabilities: { target: 'docker', facts: factsToJson({ ...facts, ...options.facts }) },
  identity: options.identity ?? {},
  grants: options.grants ?? [],
  keyedHash: (value) => keyedHash(installKey, value),
})

export const imageConfig = {
  entrypoint: ['/entry'],
  command: ['serve'],
  user: '',
  workdir: '',
  env: {},
  exposedPorts: [],
  volumes: [],
  os: 'linux',
  arch: 'amd64',
}

export const web = (main: Partial<Container> = {}, change: Partial<ServiceUnit> = {}, name = 'web'): ServiceUnit =>
  service(name, {
    main: container({ image: { reference: 'app:1', config: imageConfig }, from: `services.${name}`, ...main }),
    ...change,
  })

export const node = (
  id: string,
  change: {
    labels?: Record<string, string>
    cpus?: number
    memoryMiB?: number
    arch?: string
    drained?: boolean
    down?: boolean
  } = {},
): SwarmNode => ({
  ID: id,
  Version: { Index: 1 },
  CreatedAt: '',
  UpdatedAt: '',
  Spec: { Labels: change.labels ?? {}, Role: 'manager', Availability: change.drained === true ? 'drain' : 'active' },
  Description: {
    Hostname: `host-${id}`,
    Platform: { Architecture: change.arch ?? 'x86_64', OS: 'linux' },
    Resources: { NanoCPUs: (change.cpus ?? 2) * 1e9, MemoryBytes: (change.memoryMiB ?? 1024) * 1024 * 1024 },
    Engine: { EngineVersion: '20.10.24' },
  },
  Status: { State: change.down === true ? 'down' : 'ready' },
})

export const swarmService = (
  id: string,
  spec: Partial<Service['Spec']> = {},
  change: Partial<Service> = {},
): Service => ({
  ID: id,
  Version: { Index: 5 },
  CreatedAt: '2026-01-01T00:00:00Z',
  UpdatedAt: '2026-01-01T00:00:00Z',
  Spec: { Name: id, TaskTemplate: {}, ...spec },
  Endpoint: {},
  ...change,
})

export const swarmTask = (
  id: string,
  state: Task['Status']['State'],
  change: Partial<Omit<Task, 'Status'>> & { Status?: Partial<Task['Status']> } = {},
): Task => {
  const { Status: status, ...rest } = change
  return {
    ID: id,
    Version: { Index: 1 },
    CreatedAt: '2026-01-01T00:00:00Z',
    UpdatedAt: '2026-01-01T00:00:01Z',
    Spec: {},
    ServiceID: 's',
    Slot: 1,
    NodeID: 'n1',
    DesiredState: 'running',
    Status: { Timestamp: '2026-01-01T00:00:01Z', State: state, ...status },
    ...rest,
  }
}
