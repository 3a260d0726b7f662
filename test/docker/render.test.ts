import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freshRuntime } from '../../lib/model/release.ts'
import type { Container, Health, ServiceUnit } from '../../lib/model/unit.ts'
import { kinds } from '../../lib/targets/docker/kinds.ts'
import { isObject } from '../../lib/targets/docker/json.ts'
import { adapt } from '../../lib/targets/docker/adapt.ts'
import { render, renderRun } from '../../lib/targets/docker/render/render.ts'
import type { JsonObject } from '../../lib/core/hash.ts'
import type { Resource } from '../../lib/model/resource.ts'
import { container, job, spec } from '../support/specs.ts'
import { input, web } from './support.ts'
import type { InputOptions } from './support.ts'

const find = (resources: readonly Resource[], id: string): Resource => {
  const found = resources.find((resource) => resource.id === id)
  if (found === undefined) throw new Error(`${id} is not among ${resources.map((resource) => resource.id).join(', ')}`)
  return found
}

function at(resource: Resource, path: string): unknown {
  let value: unknown = resource.body
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined
  return value
}

const one = (main: Partial<Container> = {}, change: Partial<ServiceUnit> = {}, options: InputOptions = {}): Resource =>
  find(
    render(input(spec([web(main, change)]), options)).resources,
    change.mode === 'stateful' ? 'service/web-0' : 'service/web',
  )

const secretEnv = { env: { KEY: { kind: 'secret', secret: 'key' } } } as const

