import { describe, expect, it } from 'vitest'
import { fieldPatterns } from '../../lib/model/fields.ts'
import { lowerManifest } from '../../lib/manifest/lower.ts'
import { jobOf, problemsOf, resolved, serviceOf, specOf } from './load.ts'
import { smallest, wholeShape } from './whole-shape.ts'

const MiB = 1024 * 1024

describe('the smallest file', () => {
  it('is one service with a route to its only port', () => {
    const spec = specOf(smallest)
    const web = serviceOf(spec, 'web')
    expect(spec.units).toHaveLength(1)
    expect(web.main.ports).toEqual([
      { name: 'http', port: 80, endPort: undefined, as: undefined, protocol: 'tcp', app: 'http' },
    ])
    expect(web.routes[0]).toMatchObject({
      name: 'main',
      path: '/',
      match: 'prefix',
      port: 'http',
      protocol: 'http',
      tls: 'auto',
    })
    expect(web.scale).toEqual({ min: 1, max: 1, schedule: {} })
    expect(web.networks).toEqual(['default'])
    expect(web.main.size).toBeUndefined()
  })
})

describe('the whole shape', () => {
  it('has no problem, in no environment and in each', () => {
    expect(problemsOf(wholeShape)).toEqual([])
    expect(problemsOf(wholeShape, { environment: 'staging' })).toEqual([])
    expect(problemsOf(wholeShape, { environment: 'production' })).toEqual([])
  })

  it('lowers every quantity to exact integers', () => {
    const web = serviceOf(specOf(wholeShape), 'web')
    expect(web.main.size).toEqual({
      nanoCpus: 500_000_000,
      memoryBytes: 512 * MiB,
      limitNanoCpus: 1_000_000_000,
      limitMemoryBytes: 1024 * MiB,
      ephemeralBytes: 30 * 1024 * MiB,
      gpu: 0,
    })
    expect(web.main.stop).toEqual({ signal: 'SIGTERM', graceMs: 10_000, drainMs: 15_000, exec: undefined })
    expect(web.scratch).toEqual([
      { name: 'cache', sizeBytes: 1024 * MiB, memory: false },
      { name: 'mem', sizeBytes: 64 * MiB, memory: true },
      { name: 'any', sizeBytes: undefined, memory: false },
    ])
    expect(web.logs).toEqual({
      to: 'default',
      retentionMs: 30 * 86_400_000,
      rotate: { sizeBytes: 10_000_000, files: 3 },
    })
    expect(web.update.canary?.stepPercents).toEqual([1, 5, 25, 100])
    expect(web.scale.targets).toMatchObject({
      cpuPercent: 70,
      memoryPercent: 80,
      requestsPerSecond: 100,
      latencyMs: 300,
    })
  })

  it('keeps the source text of scalars, and replaces parameters outside files alone', () => {
    const web = serviceOf(specOf(wholeShape, { params: { tag: '1.10' } }), 'web')
    expect(web.main.image.reference).toBe('ghcr.io/acme/web:1.10')
    expect(web.main.env['VERSION']).toEqual({ kind: 'text', text: '1.10' })
    expect(web.main.files.find((file) => file.path === '/etc/nginx/nginx.conf')?.content).toEqual({
      kind: 'text',
      text: 'listen 80; # ${not-a-param}',
    })
  })

  it('resolves variables of every kind', () => {
    const web = serviceOf(specOf(wholeShape), 'web')
    expect(web.main.env).toMatchObject({
      LOG_LEVEL: { kind: 'text', text: 'info' },
      LEVEL: { kind: 'text', text: 'info' },
      STRIPE_KEY: { kind: 'secret', secret: 'stripe' },
      CA: { kind: 'secret', secret: 'tls', key: 'tls.crt' },
      ID: { kind: 'instance', fact: 'ordinal' },
      SELF: { kind: 'url', service: 'web', route: 'main' },
      API: { kind: 'address', service: 'api', port: 'http' },
    })
  })

  it('makes one file of a value and a folder of a config or a keyed secret', () => {
    const web = serviceOf(specOf(wholeShape), 'web')
    expect(web.main.files.map((file) => [file.path, file.mode])).toEqual([
      ['/etc/nginx/conf.d/default.conf', 0o644],
      ['/etc/nginx/nginx.conf', 0o644],
      ['/etc/tls/tls.crt', undefined],
      ['/etc/tls/tls.key', undefined],
      ['/run/secrets/db', 0o400],
    ])
  })

  it('gives a job with `from` the container of its service, and not its ports', () => {
    const migrate = jobOf(specOf(wholeShape), 'migrate')
    expect(migrate.main.image.reference).toBe('ghcr.io/acme/web:latest')
    expect(migrate.main.command).toEqual(['npm', 'run', 'migrate'])
    expect(migrate.main.env['PORT']).toEqual({ kind: 'text', text: '8080' })
    expect(migrate.main.ports).toEqual([])
    expect(migrate.networks).toEqual(['front', 'back'])
    expect(migrate.dependsOn).toEqual({ db: 'healthy' })
  })

  it('runs a job with each release where something depends on it, and else when asked', () => {
    const spec = specOf(wholeShape)
    expect(jobOf(spec, 'migrate').run).toBe('release')
    expect(jobOf(spec, 'smoke').run).toBe('manual')
  })

  it('lays the chosen environment over it', () => {
    const staging = resolved(wholeShape, { environment: 'staging' })
    const production = resolved(wholeShape, { environment: 'production' })
    expect(serviceOf(lowerManifest(staging), 'web').scale).toMatchObject({ min: 1, max: 1 })
    expect(serviceOf(lowerManifest(staging), 'web').scale.targets?.cpuPercent).toBe(70)
    expect(production.cluster).toBe('prod-eks')
    expect(lowerManifest(production)).toMatchObject({ approval: 'required' })
    expect(serviceOf(lowerManifest(production), 'web').main.image.reference).toBe('ghcr.io/acme/web:v1.4.2')
    expect(serviceOf(lowerManifest(production), 'web').main.size).toMatchObject({
      nanoCpus: 1e9,
      memoryBytes: 512 * MiB,
    })
  })

  it('has leaves whose patterns are all known, each written one with its place', () => {
    const { leaves } = resolved(wholeShape)
    const known = new Set<string>(fieldPatterns)
    expect(leaves.filter((leaf) => !known.has(leaf.pattern))).toEqual([])
    expect(leaves.filter((leaf) => leaf.source === undefined)).toEqual([])
    expect(new Set(leaves.map((leaf) => JSON.stringify(leaf.path))).size).toBe(leaves.length)
    expect(leaves.find((leaf) => leaf.path.join('.') === 'services.api.health.live.http')).toMatchObject({
      value: '/up',
      written: true,
      pattern: 'services.*.health.live.http',
    })
    expect(leaves.find((leaf) => leaf.path.join('.') === 'services.api.update.strategy')).toMatchObject({
      written: false,
    })
  })
})

