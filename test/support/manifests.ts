/** Generated manifests: valid in shape and references, in every combination of short and long forms. */
import fc from 'fast-check'
import type { ManifestInput } from '../../lib/manifest/sections/manifest.ts'

type Services = NonNullable<ManifestInput['services']>
type Service = Services[string]
type Jobs = NonNullable<ManifestInput['jobs']>

/** Values that YAML, parameters or other readers may take for something else. */
const awkward = fc.constantFrom(
  '1.10',
  '0400',
  'yes',
  'on',
  'null',
  '~',
  '',
  ' x ',
  '${name}',
  '$${x}',
  'a: b',
  '# no',
  '{a}',
  '- x',
  'ü',
  'a\nb\n',
  '"q"',
  "'",
  '1e3',
  '0x10',
  '@a',
  '%x',
  '!t',
  '*a',
  '&b',
)

const printable = (value: string): string => value.replaceAll(/[^ -~]/g, '')

export const text = fc.oneof(fc.string({ maxLength: 12 }).map(printable), awkward)

const duration = fc
  .tuple(fc.integer({ min: 1, max: 900 }), fc.constantFrom('ms', 's', 'm', 'h'))
  .map(([count, unit]) => `${count}${unit}`)
const memory = fc
  .tuple(fc.integer({ min: 1, max: 512 }), fc.constantFrom('Mi', 'Gi', 'M', 'G'))
  .map(([count, unit]) => `${count}${unit}`)
const cpu = fc.oneof(
  fc.integer({ min: 1, max: 4000 }).map((milli) => `${milli}m`),
  fc.constantFrom('0.5', '1', '2', '0.05', '1.50'),
)
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const names = ['web', 'api', 'cache', 'db', 'worker'] as const
export const configNames = ['app', 'site'] as const
export const secretNames = ['token-a', 'tls', 'joined'] as const
export const volumeNames = ['data', 'media'] as const

const shared = {
  config: {
    app: { values: { LOG_LEVEL: 'info', COLOR: { text: 'on' } } },
    site: { files: { 'a.conf': { content: 'a ${not} replaced\n', mode: '0644' }, 'b/c.bin': { base64: 'AAEC' } } },
  },
  secrets: {
    'token-a': {},
    tls: { keys: { 'tls.crt': {}, 'tls.key': { from: 'ssm:/a/b' } } },
    joined: { join: ['postgres://app:', { secret: 'token-a' }, '@db'] },
  },
  volumes: { data: { size: '1Gi', access: 'shared' }, media: { from: 'nfs:host/x', access: 'shared' } },
  networks: { front: {}, back: { internal: true } },
  external: { billing: { host: 'db.example.com', ports: { pg: 5432 } }, pay: { app: 'other', service: 'api' } },
} as const satisfies Partial<ManifestInput>

const envValue = fc.oneof(
  text,
  text.map((value) => ({ text: value })),
  fc.constantFrom({ secret: 'token-a' }, { secret: 'tls', key: 'tls.crt' }, { config: 'app', key: 'LOG_LEVEL' }),
  fc.constantFrom({ instance: 'ordinal' } as const, { instance: 'node' } as const),
  fc.constant({ address: 'billing.pg' }),
)

const env = fc.dictionary(fc.constantFrom('A', 'B', 'PORT', 'discovery.type', 'LEVEL'), envValue, { maxKeys: 4 })

const ports = fc.constantFrom<NonNullable<Service['ports']>>(
  { http: 8080 },
  { http: { port: 8080, as: 80 } },
  { http: 8080, metrics: { port: 9090, app: 'http' } },
  { http: 8080, rtp: '10000-10100', dns: { port: 53, protocol: 'udp' } },
)

const check = fc.oneof(
  fc.constant({ http: '/up' }),
  duration.map((interval) => ({ http: '/up', port: 'http', interval })),
  fc.constant({ tcp: 'http' }),
  fc.array(text, { minLength: 1, maxLength: 3 }).map((exec) => ({ exec })),
)

const health = fc.oneof(
  fc.constant('/up'),
  fc.record({ ready: check, live: optional(check), startup: optional(duration.map((within) => ({ within }))) }),
)