describe('rendering', () => {
  it('is the same for the same input, and every need is rendered', () => {
    const app = spec([
      web({ ...secretEnv, files: [{ path: '/a', content: { kind: 'text', text: 'x' }, from: 'f' }] }),
      job('task'),
    ])
    const options = { secretVersions: { key: 'v1' } }
    const first = render(input(app, options))
    expect(render(input(app, options))).toEqual(first)
    const ids = new Set(first.resources.map(({ id }) => id))
    expect(first.resources.flatMap(({ needs }) => needs).filter((need) => !ids.has(need))).toEqual([])
  })

  it('keeps the intent from release to release, and the mark of the release beside it', () => {
    const [first, second] = [one({}, {}, { number: 1 }), one({}, {}, { number: 2 })]
    expect(second.intent).toBe(first.intent)
    expect(at(second, 'Labels')).toMatchObject({ 'io.escale.release': '2', 'io.escale.intent': first.intent })
    expect(kinds['service']?.differences(second, first.body)).toEqual([])
  })

  it('changes the template with what makes instances, and not with counts, labels or rhythm', () => {
    const { template } = one()
    expect(one({}, { scale: { min: 3, max: 3, schedule: {} } }).template).toBe(template)
    expect(one({}, { labels: { a: 'b' } }).template).toBe(template)
    expect(
      one(
        {},
        {
          update: {
            ...web().update,
            rolling: { maxSurge: { count: 2 }, maxUnavailable: { count: 0 }, settleMs: 5_000 },
          },
        },
      ).template,
    ).toBe(template)
    expect(one({ env: { A: { kind: 'text', text: 'b' } } }).template).not.toBe(template)
    expect(one({}, {}, { runtime: { ...freshRuntime, restarts: { web: 1 } } }).template).not.toBe(template)
  })

  it('uses the stable address where the kernel has one, and all addresses elsewhere or when asked', () => {
    expect(at(one(), 'EndpointSpec.Mode')).toBe('dnsrr')
    expect(at(one({}, {}, { facts: { ipvs: true } }), 'EndpointSpec.Mode')).toBe('vip')
    expect(at(one({}, { discovery: 'instances' }, { facts: { ipvs: true } }), 'EndpointSpec.Mode')).toBe('dnsrr')
  })

  it('puts the start helper in front only where it is needed', () => {
    expect(at(one(), 'TaskTemplate.ContainerSpec.Command')).toBeUndefined()
    const helped = one(secretEnv, {}, { secretVersions: { key: 'v1' } })
    expect(at(helped, 'TaskTemplate.ContainerSpec.Command')).toEqual([
      '/.escale/start',
      'run',
      '--env',
      'KEY=/run/secrets/.env/KEY',
      '--',
      '/entry',
      'serve',
    ])
    expect(JSON.stringify(at(helped, 'TaskTemplate.ContainerSpec.Configs'))).toContain('"Mode":365')
    // It reaps by itself where it is the first process.
    expect(at(helped, 'TaskTemplate.ContainerSpec.Init')).toBeUndefined()
    expect(at(one(), 'TaskTemplate.ContainerSpec.Init')).toBe(true)
  })

  it('names secrets by a keyed hash of their version, never of their value', () => {
    const idOf = (version: string) =>
      render(input(spec([web(secretEnv)]), { secretVersions: { key: version } })).resources.find(
        ({ kind }) => kind === 'secret',
      )?.id
    expect(idOf('v1')).toMatch(/^secret\/key@[a-z2-7]{12}$/)
    expect(idOf('v2')).not.toBe(idOf('v1'))
  })

  it('refuses a secret that has no value yet', () => {
    expect(render(input(spec([web(secretEnv)]))).problems.map(({ code, path }) => [code, path])).toEqual([
      ['secret-missing', 'services.web.env.KEY'],
    ])
  })

  it('does not count the pace of going back as a difference', () => {
    const resource = one()
    const actual: JsonObject = { ...resource.body, UpdateConfig: { Parallelism: 0 } }
    expect(kinds['service']?.differences(resource, actual)).toEqual([])
  })

  it('gives adopted things the names they have', () => {
    const identity = { 'service/web': { kind: 'service', name: 'legacy_web', holdsData: false } }
    expect(one({}, {}, { identity }).name).toBe('legacy_web')
  })

  it('merges the override last', () => {
    const over = one(
      {},
      { override: { docker: { serviceSpec: { TaskTemplate: { ContainerSpec: { TTY: true, Init: null } } } } } },
    )
    expect(at(over, 'TaskTemplate.ContainerSpec')).toMatchObject({ TTY: true, Image: 'app:1' })
    expect(at(over, 'TaskTemplate.ContainerSpec.Init')).toBeUndefined()
  })

  it('names runs by what they are for', () => {
    const app = input(spec([job('task', { retries: 2, completions: 4, parallelism: 2 })]))
    const task = job('task', { retries: 2, completions: 4, parallelism: 2 })
    const run = renderRun(app, { runId: 'run_a', job: task })
    expect(run).toMatchObject({ id: 'run/task/run_a', kind: 'run', unit: 'task' })
    expect(renderRun(app, { runId: 'run_a', job: task }).name).toBe(run.name)
    expect(renderRun(app, { runId: 'run_b', job: task }).name).not.toBe(run.name)
    expect(at(run, 'Mode')).toEqual({ ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } })
    expect(at(run, 'TaskTemplate.RestartPolicy')).toMatchObject({ Condition: 'on-failure', MaxAttempts: 2 })
  })
})

