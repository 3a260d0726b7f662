/** Removes what a test made, by the prefix of its names. */
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { isEngineError } from '../../../lib/targets/docker/engine/errors.ts'

export async function removeByPrefix(engine: Engine, prefix: string): Promise<void> {
  const ours = (name: string | undefined): boolean => name?.replace(/^\//, '').startsWith(prefix) ?? false
  for (const service of await engine.services.list())
    if (ours(service.Spec.Name)) await gone(() => engine.services.remove(service.ID))
  const containers = await engine.containers.list({ all: true })
  for (const { Id, Names } of containers)
    if (Names.some(ours)) await gone(() => engine.containers.remove(Id, { force: true, volumes: true }))
  for (const network of await engine.networks.list())
    if (ours(network.Name)) await settled(() => engine.networks.remove(network.Id))
  for (const secret of await engine.secrets.list())
    if (ours(secret.Spec.Name)) await settled(() => engine.secrets.remove(secret.ID))
  for (const config of await engine.configs.list())
    if (ours(config.Spec.Name)) await settled(() => engine.configs.remove(config.ID))
  for (const volume of await engine.volumes.list())
    if (ours(volume.Name)) await settled(() => engine.volumes.remove(volume.Name))
  for (const image of await engine.images.list())
    for (const tag of image.RepoTags ?? []) if (ours(tag)) await gone(() => engine.images.remove(tag, { force: true }))
}

async function gone(remove: () => Promise<void>): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!isEngineError(error, 'notFound')) throw error
  }
}

/** Tasks of a removed service go a little later than the service, and hold what they use until then. */
async function settled(remove: () => Promise<void>): Promise<void> {
  const deadlineMs = Date.now() + 20_000
  for (;;) {
    try {
      return await gone(remove)
    } catch (error) {
      if (!isEngineError(error, 'inUse') || Date.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