const mounts = fc.constantFrom<NonNullable<Service['mounts']>>(
  {},
  { '/data': { volume: 'data' }, '/tmp': { tmpfs: '64Mi' } },
  { '/media': { volume: 'media', readOnly: true, subPath: 'a/b' }, '/s': { scratch: 'tmp' }, '/h': { host: '/srv' } },
)

const files = fc.constantFrom<NonNullable<Service['files']>>(
  {},
  { '/etc/site': { config: 'site' }, '/run/token': { secret: 'token-a', mode: '0400' } },
  { '/etc/a.conf': { config: 'site', key: 'a.conf' }, '/etc/tls': { secret: 'tls' } },
)

const scale = fc.oneof(
  fc.integer({ min: 0, max: 9 }),
  fc.record({
    min: fc.integer({ min: 0, max: 3 }),
    max: fc.integer({ min: 3, max: 9 }),
    targets: fc.constant({ cpu: '70%' }),
  }),
)

const size = fc.record({ cpu, memory })

const update = fc.constantFrom<NonNullable<Service['update']>>(
  { strategy: 'recreate' },
  { rolling: { maxSurge: '25%', maxUnavailable: 1, settle: '1s' } },
  { strategy: 'canary', canary: { steps: ['1%', '50%', '100%'] } },
  { failFast: { crashLoops: 5 }, rollback: { when: { errors: { metric: 'http5xx', above: '0.5%' } } } },
)

const command = fc.array(text, { maxLength: 3 })

export const service: fc.Arbitrary<Service> = fc
  .record(
    {
      image: fc.constantFrom('nginx', 'redis:7', 'ghcr.io/acme/web:1.10'),
      command,
      env,
      ports,
      health,
      mounts,
      files,
      size,
      scale,
      update,
      envFrom: fc.constantFrom<NonNullable<Service['envFrom']>>({}, { app: 'config' }),
      networks: fc.subarray(['front', 'back']),
      labels: fc.dictionary(fc.constantFrom('team', 'x-data', 'a.b/c'), text, { maxKeys: 2 }),
      override: fc.constantFrom<NonNullable<Service['override']>>(
        {},
        { docker: { serviceSpec: { A: [1, null, 'x'] } } },
      ),
      placement: fc.constantFrom<NonNullable<Service['placement']>>(
        { require: { disk: ['ssd', 'nvme'], gen: 'new' } },
        { tolerate: 'any' },
        { tolerate: { gpu: 'yes' } },
      ),
      kernel: fc.constantFrom<NonNullable<Service['kernel']>>(
        { ulimits: { nofile: 1024, core: { soft: 0, hard: -1 } } },
        { init: true },
      ),
    },
    { requiredKeys: ['image', 'ports', 'size'] },
  )
  .map((made) => ({
    ...made,
    // What refers to something exists: the generator is for manifests that are right.
    scratch: { tmp: '64Mi', any: {} },
    ...(made.networks?.length === 0 ? {} : { routes: { main: { host: undefined, port: 'http' } } }),
  }))

const job: fc.Arbitrary<Jobs[string]> = fc.oneof(
  fc.record({ image: fc.constant('busybox'), command, retries: fc.integer({ min: 0, max: 3 }), timeout: duration }),
  fc.constant({ image: 'busybox', schedule: '0 3 * * *', tz: 'Europe/Rome' } as const),
)

/** A whole manifest that resolves without errors. */
export const manifest: fc.Arbitrary<ManifestInput> = fc
  .record({
    services: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), service), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4,
    }),
    jobs: fc.dictionary(fc.constantFrom('migrate', 'nightly'), job, { maxKeys: 2 }),
  })
  .map(({ services, jobs }) => ({
    apiVersion: 'escale/v1' as const,
    kind: 'App' as const,
    metadata: { name: 'generated', labels: { a: 'b' } },
    ...shared,
    services: withDependencies(services),
    jobs,
  }))

/** Each service waits for the one before it: never a circle. */
function withDependencies(services: readonly (readonly [string, Service])[]): Services {
  const made: Services = {}
  let before: string | undefined
  for (const [name, each] of services) {
    made[name] = before === undefined ? each : { ...each, dependsOn: { [before]: 'started' } }
    before = name
  }
  return made
}