describe('updates', () => {
  const config = (change: Partial<ServiceUnit>, main: Partial<Container> = {}): unknown =>
    at(one(main, change), 'UpdateConfig')
  const rolling = (maxSurge: ServiceUnit['update']['rolling']['maxSurge'], maxUnavailable = { count: 0 }) => ({
    scale: { min: 5, max: 5, schedule: {} },
    update: { ...web().update, rolling: { maxSurge, maxUnavailable, settleMs: 1_000 } },
  })

  it('start first by the surge, and wait until a batch is gone', () => {
    expect(config(rolling({ percent: 25 }))).toMatchObject({
      Parallelism: 2,
      Order: 'start-first',
      Delay: 12e9,
      FailureAction: 'pause',
    })
  })

  it('stop first where nothing may run beside the old one', () => {
    expect(
      config(
        { ...rolling({ count: 1 }), publish: [{ port: 'http', hostPort: 80 }] },
        { ports: [{ name: 'http', port: 80, protocol: 'tcp', app: 'http' }] },
      ),
    ).toMatchObject({ Parallelism: 1, Order: 'stop-first' })
    expect(config(rolling({ count: 0 }, { count: 2 }))).toMatchObject({ Parallelism: 2, Order: 'stop-first' })
  })

  it('always make progress', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), fc.nat(100), (surge, missing, percent) => {
        for (const maxSurge of [{ count: surge }, { percent }])
          expect(config(rolling(maxSurge, { count: missing }))).toMatchObject({
            Parallelism: expect.toSatisfy((count: number) => count >= 1),
          })
      }),
    )
  })
})

describe('checks', () => {
  const check = (probe: NonNullable<Health['ready']>['probe']) => ({
    probe,
    intervalMs: 5_000,
    timeoutMs: 2_000,
    failures: 4,
  })
  const healthOf = (health: Health | undefined): JsonObject => {
    const value = at(one(health === undefined ? {} : { health }), 'TaskTemplate.ContainerSpec.Healthcheck')
    return isObject(value) ? value : {}
  }

  it("never leave the image's own in force", () => {
    expect(healthOf(undefined)).toEqual({ Test: ['NONE'] })
  })

  it('are run by the engine itself where one command does for all', () => {
    const exec = check({ kind: 'exec', command: ['ok'] })
    expect(healthOf({ ready: exec, live: exec })).toMatchObject({ Test: ['CMD', 'ok'], Interval: 5e9, Retries: 4 })
    expect(healthOf({ live: exec })).toMatchObject({ Test: ['CMD', 'ok'] })
  })

  it('go through the start helper where ready must not restart anything later', () => {
    const exec = check({ kind: 'exec', command: ['ok'] })
    expect(healthOf({ ready: exec })['Test']).toContain('/.escale/start')
    const http = check({ kind: 'http', path: '/up', port: 80 })
    const { Test, Timeout } = healthOf({ ready: http, live: http, startup: { withinMs: 60_000 } })
    expect(Test).toEqual([
      'CMD',
      '/.escale/start',
      'check',
      '--startup-within',
      '60000',
      '--pace',
      '4000',
      '--ready',
      'http:80/up',
      '--timeout',
      '2000',
      '--live',
      'http:80/up',
      '--timeout',
      '2000',
    ])
    expect(Timeout).toBe(9e9)
  })
})

describe('what swarm has no form for', () => {
  const sidecar = {
    ...container({ name: 'proxy', image: { reference: 'proxy:1' }, from: 'services.web.sidecars.proxy' }),
    essential: true,
    startBefore: true,
  }
  const init = container({
    name: 'assets',
    image: { reference: 'assets:1' },
    command: ['copy'],
    from: 'services.web.init.assets',
  })

  it('becomes services and jobs of their own where that is allowed', () => {
    const units = adapt(
      spec([
        web(
          {},
          {
            sidecars: [sidecar],
            init: [init],
            allow: { sidecars: 'approximated' },
            scale: { min: 2, max: 2, schedule: {} },
          },
        ),
      ]),
    ).units
    expect(units.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'job web-assets',
      'service web-proxy',
      'service web',
    ])
    expect(units.at(-1)).toMatchObject({
      dependsOn: { 'web-assets': 'completed', 'web-proxy': 'started' },
      sidecars: [],
      init: [],
    })
    expect(units[1]).toMatchObject({ aliases: ['proxy'], routes: [], scale: { min: 2 } })
    expect(units[0]).toMatchObject({ run: 'release' })
  })

  it('stays as it is where it is not', () => {
    const app = spec([web({}, { sidecars: [sidecar] })])
    expect(adapt(app)).toEqual(app)
  })
})
