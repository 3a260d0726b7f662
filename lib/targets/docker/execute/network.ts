import type { Executor } from '../../target.ts'
import { createOrFind, bodyLabels, bodyText, callOptions, demandOurs, isOfApp, removeQuietly } from './deps.ts'
import type { ExecutorDeps } from './deps.ts'
import type { Engine } from '../engine/engine.ts'
import type { CallOptions } from '../engine/call.ts'
import type { Network } from '../engine/types/resource.ts'
import { isLingering } from '../native.ts'
import { EscaleError } from '../../../core/errors.ts'
import { isEngineError } from '../engine/errors.ts'
import { mark } from '../labels.ts'

export function networkExecutor(deps: ExecutorDeps): Executor {
  return {
    create: async (resource, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const request = {
        Name: resource.name,
        Driver: bodyText(resource.body, 'Driver'),
        Attachable: resource.body['Attachable'] === true,
        Internal: resource.body['Internal'] === true,
        Labels: bodyLabels(resource),
      }
      const made = await createOrFind(
        async () => (await engine.networks.create(request, options)).Id,
        async () => {
          const there = await findNetwork(engine, resource.name, options)
          if (there === undefined)
            throw new EscaleError(
              'in-use',
              `an earlier network "${resource.name}" is still being left by its last containers`,
            )
          demandOurs(resource, there.Labels, 'network')
          return there.Id
        },
      )
      return { nativeId: made }
    },
    // No leaf of a network can change (ruling D11), so there is nothing to write but that it is meant.
    update: (_resource, current) => Promise.resolve({ nativeId: current.nativeId }),
    remove: async (entry, current, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const there = await findNetwork(engine, current?.name ?? entry.name, options)
      if (there === undefined || !isOfApp(context, there.Labels)) return
      try {
        await removeQuietly(
          () => engine.networks.remove(there.Id, options),
          () => `the network "${entry.name}"`,
        )
      } catch (error) {
        // A network of the project goes with the last app that uses it.
        const shared = there.Labels?.[mark.app] === undefined
        if (!(shared && error instanceof EscaleError && error.code === 'in-use')) throw error
        deps.log.debug('a network of the project stays, since another app uses it', {
          network: entry.name,
          engine: isEngineError(error.cause, 'inUse'),
        })
      }
    },
  }
}

/** By name, since only the list tells the swarm's network from what a removed one leaves behind. */
async function findNetwork(
  { networks }: Pick<Engine, 'networks'>,
  name: string,
  options: CallOptions,
): Promise<Network | undefined> {
  const list = await networks.list({ ...options, filters: { name: [name] } })
  return list.find((network) => network.Name === name && network.Scope === 'swarm' && !isLingering(network))
}
