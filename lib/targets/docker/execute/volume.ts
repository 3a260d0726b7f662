/** Volumes. Making a local one pins it to a node; swarm would make it there with the first task, and here it is made at once where that node's engine can be reached. */
import { EscaleError } from '../../../core/errors.ts'
import type { Executor, WriteContext } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import type { CallOptions } from '../engine/call.ts'
import { textsOf } from '../json.ts'
import { pinsOf, pinVolume, unpinVolume } from '../pins.ts'
import { bodyLabels, bodyText, callOptions, demandOurs, found, isOfApp, removeQuietly } from './deps.ts'
import type { ExecutorDeps } from './deps.ts'

export function volumeExecutor(deps: ExecutorDeps): Executor {
  const make: Executor['create'] = async (resource, context) => {
    const engine = await deps.manager()
    const options = callOptions(deps, context)
    const pinned = resource.body['Pin'] !== undefined
    const owner = { site: context.site, key: context.key, resource: resource.id }
    const node = pinned
      ? await pinVolume(engine, owner, resource.name, textsOf(resource.body['Near']), options)
      : undefined
    if (pinned && node === undefined)
      throw new EscaleError('no-capacity', `no machine is ready and active to hold the volume "${resource.name}"`)
    const holder = node === undefined ? engine : await deps.engineOf(node.ID)
    if (holder !== undefined) {
      const there = await found(holder.volumes.inspect(resource.name, options))
      if (there !== undefined) demandOurs(resource, there.Labels, 'volume')
      else
        await holder.volumes.create(
          { Name: resource.name, Driver: bodyText(resource.body, 'Driver'), Labels: bodyLabels(resource) },
          options,
        )
    }
    return { nativeId: resource.name }
  }
  return {
    create: make,
    // Only the pin can be missing: making it again puts it back and leaves the data alone.
    update: (resource, _current, context) => make(resource, context),
    remove: (entry, _current, context) => removeVolume(deps, entry.name, context),
  }
}

async function removeVolume(deps: ExecutorDeps, name: string, context: WriteContext): Promise<void> {
  const engine = await deps.manager()
  const options = callOptions(deps, context)
  const holder = await holderOf(deps, engine, name, options)
  const there = await found(holder.volumes.inspect(name, options))
  if (there !== undefined && !isOfApp(context, there.Labels)) return
  if (there !== undefined)
    await removeQuietly(
      () => holder.volumes.remove(name, options),
      () => `the volume "${name}"`,
    )
  await unpinVolume(engine, name, options)
}

/** The engine that has the volume. Data on a machine that is out of reach must not be forgotten. */
export async function holderOf(
  { engineOf }: Pick<ExecutorDeps, 'engineOf'>,
  engine: Engine,
  name: string,
  options: CallOptions,
): Promise<Engine> {
  const pin = pinsOf(await engine.nodes.list(options)).find(({ volume }) => volume === name)
  if (pin === undefined) return engine
  const holder = await engineOf(pin.node.ID)
  if (holder !== undefined) return holder
  throw new EscaleError(
    'unreachable',
    `the volume "${name}" lies on the machine "${pin.node.Description.Hostname}", whose engine cannot be reached from here; remove it from that machine's runtime`,
  )
}
