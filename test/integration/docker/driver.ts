/** A small hand that does what the control plane does: render, write what differs in the order of needs, observe, prune. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyedHash } from '../../../lib/core/hash.ts'
import { silentLog } from '../../../lib/core/deps.ts'
import { systemClock } from '../../../lib/core/system.ts'
import type { AppKey, Site } from '../../../lib/model/app.ts'
import type { Observed, ObservedRun, ObservedUnit } from '../../../lib/model/observed.ts'
import { freshRuntime } from '../../../lib/model/release.ts'
import type { Release, RuntimeState } from '../../../lib/model/release.ts'
import type { Difference, Resource } from '../../../lib/model/resource.ts'
import type { AppSpec, Container, JobUnit, ServiceUnit } from '../../../lib/model/unit.ts'
import { runExec } from '../../../lib/targets/docker/engine/exec.ts'
import type { EngineOf } from '../../../lib/targets/docker/exec.ts'
import { dockerTarget } from '../../../lib/targets/docker/target.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Capabilities, Rendered, RenderInput, Target, WriteContext } from '../../../lib/targets/target.ts'
import {
  container as anyContainer,
  job as anyJob,
  release as anyRelease,
  service as anyService,
  spec as anySpec,
} from '../../support/specs.ts'

export const busybox = 'escale.local/busybox:1'

export interface ApplyOptions {
  readonly runtime?: RuntimeState
  /** Value by secret name, or `name.key`; its version is told by the value. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly grants?: readonly string[]
  readonly pace?: WriteContext['pace']
}

export interface Applied {
  readonly rendered: Rendered
  readonly written: readonly string[]
}

export interface Driver {
  readonly key: AppKey
  readonly site: Site
  readonly target: Target
  apply(spec: AppSpec, options?: ApplyOptions): Promise<Applied>
  render(spec: AppSpec, options?: ApplyOptions): Rendered
  input(spec: AppSpec, options?: ApplyOptions): RenderInput
  observe(): Promise<Observed>
  /** Waits until the observation answers something. */
  until<T>(what: string, look: (observed: Observed) => T | undefined | false): Promise<T>
  ready(unit: string, count: number): Promise<ObservedUnit>
  run(spec: AppSpec, job: JobUnit, runId: string, options?: ApplyOptions): Promise<ObservedRun>
  /** What a second plan would find to do. */
  differences(rendered: Rendered): Promise<readonly Difference[]>
  context(release: Release, options?: ApplyOptions): WriteContext
  /** Everything but data. */
  remove(): Promise<void>
}

const installKey = Buffer.from('a key of the tests')
const helperFolder = join(import.meta.dirname, '../../../images/start/dist')

export const startHelper = async (): Promise<Readonly<Record<string, Uint8Array>>> => ({
  amd64: await readFile(join(helperFolder, 'start-amd64')),
  arm64: await readFile(join(helperFolder, 'start-arm64')),
})

const readHostFile = (path: string): Promise<Uint8Array | undefined> => readFile(path).catch(() => undefined)

export async function createDriver(engine: Engine, prefix: string, app: string, engineOf?: EngineOf): Promise<Driver> {
  const site: Site = { installId: prefix, cluster: 'local' }
  const key: AppKey = { project: prefix, app: `${prefix}-${app}`, environment: 'default' }
  const target = dockerTarget({
    manager: () => Promise.resolve(engine),
    clock: systemClock,
    log: silentLog,
    startHelper: await startHelper(),
    readHostFile,
    ...(engineOf === undefined ? {} : { engineOf }),
  })
  return driverOf(target, await target.capabilities(), site, key)
}

