/**
 * What every target must do, run against a simulated cluster and against real engines alike. An exception is
 * named with its reason; images, commands and time limits belong to the subject.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { shortHash } from '../../lib/core/hash.ts'
import type { AppKey, Site } from '../../lib/model/app.ts'
import type { Observed, ObservedRun } from '../../lib/model/observed.ts'
import { freshRuntime, type RuntimeState } from '../../lib/model/release.ts'
import type { Resource } from '../../lib/model/resource.ts'
import { type AppSpec, type Container, type Image, type JobUnit, jobUnits } from '../../lib/model/unit.ts'
import { unitsByResource } from '../../lib/plan/fold.ts'
import { readiness } from '../../lib/plan/readiness.ts'
import type {
  Executor,
  IdentityEntry,
  RenderInput,
  Target,
  WriteContext,
  WriteResult,
} from '../../lib/targets/target.ts'
import { container, job, release, service, spec } from '../support/specs.ts'

export interface TargetSubject {
  readonly target: Target
  readonly site: Site
  /** An app of the suite's own on this cluster; two subjects never share one. */
  readonly key: AppKey
  /** Image of every container, with its configuration where the target needs to know it. */
  readonly image: Image
  /** Commands in that image: one that stays, that ends well, that ends with status 7, that prints `hello`. */
  readonly commands: {
    readonly stay: readonly string[]
    readonly succeed: readonly string[]
    readonly fail: readonly string[]
    readonly hello: readonly string[]
  }
  /** Lets a little time pass between two looks. */
  pause(): Promise<void>
  /** Changes how many instances a service has, behind our back. */
  scaleByHand(resource: Resource, count: number): Promise<void>
  /** Removes whatever the test left. */
  dispose(): Promise<void>
}

export interface ConformanceOptions {
  /** Cases this target cannot do, each with its reason. */
  readonly skip?: Readonly<Partial<Record<CaseName, string>>>
  /** Time limit of one case. */
  readonly timeoutMs?: number
  /** Looks before a case that waits gives up. */
  readonly looks?: number
}

export type CaseName = keyof typeof cases

export function targetConformance(
  name: string,
  makeTarget: () => Promise<TargetSubject>,
  options: ConformanceOptions = {},
): void {
  const { skip = {}, timeoutMs = 20_000, looks = 500 } = options
  describe(`the ${name} target`, () => {
    let bench: Bench
    beforeEach(async () => {
      bench = await Bench.of(await makeTarget(), looks)
    }, timeoutMs)
    afterEach(async () => {
      await bench.subject.dispose()
    }, timeoutMs)
    for (const [what, prove] of Object.entries(cases) as [CaseName, (bench: Bench) => Promise<void>][]) {
      const reason = skip[what]
      if (reason === undefined) it(what, () => prove(bench), timeoutMs)
      else it.skip(`${what} (${reason})`, () => {})
    }
  })
}

/** One subject and the little that a control plane does around it: order of writes, identity map, waiting. */
class Bench {
  readonly subject: TargetSubject
  readonly #input: Omit<RenderInput, 'release' | 'runtime' | 'identity'>
  readonly #looks: number
  identity: Record<string, IdentityEntry> = {}

  private constructor(subject: TargetSubject, input: Bench['commonInput'], looks: number) {
    this.subject = subject
    this.#input = input
    this.#looks = looks
  }

  get commonInput(): Omit<RenderInput, 'release' | 'runtime' | 'identity'> {
    return this.#input
  }

  static async of(subject: TargetSubject, looks: number): Promise<Bench> {
    const capabilities = await subject.target.capabilities()
    return new Bench(
      subject,
      { site: subject.site, capabilities, grants: [], keyedHash: (value) => shortHash(value) },
      looks,
    )
  }

  get target(): Target {
    return this.subject.target
  }

  container(change: Partial<Container> = {}): Container {
    const { image, commands } = this.subject
    return container({ image, command: commands.stay, ...change })
  }

