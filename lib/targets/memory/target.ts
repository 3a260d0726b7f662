/** The simulated cluster behind the target interface: the default for tests, and for a first try without an engine. */
import { EscaleError } from '../../core/errors.ts'
import { type AppKey, appKeyText, parseAppKey, type Site } from '../../model/app.ts'
import type { Resource } from '../../model/resource.ts'
import type { Executor, ExecSession, LogLine, LogQuery, Target, WriteContext, WriteResult } from '../target.ts'
import type { MemoryCluster, NewObject } from './cluster.ts'
import { memoryKinds } from './differences.ts'
import { observeMemory } from './observe.ts'
import { renderMemory, renderMemoryRun } from './render.ts'
import { objectKey } from './world.ts'

export function memoryTarget(cluster: MemoryCluster): Target {
  const executor = memoryExecutor(cluster)
  return {
    kind: 'memory',
    capabilities: async () => ({ target: 'memory', facts: { nodes: cluster.nodes } }),
    check: async () => [],
    resolveImage: async (reference) => ({ pinned: reference, platforms: [] }),
    adapt: (spec) => spec,
    render: renderMemory,
    renderRun: renderMemoryRun,
    observe: async (site, key) => observeMemory(cluster.seen(), site.installId, appKeyText(key)),
    kinds: memoryKinds,
    executors: Object.fromEntries(Object.keys(memoryKinds).map((kind) => [kind, executor])),
    logs: (site, key, query) => memoryLogs(cluster, site, key, query),
    exec: async (site, key, request) => {
      const instance = observeMemory(cluster.seen(), site.installId, appKeyText(key))
        .units.filter((unit) => unit.unit === request.unit)
        .flatMap((unit) => unit.instances)
        .find((one) => one.state === 'ready' || one.state === 'starting')
      if (instance === undefined) throw new EscaleError('not-found', `no running instance of ${request.unit}`)
      return echoSession(request.command)
    },
    watch: (site, changed, signal) => watchMemory(cluster, site, changed, signal),
    volumes: {
      list: async (site) =>
        [...cluster.world.objects.values()]
          .filter((object) => object.kind === 'volume' && object.owner.installId === site.installId)
          .map((object) => ({
            name: object.resource.slice('volume/'.length),
            nativeName: object.name,
            app: parseAppKey(object.owner.app),
            usedBy: usersOf(cluster, object.owner.app, object.resource.slice('volume/'.length)),
            createdAtMs: object.createdAtMs,
          })),
      remove: async (site, nativeName) => {
        const object = cluster.world.objects.get(objectKey('volume', nativeName))
        if (object === undefined || object.owner.installId !== site.installId) {
          throw new EscaleError('not-found', `no volume ${nativeName}`)
        }
        const users = usersOf(cluster, object.owner.app, object.resource.slice('volume/'.length))
        if (users.length > 0) throw new EscaleError('in-use', `volume ${nativeName} is used by ${users.join(', ')}`)
        await cluster.remove('volume', nativeName, AbortSignal.timeout(1000))
      },
    },
    nodes: {
      list: async () => [
        {
          id: 'memory',
          name: 'memory',
          state: 'ready',
          role: 'manager',
          labels: {},
          nanoCpus: 4e9,
          memoryBytes: 8 * 2 ** 30,
          arch: 'amd64',
          os: 'linux',
        },
      ],
      setAvailability: async () => {
        throw new EscaleError('backend-cannot', 'the simulated cluster has one node that cannot drain')
      },
    },
  }
}

function usersOf(cluster: MemoryCluster, app: string, volume: string): readonly string[] {
  return [...cluster.world.objects.values()]
    .filter((object) => object.kind === 'service' && object.owner.app === app)
    .filter((object) => JSON.stringify(object.body).includes(`"volume":${JSON.stringify(volume)}`))
    .filter((object) => (cluster.world.instances.get(object.name) ?? []).some((one) => one.ended === undefined))
    .map((object) => object.unit ?? object.name)
}

function memoryExecutor(cluster: MemoryCluster): Executor {
  const write = async (verb: 'create' | 'update', resource: Resource, context: WriteContext): Promise<WriteResult> => {
    if (resource.kind === 'secret') await revealOf(resource, context)
    const object: NewObject = {
      kind: resource.kind,
      name: resource.name,
      owner: { installId: context.site.installId, app: appKeyText(context.key) },
      resource: resource.id,
      ...(resource.unit === undefined ? {} : { unit: resource.unit }),
      body: resource.body,
      intent: resource.intent,
      ...(resource.template === undefined ? {} : { template: resource.template }),
    }
    const written = await cluster.put(verb, object, context.signal)
    const rollout = cluster.world.rollouts.get(resource.name)
    return {
      nativeId: written.nativeId,
      version: String(written.version),
      ...(rollout === undefined ? {} : { rollout: rollout.id }),
    }
  }
  return {
    create: (resource, context) => write('create', resource, context),
    update: (resource, _current, context) => write('update', resource, context),
    remove: (entry, _current, context) => cluster.remove(entry.kind, entry.name, context.signal),
  }
}

/** Nothing here tells of a change by itself: the states of each app are looked at now and then. */
async function watchMemory(
  cluster: MemoryCluster,
  site: Site,
  changed: (key: AppKey) => void,
  signal: AbortSignal,
): Promise<void> {
  let before = cluster.states(site.installId)
  while (!signal.aborted) {
    await cluster.sleep(watchEveryMs, signal)
    const now = cluster.states(site.installId)
    for (const app of new Set([...before.keys(), ...now.keys()])) {
      if (before.get(app) !== now.get(app) && !signal.aborted) changed(parseAppKey(app))
    }
    before = now
  }
}

const watchEveryMs = 50

/** The simulated cluster keeps no values; a secret without one fails here as it would on a real cluster. */
async function revealOf(resource: Resource, context: WriteContext): Promise<void> {
  const { secret } = resource.body as { readonly secret?: string }
  if (secret !== undefined) await context.reveal(secret)
}

async function* memoryLogs(cluster: MemoryCluster, site: Site, key: AppKey, query: LogQuery): AsyncIterable<LogLine> {
  const observed = observeMemory(cluster.seen(), site.installId, appKeyText(key))
  for (const unit of observed.units) {
    if (query.unit !== undefined && unit.unit !== query.unit) continue
    for (const instance of unit.instances) {
      if (query.instance !== undefined && instance.nativeId !== query.instance) continue
      const text = `${unit.unit} ${instance.slot ?? ''} ${instance.state}`
      yield { atMs: instance.sinceMs, unit: unit.unit, instance: instance.nativeId, stream: 'stdout', text }
    }
  }
}

/** Nothing runs here, so a command's output is the command itself. */
function echoSession(command: readonly string[]): ExecSession {
  const data = new TextEncoder().encode(`${command.join(' ')}\n`)
  return {
    output: (async function* () {
      yield { stream: 'stdout' as const, data }
    })(),
    write() {},
    endInput() {},
    resize: async () => {},
    exitCode: Promise.resolve(0),
    close() {},
  }
}