function driverOf(target: Target, capabilities: Capabilities, site: Site, key: AppKey): Driver {
  let number = 0
  const signal = (): AbortSignal => AbortSignal.timeout(60_000)
  const releaseOf = (spec: AppSpec, { secrets = {} }: ApplyOptions): Release => {
    number += 1
    const names = [...new Set(Object.keys(secrets).map((name) => name.split('.')[0] ?? name))]
    const versionOf = (name: string): string =>
      keyedHash(
        installKey,
        Object.entries(secrets).filter(([secret]) => secret === name || secret.startsWith(`${name}.`)),
      )
    const secretVersions = Object.fromEntries(names.map((name) => [name, versionOf(name)]))
    return anyRelease(number, target.adapt(spec), { key, secretVersions })
  }
  const inputOf = (release: Release, { runtime = freshRuntime, grants = [] }: ApplyOptions): RenderInput => ({
    site,
    release,
    runtime,
    capabilities,
    identity: {},
    grants,
    keyedHash: (value) => keyedHash(installKey, value),
  })
  const context = (release: Release, { secrets = {}, pace = 'declared' }: ApplyOptions = {}): WriteContext => ({
    site,
    key,
    release,
    deadlineMs: systemClock.nowMs() + 30_000,
    signal: signal(),
    pace,
    reveal: (secret, name) =>
      Promise.resolve(Buffer.from(secrets[name === undefined ? secret : `${secret}.${name}`] ?? '')),
  })
  const observe = (): Promise<Observed> => target.observe(site, key, {}, signal())
  const until: Driver['until'] = async (what, look) => {
    let seen: Observed | undefined
    const found = async () => {
      seen = await observe()
      return look(seen)
    }
    return eventually(what, found, () => JSON.stringify({ units: seen?.units, runs: seen?.runs }, undefined, 1))
  }
  const ready: Driver['ready'] = (unit, count) =>
    until(`${count} ready instances of ${unit}`, ({ units }) => {
      const found = units.filter((candidate) => candidate.unit === unit)
      const instances = found.flatMap((one) => one.instances.filter(({ wanted, state }) => wanted && state === 'ready'))
      const newest = instances.length === count && found.every(({ rollout }) => rollout?.state !== 'inProgress')
      const [first] = found
      return newest && first !== undefined ? { ...first, instances } : undefined
    })

  async function write(
    resource: Resource,
    release: Release,
    options: ApplyOptions,
    observed: Observed,
  ): Promise<boolean> {
    const executor = target.executors[resource.kind]
    const rules = target.kinds[resource.kind]
    if (executor === undefined || rules === undefined) throw new Error(`no executor for ${resource.kind}`)
    const current = observed.resources.find(({ id }) => id === resource.id)
    if (current === undefined) {
      await executor.create(resource, context(release, options))
      return true
    }
    if (sameIntent(current.intent, resource) && rules.differences(resource, current.actual).length === 0) return false
    await executor.update(resource, current, context(release, options))
    return true
  }

  async function writeAll(resources: readonly Resource[], release: Release, options: ApplyOptions): Promise<string[]> {
    const written: string[] = []
    const observed = await observe()
    for (const resource of inOrder(resources)) {
      for (const before of resource.needsReady ?? [])
        await until(`${before} ready`, ({ units }) =>
          units
            .find((unit) => unit.resource === before)
            ?.instances.some(({ wanted, state }) => wanted && state === 'ready'),
        )
      if (await write(resource, release, options, observed)) written.push(resource.id)
    }
    return written
  }

  async function prune(keep: ReadonlySet<string>, release: Release): Promise<void> {
    const observed = await observe()
    const unwanted = observed.resources.filter(({ id, kind }) => !keep.has(id) && kind !== 'volume')
    // Services first: they use the others.
    for (const resource of unwanted.toSorted((a, b) => Number(b.kind === 'service') - Number(a.kind === 'service'))) {
      const entry = { kind: resource.kind, name: resource.name, nativeId: resource.nativeId, holdsData: false }
      await insist(
        () => target.executors[resource.kind]?.remove(entry, resource, context(release)) ?? Promise.resolve(),
      )
    }
  }

  return {
    key,
    site,
    target,
    observe,
    until,
    ready,
    context,
    input: (spec, options = {}) => inputOf(releaseOf(spec, options), options),
    render: (spec, options = {}) => target.render(inputOf(releaseOf(spec, options), options)),
    apply: async (spec, options = {}) => {
      const release = releaseOf(spec, options)
      const rendered = target.render(inputOf(release, options))
      const errors = rendered.problems.filter(({ severity }) => severity === 'error')
      if (errors.length > 0) throw new Error(errors.map(({ path, message }) => `${path}: ${message}`).join('; '))
      const written = await writeAll(rendered.resources, release, options)
      await prune(new Set(rendered.resources.map(({ id }) => id)), release)
      return { rendered, written }
    },
    run: async (spec, job, runId, options = {}) => {
      const release = releaseOf(
        { ...spec, units: [...spec.units.filter(({ name }) => name !== job.name), job] },
        options,
      )
      const input = inputOf(release, options)
      await writeAll(target.render(input).resources, release, options)
      const resource = target.renderRun(input, { runId, job })
      await target.executors['run']?.create(resource, context(release, options))
      return until(`the end of run ${runId}`, ({ runs }) =>
        runs.find((run) => run.runId === runId && (run.state === 'succeeded' || run.state === 'failed')),
      )
    },
    differences: async ({ resources }) => {
      const observed = await observe()
      return resources.flatMap((resource) => {
        const current = observed.resources.find(({ id }) => id === resource.id)
        if (current === undefined) return [{ path: resource.id, desired: 'there', mode: 'replace' as const }]
        const intent = sameIntent(current.intent, resource)
          ? []
          : [{ path: `${resource.id} intent`, mode: 'inPlace' as const }]
        return [...intent, ...(target.kinds[resource.kind]?.differences(resource, current.actual) ?? [])]
      })
    },
    remove: async () => {
      const release = releaseOf(anySpec([]), {})
      const observed = await observe()
      for (const { runId, job } of observed.runs) {
        const resource = target.renderRun(inputOf(release, {}), { runId, job: anyJob(job) })
        await target.executors['run']?.remove(
          { kind: 'run', name: resource.name, holdsData: false },
          undefined,
          context(release),
        )
      }
      await prune(new Set(), release)
    },
  }
}

