/** Units to objects of the simulated cluster. Everything of the manifest has a place, so nothing is approximated. */
import { type JsonObject, shortHash } from '../../core/hash.ts'
import { desiredCount, isStopped, restartNonce } from '../../model/effective.ts'
import type { LedgerRow } from '../../model/ledger.ts'
import type { Resource, ResourceId } from '../../model/resource.ts'
import { containersOf, type CountOrPercent, serviceUnits, type ServiceUnit, type Unit } from '../../model/unit.ts'
import type { Rendered, RenderInput, RunRequest } from '../target.ts'
import { asJson } from './body.ts'

export function renderMemory(input: RenderInput): Rendered {
  const { spec } = input.release
  const resources: Resource[] = []
  for (const network of spec.networks) {
    resources.push(resource(input, 'network', network.name, asJson(network), { cause: `networks.${network.name}` }))
  }
  for (const volume of spec.volumes) {
    if (volume.existing !== undefined) continue
    const body = asJson({ name: volume.name, access: volume.access })
    resources.push(
      resource(input, 'volume', volume.name, body, {
        holdsData: true,
        cause: `volumes.${volume.name}`,
      }),
    )
  }
  for (const [name, version] of Object.entries(input.release.secretVersions)) {
    // Immutable: a new version is a new object, named by a keyed hash (ruling A9).
    const suffix = input.keyedHash([name, version])
    resources.push(
      resource(input, 'secret', `${name}@${suffix}`, asJson({ secret: name, hash: suffix }), {
        cause: `secrets.${name}`,
      }),
    )
  }
  const shared = resources.map((item) => item.id)
  for (const unit of serviceUnits(spec)) resources.push(...renderService(input, unit, shared))
  return { resources, ledger: ledgerOf(input), problems: [] }
}

function renderService(input: RenderInput, unit: ServiceUnit, shared: readonly ResourceId[]): readonly Resource[] {
  const count = desiredCount(unit, input.runtime)
  const template = templateOf(input, unit)
  const stopFirst = unit.mode === 'stateful' || mountsSingle(input, unit)
  const update = {
    strategy: unit.update.strategy,
    maxSurge: stopFirst ? 0 : countOf(unit.update.rolling.maxSurge, unit.scale.min, 'up'),
    maxUnavailable: stopFirst ? 1 : countOf(unit.update.rolling.maxUnavailable, unit.scale.min, 'down'),
    settleMs: unit.update.rolling.settleMs,
  }
  const make = (name: string, replicas: number | null, before?: ResourceId): Resource =>
    resource(input, 'service', name, asJson({ replicas, update, template }), {
      unit: unit.name,
      needs: shared,
      template: shortHash(template),
      cause: unit.from,
      causes: {
        replicas: isStopped(unit.name, input.runtime)
          ? 'runtime.stopped'
          : input.runtime.counts[unit.name] === undefined
            ? `${unit.from}.scale`
            : 'runtime.counts',
        'template.restarts': 'runtime.restarts',
      },
      ...(before === undefined ? {} : { needsReady: [before] }),
    })
  switch (unit.mode) {
    case 'replicated':
      return [make(unit.name, count)]
    case 'perNode':
      return [make(unit.name, count === 0 ? 0 : null)]
    case 'stateful':
      // One object per ordinal, in order.
      return Array.from({ length: unit.scale.min }, (_, ordinal) =>
        make(
          `${unit.name}-${ordinal}`,
          ordinal < count ? 1 : 0,
          ordinal === 0 ? undefined : `service/${unit.name}-${ordinal - 1}`,
        ),
      )
  }
}

/** A volume for one writer: the old instance ends before the new one starts. */
const mountsSingle = (input: RenderInput, unit: ServiceUnit): boolean =>
  containersOf(unit).some((container) =>
    container.mounts.some(
      (mount) =>
        mount.kind === 'volume' &&
        input.release.spec.volumes.some((volume) => volume.name === mount.volume && volume.access === 'single'),
    ),
  )

export function renderMemoryRun(input: RenderInput, run: RunRequest): Resource {
  const { job } = run
  const body = {
    runId: run.runId,
    job: job.name,
    completions: job.completions,
    parallelism: job.parallelism,
    retries: job.retries,
    template: templateOf(input, job),
  }
  return resource(input, 'job', `${job.name}-${run.runId}`, asJson(body), { unit: job.name, cause: job.from })
}

/** What makes instances: the unit without what only the controller reads. */
function templateOf(input: RenderInput, unit: Unit): JsonObject {
  const { main, sidecars, init, networks, placement, logs, dns, labels } = unit
  const secrets = new Set(
    containersOf(unit).flatMap((container) => [
      ...Object.values(container.env).flatMap((value) => (value.kind === 'secret' ? [value.secret] : [])),
      ...container.files.flatMap((file) => (file.content.kind === 'secret' ? [file.content.secret] : [])),
    ]),
  )
  return asJson({
    main,
    sidecars,
    init,
    networks,
    placement,
    logs,
    dns,
    labels,
    drainMs: main.stop.drainMs,
    secrets: [...secrets].sort().map((name) => input.keyedHash([name, input.release.secretVersions[name] ?? null])),
    restarts: restartNonce(unit.name, input.runtime),
  })
}

/** Surge rounds up and unavailability down, as Kubernetes does, so that a percentage never stalls nor goes below. */
function countOf(value: CountOrPercent, of: number, round: 'up' | 'down'): number {
  if ('count' in value) return value.count
  const exact = (value.percent * of) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}

interface Options {
  readonly unit?: string
  readonly needs?: readonly ResourceId[]
  readonly needsReady?: readonly ResourceId[]
  readonly template?: string
  readonly holdsData?: boolean
  readonly cause: string
  readonly causes?: Readonly<Record<string, string>>
}

function resource(input: RenderInput, kind: string, name: string, body: JsonObject, options: Options): Resource {
  const { key } = input.release
  const id = `${kind}/${name}`
  const native = `${key.project}.${key.app}.${key.environment}.${name}`
  return {
    id,
    kind,
    name: input.identity[id]?.name ?? native,
    ...(options.unit === undefined ? {} : { unit: options.unit }),
    body,
    intent: shortHash([kind, body]),
    ...(options.template === undefined ? {} : { template: options.template }),
    needs: options.needs ?? [],
    ...(options.needsReady === undefined ? {} : { needsReady: options.needsReady }),
    causes: { ...options.causes, '': options.cause },
    holdsData: options.holdsData ?? false,
  }
}

function ledgerOf(input: RenderInput): readonly LedgerRow[] {
  return input.release.leaves.map((leaf) => ({
    path: leaf.path.join('.'),
    ...(leaf.source === undefined ? {} : { source: leaf.source }),
    value: leaf.value === undefined ? '' : JSON.stringify(leaf.value),
    target: 'memory',
    disposition: leaf.written ? 'exact' : 'defaulted',
    native: [leaf.path.slice(0, 2).join('/')],
  }))
}
