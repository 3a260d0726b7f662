/** What tests look at: objects and instances of the simulated cluster by the names the manifest gives, and what was told. */
import { readEvents } from '../../lib/control/queries.ts'
import { appKeyText, type AppKey } from '../../lib/model/app.ts'
import type { MemoryInstance, MemoryObject } from '../../lib/targets/memory/world.ts'
import type { TestPlatform } from './platform.ts'
import { key as defaultKey } from './specs.ts'

export const objectsOf = ({ cluster }: TestPlatform, key: AppKey = defaultKey): readonly MemoryObject[] =>
  [...cluster.world.objects.values()].filter((object) => object.owner.app === appKeyText(key))

/** By resource id, e.g. `service/web`. */
export const objectOf = (platform: TestPlatform, id: string, key: AppKey = defaultKey): MemoryObject | undefined =>
  objectsOf(platform, key).find((object) => object.resource === id)

export const resourceIds = (platform: TestPlatform, key: AppKey = defaultKey): readonly string[] =>
  objectsOf(platform, key)
    .filter((object) => object.kind !== 'job')
    .map((object) => object.resource)
    .sort()

/** Instances that are there, stopping ones included. */
export function instancesOf(
  platform: TestPlatform,
  service: string,
  key: AppKey = defaultKey,
): readonly MemoryInstance[] {
  platform.cluster.seen()
  const object = objectOf(platform, `service/${service}`, key)
  const all = object === undefined ? [] : (platform.cluster.world.instances.get(object.name) ?? [])
  return all.filter((instance) => instance.ended === undefined)
}

export const imageOf = (platform: TestPlatform, service: string): unknown =>
  (
    objectOf(platform, `service/${service}`)?.body['template'] as
      | { main?: { image?: { reference?: string } } }
      | undefined
  )?.main?.image?.reference

export async function eventsOf(platform: TestPlatform, key: AppKey = defaultKey): Promise<readonly string[]> {
  const signal = new AbortController().signal
  const { items } = await readEvents(platform.deps, { key }, { after: 0, waitMs: 0, limit: 1000, signal })
  return items.map((event) => (event.reason === undefined ? event.type : `${event.type}: ${event.reason}`))
}
