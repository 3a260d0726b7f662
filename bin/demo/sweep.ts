/** Takes from an engine what one installation of the platform made on it. */
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import { isEngineError } from '../../lib/targets/docker/engine/errors.ts'
import { mark } from '../../lib/targets/docker/labels.ts'

const swarmBridge = 'docker_gwbridge'
const patienceMs = 30_000
const againMs = 200

/** What an engine was before the demo. */
export interface EngineBefore {
  readonly hadSwarm: boolean
  readonly hadSwarmBridge: boolean
}

export async function lookBefore(engine: Engine): Promise<EngineBefore> {
  const info = await engine.system.info()
  const networks = await engine.networks.list({ filters: { name: [swarmBridge] } })
  return {
    hadSwarm: info.Swarm.LocalNodeState !== 'inactive',
    hadSwarmBridge: networks.some(({ Name }) => Name === swarmBridge),
  }
}

/** Ends the swarm where there was none before, with the bridge that it came with. */
export async function restoreSwarm(engine: Engine, before: EngineBefore): Promise<void> {
  if (before.hadSwarm || (await engine.system.info()).Swarm.LocalNodeState === 'inactive') return
  await engine.swarm.leave({ force: true })
  if (!before.hadSwarmBridge) await patiently(() => engine.networks.remove(swarmBridge))
}

/** Everything that bears the mark of this installation; data too, for a demo's is nobody's. */
export async function removeMarked(engine: Engine, installId: string): Promise<void> {
  if ((await engine.system.info()).Swarm.LocalNodeState !== 'active') return
  const filters = { label: [`${mark.install}=${installId}`] }
  const services = await servicesOf(engine, installId)
  for (const id of services) await patiently(() => engine.services.remove(id))
  await awaitNoContainers(engine, services)
  for (const { Id } of await engine.containers.list({ all: true, filters }))
    await patiently(() => engine.containers.remove(Id, { force: true }))
  for (const { Id } of await engine.networks.list({ filters })) await patiently(() => engine.networks.remove(Id))
  for (const { ID } of await engine.configs.list({ filters })) await patiently(() => engine.configs.remove(ID))
  for (const { ID } of await engine.secrets.list({ filters })) await patiently(() => engine.secrets.remove(ID))
  for (const { Name } of await engine.volumes.list({ filters })) await patiently(() => engine.volumes.remove(Name))
}

export async function servicesOf(engine: Engine, installId: string): Promise<readonly string[]> {
  return (await engine.services.list({ filters: { label: [`${mark.install}=${installId}`] } })).map(({ ID }) => ID)
}

/** A service is gone before its containers are, and only with them their unnamed volumes. */
export async function awaitNoContainers(engine: Engine, services: readonly string[]): Promise<void> {
  const untilMs = Date.now() + patienceMs
  for (const service of services) {
    for (;;) {
      const left = await engine.containers.list({
        all: true,
        filters: { label: [`com.docker.swarm.service.id=${service}`] },
      })
      if (left.length === 0) break
      if (Date.now() > untilMs)
        throw new Error(
          `containers of a removed service are still there: ${left.map(({ Id }) => Id.slice(0, 12)).join(', ')}`,
        )
      await new Promise((resolve) => setTimeout(resolve, againMs))
    }
  }
}

/** Not being there is success; what is still in use is tried again. */
async function patiently(remove: () => Promise<void>): Promise<void> {
  const untilMs = Date.now() + patienceMs
  for (;;) {
    try {
      return await remove()
    } catch (error) {
      if (isEngineError(error, 'notFound')) return
      if (!(isEngineError(error, 'inUse') || isEngineError(error, 'conflict')) || Date.now() > untilMs) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, againMs))
  }
}
