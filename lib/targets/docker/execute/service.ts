/** Services and runs of jobs. */
import type { ObservedResource } from '../../../model/observed.ts'
import type { Resource } from '../../../model/resource.ts'
import type { Executor, WriteContext, WriteResult } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import { isEngineError } from '../engine/errors.ts'
import type { Service, ServiceSpec } from '../engine/types/service.ts'
import { EscaleError } from '../../../core/errors.ts'
import { mark } from '../labels.ts'
import { parseRange } from '../render/count.ts'
import { rolloutId } from '../rollout.ts'
import { callOptions, createOrFind, demandOurs, found, isOfApp, removeQuietly } from './deps.ts'
import type { ExecutorDeps } from './deps.ts'
import { registryAuth, serviceSpec } from './spec.ts'

const attempts = 4

export function serviceExecutor(deps: ExecutorDeps): Executor {
  return {
    create: async (resource, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const [spec, auth] = await Promise.all([serviceSpec(engine, resource, options), registryAuth(resource, context)])
      const made = await createOrFind<Service | string>(
        async () => (await engine.services.create(spec, { ...options, auth })).ID,
        async () => {
          const there = await engine.services.inspect(resource.name, options)
          demandOurs(resource, there.Spec.Labels, 'service')
          return there
        },
      )
      if (typeof made === 'string') return { nativeId: made }
      // An earlier answer was lost; should the service be of another release by now, it is brought to this one.
      return made.Spec.Labels?.[mark.intent] === resource.intent ? resultOf(made) : write(deps, resource, made, context)
    },
    update: async (resource, current, context) => {
      const engine = await deps.manager()
      const there = await engine.services.inspect(current.nativeId, callOptions(deps, context))
      demandOurs(resource, there.Spec.Labels, 'service')
      // The same write once more, after a lost answer.
      if (isDone(resource, current, there)) return resultOf(there)
      return write(deps, resource, there, context)
    },
    remove: async (entry, current, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const there = await found(engine.services.inspect(current?.nativeId ?? entry.nativeId ?? entry.name, options))
      if (there !== undefined && !isOfApp(context, there.Spec.Labels)) return
      if (there !== undefined)
        await removeQuietly(
          () => engine.services.remove(there.ID, options),
          () => `the service "${entry.name}"`,
        )
      const id = there?.ID ?? current?.nativeId ?? entry.nativeId
      const label =
        id === undefined ? `com.docker.swarm.service.name=${entry.name}` : `com.docker.swarm.service.id=${id}`
      await untilLeft(deps, engine, label, entry.name, context)
      await collectEnded(deps, engine, label, context)
    },
  }
}

const leavePollMs = 200

/** The engine answers at once, but containers live on for their grace, and hold what they use until then. */
async function untilLeft(
  deps: ExecutorDeps,
  engine: Engine,
  label: string,
  name: string,
  context: WriteContext,
): Promise<void> {
  for (;;) {
    const left = await engine.containers.list({
      ...callOptions(deps, context),
      filters: {
        label: [label],
        status: ['created', 'running', 'paused', 'restarting', 'removing'],
      },
    })
    if (left.length === 0) return
    if (context.signal.aborted || deps.clock.nowMs() + leavePollMs >= context.deadlineMs)
      throw new EscaleError('in-use', `${left.length} containers of the service "${name}" are still stopping`)
    await deps.clock.sleep(leavePollMs, context.signal)
  }
}

/** Swarm leaves the containers of a job that completed where they are when its service goes. */
async function collectEnded(deps: ExecutorDeps, engine: Engine, label: string, context: WriteContext): Promise<void> {
  const options = callOptions(deps, context)
  const ended = await engine.containers.list({
    ...options,
    all: true,
    filters: { label: [label], status: ['exited', 'dead'] },
  })
  for (const { Id } of ended) {
    try {
      await engine.containers.remove(Id, { ...options, volumes: true })
    } catch (error) {
      // Swarm takes most of them by itself, perhaps at this moment.
      if (!isEngineError(error, 'notFound') && !isEngineError(error, 'conflict') && !isEngineError(error, 'inUse'))
        throw error
    }
  }
}

const resultOf = (service: Service): WriteResult => ({
  nativeId: service.ID,
  version: String(service.Version.Index),
  rollout: rolloutId(service),
})

/** Written since the decision was made, and by nobody else: the version moved and the intent is this one. */
const isDone = (resource: Resource, current: ObservedResource, there: Service): boolean =>
  current.intent !== resource.intent && there.Spec.Labels?.[mark.intent] === resource.intent

async function write(
  deps: ExecutorDeps,
  resource: Resource,
  seen: Service,
  context: WriteContext,
): Promise<WriteResult> {
  const engine = await deps.manager()
  const options = callOptions(deps, context)
  const [rendered, auth] = await Promise.all([serviceSpec(engine, resource, options), registryAuth(resource, context)])
  let there = seen
  for (let attempt = 0; ; attempt += 1) {
    const spec = paced(keepingCount(rendered, there), context.pace)
    try {
      await engine.services.update(there.ID, there.Version.Index, spec, { ...options, auth })
      return await reread(engine, there.ID, resource, context, deps)
    } catch (error) {
      if (!isEngineError(error, 'outOfSequence') || attempt + 1 === attempts) throw error
    }
    // Swarm itself moves the version while it rolls; another hand on the specification is a conflict (ruling D1).
    const again = await engine.services.inspect(there.ID, options)
    if (again.Spec.Labels?.[mark.intent] !== there.Spec.Labels?.[mark.intent])
      throw new EscaleError(
        'version-conflict',
        `the service "${resource.name}" was changed by somebody else in between; plan again`,
      )
    there = again
  }
}

/** The answer of an update tells no version, and what was seen before it must count as old (ruling D2). */
async function reread(
  engine: Engine,
  id: string,
  resource: Resource,
  context: WriteContext,
  deps: ExecutorDeps,
): Promise<WriteResult> {
  const service = await engine.services.inspect(id, callOptions(deps, context))
  return service.Spec.Labels?.[mark.intent] === resource.intent ? resultOf(service) : { nativeId: id }
}

/** A floating number of instances is kept where it is (ruling A7). */
function keepingCount(spec: ServiceSpec, there: Service): ServiceSpec {
  const range = parseRange(spec.Labels?.[mark.scale])
  const count = there.Spec.Mode?.Replicated?.Replicas
  if (range === undefined || count === undefined || count < range.min || count > range.max) return spec
  return { ...spec, Mode: { Replicated: { Replicas: count } } }
}

/** Going back does not wait between batches. */
function paced(spec: ServiceSpec, pace: WriteContext['pace']): ServiceSpec {
  if (pace === 'declared' || spec.UpdateConfig === undefined) return spec
  return { ...spec, UpdateConfig: { ...spec.UpdateConfig, Parallelism: 0, Delay: 0 } }
}
