/** Builders for units and releases, for tests that start behind the manifest. */
import { freshRuntime, type Release } from '../../lib/model/release.ts'
import type { AppSpec, Container, JobUnit, ServiceUnit, Unit } from '../../lib/model/unit.ts'
import { shortHash } from '../../lib/core/hash.ts'
import type { AppKey } from '../../lib/model/app.ts'

export const key: AppKey = { project: 'default', app: 'shop', environment: 'default' }

export const container = (change: Partial<Container> = {}): Container => ({
  name: 'main',
  image: { reference: 'app:1' },
  env: {},
  files: [],
  mounts: [],
  ports: [],
  stop: { graceMs: 10_000, drainMs: 0 },
  security: {
    runAsNonRoot: 'auto',
    readOnlyRoot: false,
    addCapabilities: [],
    dropCapabilities: [],
    privileged: false,
    hostNetwork: false,
    hostPid: false,
    seccomp: 'default',
  },
  kernel: { sysctls: {}, ulimits: {}, init: true },
  from: 'services.web',
  ...change,
})

const base = (name: string) => ({
  name,
  sidecars: [],
  init: [],
  scratch: [],
  networks: ['default'],
  dependsOn: {},
  placement: {
    capacity: 'any',
    spot: 'never',
    pool: 'default',
    arch: 'any',
    os: 'linux',
    spread: {},
    require: {},
    prefer: {},
    tolerate: {},
  },
  logs: { to: 'default' },
  dns: { servers: [], search: [] },
  labels: {},
  annotations: {},
  allow: {},
  override: {},
})

export const service = (name: string, change: Partial<ServiceUnit> = {}): ServiceUnit =>
  ({
    ...base(name),
    kind: 'service',
    main: container({ from: `services.${name}` }),
    mode: 'replicated',
    scale: { min: 1, max: 1, schedule: {} },
    routes: [],
    publish: [],
    aliases: [],
    discovery: 'address',
    update: {
      strategy: 'rolling',
      rolling: { maxSurge: { count: 1 }, maxUnavailable: { count: 0 }, settleMs: 1_000 },
      failFast: { firstReadyWithinMs: 30_000, crashLoops: 3 },
      rollback: { auto: true, speed: 'immediate', when: {} },
    },
    from: `services.${name}`,
    ...change,
  }) as ServiceUnit

export const job = (name: string, change: Partial<JobUnit> = {}): JobUnit =>
  ({
    ...base(name),
    kind: 'job',
    main: container({ from: `jobs.${name}` }),
    run: 'manual',
    retries: 0,
    completions: 1,
    parallelism: 1,
    history: 5,
    keepForMs: 86_400_000,
    from: `jobs.${name}`,
    ...change,
  }) as JobUnit

export const spec = (units: readonly Unit[], change: Partial<AppSpec> = {}): AppSpec => ({
  name: 'shop',
  labels: {},
  annotations: {},
  units,
  volumes: [],
  networks: [{ name: 'default', internal: false, scope: 'app' }],
  secrets: [],
  external: [],
  registries: {},
  approval: 'none',
  ...change,
})

export const release = (number: number, app: AppSpec, change: Partial<Release> = {}): Release => ({
  id: `rel_${number}`,
  number,
  key,
  cluster: 'local',
  spec: app,
  manifest: '',
  leaves: [],
  secretVersions: {},
  author: 'test',
  createdAtMs: 0,
  hash: shortHash(app),
  ...change,
})

export const runtime = freshRuntime