  /** A service on a network of its own, and two jobs. */
  app(change: Partial<Container> = {}): AppSpec {
    const { commands } = this.subject
    return spec([
      service('web', { main: this.container({ from: 'services.web', ...change }) }),
      job('good', { main: this.container({ from: 'jobs.good', command: commands.succeed }) }),
      job('bad', { main: this.container({ from: 'jobs.bad', command: commands.fail }) }),
    ])
  }

  input(app: AppSpec, runtime: RuntimeState = freshRuntime): RenderInput {
    const made = release(1, this.target.adapt(app), { key: this.subject.key, cluster: this.subject.site.cluster })
    return { ...this.#input, release: made, runtime, identity: this.identity }
  }

  render(app: AppSpec, runtime?: RuntimeState): readonly Resource[] {
    const { resources, problems } = this.target.render(this.input(app, runtime))
    expect(problems).toEqual([])
    return resources
  }

  context(app: AppSpec): WriteContext {
    const signal = AbortSignal.timeout(60_000)
    const { site, key } = this.subject
    return {
      site,
      key,
      release: this.input(app).release,
      deadlineMs: Date.now() + 60_000,
      signal,
      pace: 'declared',
      reveal: async () => new TextEncoder().encode('value'),
    }
  }

  executor(resource: Pick<Resource, 'kind'>): Executor {
    const executor = this.target.executors[resource.kind]
    expect(executor, `an executor for ${resource.kind}`).toBeDefined()
    return executor!
  }

  observe(): Promise<Observed> {
    return this.target.observe(this.subject.site, this.subject.key, this.identity, AbortSignal.timeout(60_000))
  }

  async write(resource: Resource, app: AppSpec): Promise<WriteResult> {
    const current = (await this.observe()).resources.find((seen) => seen.id === resource.id)
    const { kind, name, holdsData } = resource
    this.identity[resource.id] ??= { kind, name, holdsData }
    const context = this.context(app)
    const executor = this.executor(resource)
    return current === undefined
      ? await executor.create(resource, context)
      : await executor.update(resource, current, context)
  }

  async apply(app: AppSpec, runtime?: RuntimeState): Promise<readonly Resource[]> {
    const resources = this.render(app, runtime)
    for (const resource of inOrder(resources)) await this.write(resource, app)
    return resources
  }

  async remove(app: AppSpec): Promise<void> {
    const entries = Object.entries(this.identity)
    const runs = ([, entry]: (typeof entries)[number]): number => (this.target.kinds[entry.kind]?.runs === true ? 0 : 1)
    for (const [id, entry] of entries.sort((a, b) => runs(a) - runs(b))) {
      // What still has users is tried again, as a tick does.
      await this.until(`${id} is removed`, async () => {
        try {
          const current = (await this.observe()).resources.find((seen) => seen.id === id)
          await this.executor(entry).remove(entry, current, this.context(app))
          return true
        } catch (error) {
          if ((error as { readonly code?: string }).code === 'in-use') return false
          throw error
        }
      })
      delete this.identity[id]
    }
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let n = 0; n < this.#looks; n++) {
      if (await holds()) return
      await this.subject.pause()
    }
    throw new Error(`in ${this.#looks} looks it never came to be: ${what}`)
  }

  async ready(resources: readonly Resource[]): Promise<void> {
    for (const resource of resources) {
      if (this.target.kinds[resource.kind]?.runs !== true) continue
      await this.until(
        `${resource.name} is ready`,
        async () => readiness(resource, unitsByResource(await this.observe()).get(resource.id)).ready,
      )
    }
  }

  run(app: AppSpec, name: string, runId: string): Resource {
    const unit: JobUnit = jobUnits(this.target.adapt(app)).find((candidate) => candidate.name === name)!
    return this.target.renderRun(this.input(app), { runId, job: unit })
  }

  async runEnded(runId: string): Promise<ObservedRun> {
    let seen: ObservedRun | undefined
    await this.until(`run ${runId} has ended`, async () => {
      seen = (await this.observe()).runs.find((run) => run.runId === runId)
      return seen?.state === 'succeeded' || seen?.state === 'failed'
    })
    return seen!
  }
}

