/** Connects a running proxy to the networks of apps; nothing restarts, and requests under way go on. */
import type { CallOptions } from '../engine/call.ts'
import type { Engine } from '../engine/engine.ts'
import { EngineError, isEngineError } from '../engine/errors.ts'
import type { ContainerSummary } from '../engine/types/container.ts'

/** Networks that the engine gives a container by itself. */
const engineNetworks = new Set(['bridge', 'host', 'none', 'docker_gwbridge', 'ingress'])

export const connectedNetworks = ({ NetworkSettings }: ContainerSummary): readonly string[] =>
  Object.entries(NetworkSettings?.Networks ?? {}).flatMap(([name, { NetworkID }]) =>
    engineNetworks.has(name) || NetworkID === undefined || NetworkID === '' ? [] : [NetworkID],
  )

/** Answers whether the network is there; one that is gone took its instances along. */
export async function connectNetwork(
  engine: Engine,
  container: string,
  id: string,
  call: CallOptions,
): Promise<boolean> {
  try {
    await engine.networks.connect(id, container, undefined, call)
    return true
  } catch (error) {
    if (
      error instanceof EngineError &&
      /already exists in network|already attached|already connected/i.test(error.reason)
    )
      return true
    if (isEngineError(error, 'notFound')) return false
    throw error
  }
}

export async function disconnectNetwork(
  engine: Engine,
  container: string,
  id: string,
  call: CallOptions,
): Promise<void> {
  try {
    await engine.networks.disconnect(id, container, call)
  } catch (error) {
    // Gone, or not connected: what was wanted.
    const isOff =
      isEngineError(error, 'notFound') || (error instanceof EngineError && /is not connected/i.test(error.reason))
    if (!isOff) throw error
  }
}
