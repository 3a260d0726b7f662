import { describe, expect, it } from 'vitest'
import { freshRuntime } from '../../lib/model/release.ts'
import type { AppSpec } from '../../lib/model/unit.ts'
import { judge } from '../../lib/targets/docker/check/check.ts'
import type { Cluster } from '../../lib/targets/docker/check/cluster.ts'
import { job, container, spec } from '../support/specs.ts'
import { imageConfig, input, node, swarmService, swarmTask, web } from './support.ts'
import type { InputOptions } from './support.ts'

const mib = 1024 * 1024

const cluster = (change: Partial<Cluster> = {}): Cluster => ({
  nodes: [node('n1')],
  services: [],
  tasks: [],
  networks: [],
  volumes: [],
  drivers: ['local'],
  swarm: { DefaultAddrPool: ['100.64.0.0/11'], SubnetSize: 23 },
  ...change,
})

const problems = (app: AppSpec, of: Cluster = cluster(), options: InputOptions = {}) =>
  judge(input(app, options), of).map(({ code, path, message, fix }) => ({ code, path, message, fix }))
const codes = (app: AppSpec, of: Cluster = cluster(), options: InputOptions = {}) =>
  problems(app, of, options).map(({ code, path }) => `${code} ${path}`)

const sized = (cpu: number, memoryMiB: number, count: number, name = 'web') =>
  web(
    { size: { nanoCpus: cpu * 1e9, memoryBytes: memoryMiB * mib } },
    { scale: { min: count, max: count, schedule: {} } },
    name,
  )