/** Each after what it needs. */
function inOrder(resources: readonly Resource[]): readonly Resource[] {
  const sorted: Resource[] = []
  const left = new Set(resources)
  while (left.size > 0) {
    const next = [...left].find((resource) => resource.needs.every((id) => ![...left].some((other) => other.id === id)))
    if (next === undefined) throw new Error('resources need each other in a circle')
    left.delete(next)
    sorted.push(next)
  }
  return sorted
}

const differencesOf = ({ target }: Bench, resources: readonly Resource[], observed: Observed) =>
  resources.flatMap((resource) => {
    const seen = observed.resources.find((candidate) => candidate.id === resource.id)
    return seen === undefined
      ? [`${resource.id} is not there`]
      : target.kinds[resource.kind]!.differences(resource, seen.actual).map((difference) => difference.path)
  })

const runIds = { first: 'run_aaaaaaaaaaaaaaaaaaaaaaaaaa', second: 'run_bbbbbbbbbbbbbbbbbbbbbbbbbb' }

const cases = {
  'adapts a spec purely, and only once': async (bench: Bench) => {
    const app = bench.app()
    const before = JSON.stringify(app)
    const adapted = bench.target.adapt(app)
    expect(JSON.stringify(app)).toBe(before)
    expect(bench.target.adapt(adapted)).toEqual(adapted)
  },

  'renders the same for the same, and changes nothing it was given': async (bench: Bench) => {
    const input = bench.input(bench.app())
    const before = JSON.stringify(input)
    const rendered = bench.target.render(input)
    expect(bench.target.render(structuredCloneOf(input))).toEqual(rendered)
    expect(JSON.stringify(input)).toBe(before)
  },

  'renders resources of kinds it knows, each once, with needs that are rendered too': async (bench: Bench) => {
    const resources = bench.render(bench.app())
    const ids = resources.map((resource) => resource.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(resources.map((resource) => `${resource.kind} ${resource.name}`)).size).toBe(ids.length)
    for (const resource of resources) {
      expect(bench.target.kinds[resource.kind], resource.kind).toBeDefined()
      bench.executor(resource)
      for (const id of [...resource.needs, ...(resource.needsReady ?? [])]) expect(ids).toContain(id)
    }
  },

  'tells a new template from a new count': async (bench: Bench) => {
    const web = (app: AppSpec, runtime?: RuntimeState): Resource =>
      bench.render(app, runtime).find((resource) => resource.id === 'service/web')!
    const before = web(bench.app())
    const scaled = web(bench.app(), { ...freshRuntime, counts: { web: { count: 3, over: 1 } } })
    const changed = web(bench.app({ env: { A: { kind: 'text', text: 'b' } } }))
    const restarted = web(bench.app(), { ...freshRuntime, restarts: { web: 1 } })
    expect(scaled.template).toBe(before.template)
    expect(new Set([before, scaled, changed, restarted].map((resource) => resource.intent)).size).toBe(4)
    expect(new Set([before, changed, restarted].map((resource) => resource.template)).size).toBe(3)
  },

  'makes what it rendered, and then sees no difference': async (bench: Bench) => {
    const resources = await bench.apply(bench.app())
    await bench.ready(resources)
    const observed = await bench.observe()
    expect(differencesOf(bench, resources, observed)).toEqual([])
    for (const { id, intent } of resources)
      expect(observed.resources.find((seen) => seen.id === id)?.intent ?? intent, id).toBe(intent)
    expect(new Set(observed.resources.map((seen) => seen.id))).toEqual(
      new Set(resources.map((resource) => resource.id)),
    )
  },

  'makes nothing twice when an answer was lost': async (bench: Bench) => {
    const app = bench.app()
    for (const resource of inOrder(bench.render(app))) {
      const first = await bench.executor(resource).create(resource, bench.context(app))
      const second = await bench.executor(resource).create(resource, bench.context(app))
      expect(second.nativeId, resource.id).toBe(first.nativeId)
      const { kind, name, holdsData } = resource
      bench.identity[resource.id] = { kind, name, holdsData }
    }
    const ids = (await bench.observe()).resources.map((seen) => seen.id)
    expect(new Set(ids).size).toBe(ids.length)
  },

  'tells the id and version that an observation then shows': async (bench: Bench) => {
    const app = bench.app()
    for (const resource of inOrder(bench.render(app))) {
      const written = await bench.write(resource, app)
      const seen = (await bench.observe()).resources.find((candidate) => candidate.id === resource.id)
      if (written.nativeId !== undefined) expect(seen?.nativeId, resource.id).toBe(written.nativeId)
      if (written.version !== undefined)
        expect(Number(seen?.version), resource.id).toBeGreaterThanOrEqual(Number(written.version))
    }
  },

  'updates to new instances, and an update made again changes nothing': async (bench: Bench) => {
    await bench.ready(await bench.apply(bench.app()))
    const before = new Set(
      (await bench.observe()).units.flatMap((unit) => unit.instances.map((instance) => instance.nativeId)),
    )
    const app = bench.app({ env: { VERSION: { kind: 'text', text: '2' } } })
    const resources = await bench.apply(app)
    await bench.ready(resources)
    const current = (observed: Observed): readonly string[] =>
      observed.units.flatMap((unit) =>
        unit.instances
          .filter((instance) => instance.wanted && instance.state === 'ready')
          .map((instance) => instance.nativeId),
      )
    const after = current(await bench.observe())
    expect(after.filter((id) => before.has(id))).toEqual([])
    for (const resource of resources) await bench.write(resource, app)
    await bench.ready(resources)
    expect(current(await bench.observe())).toEqual(after)
    expect(differencesOf(bench, resources, await bench.observe())).toEqual([])
  },

  'scales in place': async (bench: Bench) => {
    await bench.ready(await bench.apply(bench.app()))
    const ids = async (): Promise<readonly string[]> =>
      (await bench.observe()).units.flatMap((unit) =>
        unit.instances.filter((instance) => instance.wanted).map((instance) => instance.nativeId),
      )
    const [before] = await ids()
    await bench.ready(await bench.apply(bench.app(), { ...freshRuntime, counts: { web: { count: 2, over: 1 } } }))
    expect(await ids()).toHaveLength(2)
    expect(await ids()).toContain(before)
  },

  'stops and starts': async (bench: Bench) => {
    await bench.ready(await bench.apply(bench.app()))
    await bench.ready(await bench.apply(bench.app(), { ...freshRuntime, stopped: ['*'] }))
    const running = (await bench.observe()).units
      .flatMap((unit) => unit.instances)
      .filter((instance) => ['starting', 'ready', 'unready', 'stopping'].includes(instance.state))
    expect(running).toEqual([])
    await bench.ready(await bench.apply(bench.app()))
  },

  'names what was changed behind its back, and puts it right': async (bench: Bench) => {
    const app = bench.app()
    const resources = await bench.apply(app)
    await bench.ready(resources)
    const web = resources.find((resource) => resource.id === 'service/web')!
    await bench.subject.scaleByHand(web, 3)
    const differences = differencesOf(bench, resources, await bench.observe())
    expect(differences).toHaveLength(1)
    expect(differences[0]).toMatch(/replicas/i)
    expect(bench.target.kinds[web.kind]!.change(differences[0]!)).toBe('inPlace')
    await bench.write(web, app)
    await bench.ready(resources)
    expect(differencesOf(bench, resources, await bench.observe())).toEqual([])
  },

  'removes what it made, and removing it again is success': async (bench: Bench) => {
    const app = bench.app()
    await bench.ready(await bench.apply(app))
    const entries = { ...bench.identity }
    await bench.remove(app)
    await bench.until('nothing is left', async () => (await bench.observe()).resources.length === 0)
    for (const entry of Object.values(entries)) await bench.executor(entry).remove(entry, undefined, bench.context(app))
    expect((await bench.observe()).units).toEqual([])
  },

  'sees nothing of another app, nor of another installation': async (bench: Bench) => {
    await bench.apply(bench.app())
    const { site, key } = bench.subject
    const signal = AbortSignal.timeout(60_000)
    for (const [at, other] of [
      [site, { ...key, app: `${key.app}-other` }],
      [{ ...site, installId: `${site.installId}-other` }, key],
    ] as const) {
      const observed = await bench.target.observe(at, other, {}, signal)
      expect([...observed.resources, ...observed.units, ...observed.runs]).toEqual([])
    }
  },

  'brings a run to its end, and tells its exit status': async (bench: Bench) => {
    const app = bench.app()
    await bench.apply(app)
    for (const [name, id, end] of [
      ['good', runIds.first, { state: 'succeeded', exitCode: 0 }],
      ['bad', runIds.second, { state: 'failed', exitCode: 7 }],
    ] as const) {
      const run = bench.run(app, name, id)
      await bench.executor(run).create(run, bench.context(app))
      expect(await bench.runEnded(id)).toMatchObject({ job: name, ...end })
    }
  },

  'starts a run once though its answer was lost, and removes it': async (bench: Bench) => {
    const app = bench.app()
    await bench.apply(app)
    const run = bench.run(app, 'good', runIds.first)
    await bench.executor(run).create(run, bench.context(app))
    await bench.executor(run).create(run, bench.context(app))
    expect(await bench.runEnded(runIds.first)).toMatchObject({ state: 'succeeded', succeeded: 1 })
    await bench.executor(run).create(run, bench.context(app))
    expect(await bench.runEnded(runIds.first)).toMatchObject({ state: 'succeeded', succeeded: 1 })
    const { kind, name } = run
    for (let n = 0; n < 2; n++)
      await bench.executor(run).remove({ kind, name, holdsData: false }, undefined, bench.context(app))
    await bench.until('the run is gone', async () => (await bench.observe()).runs.length === 0)
  },

  'keeps runs out of the resources of the app': async (bench: Bench) => {
    const app = bench.app()
    const resources = await bench.apply(app)
    const run = bench.run(app, 'good', runIds.first)
    await bench.executor(run).create(run, bench.context(app))
    await bench.runEnded(runIds.first)
    expect((await bench.observe()).resources.map((seen) => seen.id).sort()).toEqual(
      resources.map((resource) => resource.id).sort(),
    )
  },

  'hands out the logs of an instance': async (bench: Bench) => {
    await bench.ready(await bench.apply(bench.app()))
    await bench.until('a line was written', async () => {
      const { site, key } = bench.subject
      const lines = bench.target.logs(site, key, { unit: 'web', follow: false, signal: AbortSignal.timeout(60_000) })
      for await (const line of lines) {
        expect(line.unit).toBe('web')
        expect(line.text).not.toContain('\n')
        return true
      }
      return false
    })
  },

  'runs a command in an instance, and has none where there is none': async (bench: Bench) => {
    await bench.ready(await bench.apply(bench.app()))
    const { site, key, commands } = bench.subject
    const request = { unit: 'web', command: commands.hello, tty: false }
    const session = await bench.target.exec(site, key, request, AbortSignal.timeout(60_000))
    session.endInput()
    const text = new TextDecoder()
    let output = ''
    for await (const frame of session.output) output += text.decode(frame.data, { stream: true })
    expect(output).toContain('hello')
    expect(await session.exitCode).toBe(0)
    const nowhere = bench.target.exec(site, key, { ...request, unit: 'nobody' }, AbortSignal.timeout(60_000))
    await expect(nowhere).rejects.toMatchObject({ code: 'not-found' })
  },

  'ends watching when it is told to': async (bench: Bench) => {
    const ending = new AbortController()
    const watching = bench.target.watch(bench.subject.site, () => {}, ending.signal)
    ending.abort()
    await watching
  },
} as const

/** `keyedHash` is a function and cannot be cloned: everything else is. */
function structuredCloneOf(input: RenderInput): RenderInput {
  const { keyedHash, ...rest } = input
  return { ...structuredClone(rest), keyedHash }
}