/** What cannot be marked on the object itself stands in the identity map, which is not kept here. */
const sameIntent = (observed: string | undefined, resource: Resource): boolean =>
  (observed ?? resource.intent) === resource.intent

function inOrder(resources: readonly Resource[]): readonly Resource[] {
  const done = new Set<string>()
  const known = new Set(resources.map(({ id }) => id))
  const ordered: Resource[] = []
  const place = (resource: Resource): void => {
    if (done.has(resource.id)) return
    done.add(resource.id)
    for (const need of [...resource.needs, ...(resource.needsReady ?? [])]) {
      const needed = resources.find(({ id }) => id === need)
      if (!known.has(need) || needed === undefined)
        throw new Error(`${resource.id} needs ${need}, which is not rendered`)
      place(needed)
    }
    ordered.push(resource)
  }
  for (const resource of resources) place(resource)
  return ordered
}

export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  seen: () => string = () => 'nothing',
): Promise<T> {
  const endMs = systemClock.nowMs() + 45_000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (systemClock.nowMs() > endMs) throw new Error(`${what} did not come about; last seen: ${seen()}`)
    await systemClock.sleep(150)
  }
}

/** What is still in use is tried again, as a tick does. */
export async function insist(act: () => Promise<void>): Promise<void> {
  const endMs = systemClock.nowMs() + 30_000
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'in-use') || systemClock.nowMs() > endMs)
        throw error
      await systemClock.sleep(250)
    }
  }
}

// ---- builders of small units

export const imageConfig = {
  entrypoint: [],
  command: ['sh'],
  user: '',
  workdir: '',
  env: {},
  exposedPorts: [],
  volumes: [],
  os: 'linux',
  arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
}

export const box = (from: string, change: Partial<Container> = {}): Container =>
  anyContainer({
    image: { reference: busybox, config: imageConfig },
    command: ['sh', '-c', 'trap exit TERM; while :; do sleep 1 & wait; done'],
    stop: { graceMs: 2_000, drainMs: 0 },
    from,
    ...change,
  })

export const web = (name: string, main: Partial<Container> = {}, change: Partial<ServiceUnit> = {}): ServiceUnit =>
  anyService(name, { main: box(`services.${name}`, main), ...change })

export const task = (name: string, main: Partial<Container> = {}, change: Partial<JobUnit> = {}): JobUnit =>
  anyJob(name, { main: box(`jobs.${name}`, main), ...change })

export const httpd = (port: number): readonly string[] => ['httpd', '-f', '-p', String(port), '-h', '/www']

export const app = anySpec

/** Output of a shell line in the first container of a unit. */
export async function shell(engine: Engine, unit: ObservedUnit, line: string, timeoutMs = 10_000): Promise<string> {
  const task = unit.instances[0]?.nativeId ?? ''
  const [found] = await engine.containers.list({ filters: { label: [`com.docker.swarm.task.id=${task}`] } })
  const { stdout, stderr } = await runExec(engine.exec, found?.Id ?? '', { Cmd: ['sh', '-c', line] }, { timeoutMs })
  return stdout.toString() + stderr.toString()
}