describe('preflight', () => {
  it('finds nothing in an app that fits', () => {
    expect(problems(spec([sized(0.5, 128, 2), job('task')]))).toEqual([])
  })

  it('refuses what the machines cannot hold, with the numbers', () => {
    const [found] = problems(spec([sized(0.75, 100, 3)]))
    expect(found).toMatchObject({ code: 'no-capacity', path: 'services.web.size', fix: expect.any(String) })
    expect(found?.message).toContain(
      '0.75 CPU and 100 MiB for each of 3 instances (2.25 CPU and 300 MiB in all), and 2 of them find a place',
    )
    expect(found?.message).toContain('host-n1: 2 CPU and 1024 MiB')
  })

  it('counts what others have reserved, and not what this app has', () => {
    const app = spec([sized(1, 100, 2)])
    const own = input(app)
    const name = judge(own, cluster()).length === 0 ? 'other' : ''
    const other = {
      ...cluster(),
      services: [swarmService('s1', { Name: name })],
      tasks: [swarmTask('t', 'running', { ServiceID: 's1', Spec: { Resources: { Reservations: { NanoCPUs: 5e8 } } } })],
    }
    expect(codes(app, other)).toEqual(['no-capacity services.web.size'])
  })

  it('does not let the large find only what the small left', () => {
    const two = cluster({ nodes: [node('n1', { cpus: 1 }), node('n2', { cpus: 1 })] })
    expect(codes(spec([sized(0.25, 10, 4, 'small'), sized(1, 100, 1, 'large')]), two)).toEqual([])
  })

  it('leaves out machines that are drained, down or elsewhere', () => {
    const nodes = [node('n1', { drained: true }), node('n2', { down: true }), node('n3', { labels: { pool: 'gpu' } })]
    const inPool = web({}, { placement: { ...web().placement, pool: 'gpu' } })
    const elsewhere = web({}, { placement: { ...web().placement, pool: 'none' } })
    expect(codes(spec([inPool]), cluster({ nodes }))).toEqual([])
    expect(codes(spec([elsewhere]), cluster({ nodes }))).toEqual(['no-capacity services.web.placement'])
  })

  it('asks nothing for what is stopped', () => {
    expect(codes(spec([sized(10, 10, 1)]), cluster(), { runtime: { ...freshRuntime, stopped: ['*'] } })).toEqual([])
  })

  it('refuses a job that fits no machine', () => {
    const app = spec([job('task', { main: container({ size: { nanoCpus: 4e9 }, from: 'jobs.task' }) })])
    expect(codes(app)).toEqual(['no-capacity jobs.task.size'])
  })

  it('refuses a port that belongs to another app, and more instances than machines', () => {
    const app = spec([
      web(
        { ports: [{ name: 'http', port: 80, protocol: 'tcp', app: 'http' }] },
        { publish: [{ port: 'http', hostPort: 8080 }], scale: { min: 2, max: 2, schedule: {} } },
      ),
    ])
    const taken = swarmService('s1', {
      Name: 'theirs',
      EndpointSpec: { Ports: [{ TargetPort: 1, PublishedPort: 8080, Protocol: 'tcp', PublishMode: 'host' }] },
    })
    const found = problems(app, cluster({ services: [taken] }))
    expect(found.map(({ code }) => code)).toEqual(['name-taken', 'no-capacity'])
    expect(found[0]?.message).toContain('port 8080/tcp of the machines belongs to the service "theirs"')
    const udp = {
      ...taken,
      Spec: {
        ...taken.Spec,
        EndpointSpec: { Ports: [{ TargetPort: 1, PublishedPort: 8080, Protocol: 'udp' as const }] },
      },
    }
    expect(problems(app, cluster({ nodes: [node('n1'), node('n2')], services: [udp] }))).toEqual([])
  })

  it('refuses images for other architectures', () => {
    const app = spec([web({ image: { reference: 'a', config: { ...imageConfig, arch: 'arm64' } } })])
    expect(codes(app)).toContain('image-platform services.web.image')
    expect(codes(app, cluster({ nodes: [node('n1', { arch: 'aarch64' })] }))).toEqual([])
  })

  it('demands grants for what is dangerous', () => {
    const app = spec([
      web({
        mounts: [{ kind: 'host', path: '/x', hostPath: '/var/run/docker.sock', readOnly: true, from: 'm' }],
        security: { ...container().security, hostNetwork: true },
      }),
    ])
    expect(problems(app).map(({ code, fix }) => [code, /"(\w+)"/.exec(fix ?? '')?.[1]])).toEqual([
      ['needs-grant', 'hostPath'],
      ['needs-grant', 'dockerSock'],
      ['needs-grant', 'hostNetwork'],
    ])
    expect(problems(app, cluster(), { grants: ['hostPath', 'dockerSock', 'hostNetwork'] })).toEqual([])
  })

  it('holds a demand for non-root against the image', () => {
    const demand = (user: string) =>
      spec([
        web({
          image: { reference: 'a', config: { ...imageConfig, user } },
          security: { ...container().security, runAsNonRoot: true },
        }),
      ])
    expect(codes(demand(''))).toEqual(['conflict services.web.security.runAsNonRoot'])
    expect(codes(demand('1000'))).toEqual([])
  })

  it('refuses volumes that are not there, and data that lies on two machines', () => {
    const mounting = (...names: readonly string[]) =>
      web({
        mounts: names.map((volume) => ({
          kind: 'volume' as const,
          path: `/${volume}`,
          volume,
          readOnly: false,
          from: 'm',
        })),
      })
    const volume = { access: 'shared' as const, class: 'default', onDelete: 'keep' as const }
    expect(codes(spec([mounting('a')], { volumes: [{ ...volume, name: 'a', existing: 'docker:gone' }] }))).toEqual([
      'unknown-reference volumes.a.from',
    ])
    expect(codes(spec([mounting('a')], { volumes: [{ ...volume, name: 'a', class: 'nfs' }] }))).toEqual([
      'backend-cannot volumes.a.class',
    ])
    const app = spec([mounting('a', 'b')], {
      volumes: [
        { ...volume, name: 'a' },
        { ...volume, name: 'b' },
      ],
    })
    const identity = Object.fromEntries(
      ['a', 'b'].map((name) => [`volume/${name}`, { kind: 'volume', name: `v-${name}`, holdsData: true }]),
    )
    const apart = cluster({
      nodes: [
        node('n1', { labels: { 'io.escale.pin.v-a': 'true' } }),
        node('n2', { labels: { 'io.escale.pin.v-b': 'true' } }),
      ],
    })
    expect(problems(app, apart, { identity })[0]?.message).toContain('different machines: host-n1, host-n2')
  })

  it('counts the addresses of networks', () => {
    const small = cluster({ swarm: { DefaultAddrPool: ['10.0.0.0/16'], SubnetSize: 28 } })
    expect(codes(spec([sized(0, 0, 6)]), small)).toEqual(['no-capacity networks.default'])
    expect(codes(spec([sized(0, 0, 2)]), small)).toEqual([])
  })
})