describe('lowering', () => {
  it('drops the command of the image where only an entrypoint is written', () => {
    const spec = specOf('services: {a: {image: a, entrypoint: [x]}, b: {image: a, command: []}, c: {image: a}}')
    expect(serviceOf(spec, 'a').main.command).toEqual([])
    expect(serviceOf(spec, 'b').main.command).toEqual([])
    expect(serviceOf(spec, 'c').main.command).toBeUndefined()
  })

  it('speaks http on ports of http routes and checks, and raw on all others', () => {
    const spec = specOf(
      'services: {a: {image: a, ports: {web: 80, api: 81, x: 82}, routes: {r: {port: web}}, health: {ready: {http: /, port: api}}}}',
    )
    expect(serviceOf(spec, 'a').main.ports.map((port) => port.app)).toEqual(['http', 'http', 'raw'])
  })

  it('waits before the signal where a route leads to the service', () => {
    const spec = specOf('services: {a: {image: a, ports: {http: 80}, routes: {r: {}}}, b: {image: a}}')
    expect(serviceOf(spec, 'a').main.stop.drainMs).toBe(5000)
    expect(serviceOf(spec, 'b').main.stop.drainMs).toBe(0)
  })

  it('leaves the keys of a secret to its source where only that knows them', () => {
    const spec = specOf(
      'secrets: {s: {from: "secretsmanager:a/b"}}\nservices: {a: {image: a, envFrom: {s: secret}, files: {/s: {secret: s}}}}',
    )
    expect(serviceOf(spec, 'a').main.envFromSecrets).toEqual(['s'])
    expect(serviceOf(spec, 'a').main.secretFolders).toEqual([
      { path: '/s', secret: 's', mode: undefined, from: 'services.a.files."/s"' },
    ])
  })

  it('puts what is known of an image beside its reference', () => {
    const known = { pinned: 'nginx@sha256:1' }
    const spec = lowerManifest(resolved(smallest), (reference) => (reference === 'nginx' ? known : undefined))
    expect(serviceOf(spec, 'web').main.image).toMatchObject({ reference: 'nginx', pinned: 'nginx@sha256:1' })
  })

  it('keeps init containers and dependencies in the order of the document', () => {
    const spec = specOf('services: {a: {image: a, init: {z: {image: a}, b: {image: a}, m: {image: a}}}}')
    expect(serviceOf(spec, 'a').init.map((each) => each.name)).toEqual(['z', 'b', 'm'])
  })
})
