/** Tells when something of ours may have changed, from the engine's events. */
import type { Clock, Log } from '../../core/deps.ts'
import type { AppKey, Site } from '../../model/app.ts'
import type { Engine } from './engine/engine.ts'
import type { EngineEvent } from './engine/types/system.ts'
import { mark, ownerOf } from './labels.ts'

/** Wait before asking again after the stream broke. */
const againMs = 1_000

/** Events that change nothing a tick would look at. */
const noise = /^(exec_|attach|top|resize|archive-path|extract-to-dir)/

export interface WatchDeps {
  readonly manager: () => Promise<Engine>
  readonly clock: Clock
  readonly log: Log
}

export async function watch(
  { manager, clock, log }: WatchDeps,
  site: Site,
  changed: (key: AppKey | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const owners = new Map<string, AppKey>()
  while (!signal.aborted) {
    try {
      const engine = await manager()
      const events = await engine.system.events({ filters: { type: ['service', 'container', 'node'] }, signal })
      // Whatever happened while nobody listened: everything may have changed.
      changed(undefined)
      for await (const event of events) {
        const key = await affected(engine, site, owners, event)
        if (key !== 'nobody') changed(key)
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn('the stream of engine events broke and is opened again', { error })
    }
    await clock.sleep(againMs, signal)
  }
}

/** Whose thing the event speaks of: an app, possibly anybody (a node), or nobody of this installation. */
async function affected(
  engine: Engine,
  site: Site,
  owners: Map<string, AppKey>,
  { Type, Action, Actor }: EngineEvent,
): Promise<AppKey | undefined | 'nobody'> {
  if (Type === 'node') return undefined
  if (noise.test(Action) || Action === 'health_status: running') return 'nobody'
  const serviceId = Type === 'service' ? Actor.ID : Actor.Attributes['com.docker.swarm.service.id']
  if (serviceId === undefined) return 'nobody'
  const known = owners.get(serviceId)
  if (known !== undefined) {
    if (Type === 'service' && Action === 'remove') owners.delete(serviceId)
    return known
  }
  const services = await engine.services.list({
    filters: { id: [serviceId], label: [`${mark.install}=${site.installId}`] },
  })
  const key = ownerOf(site.installId, services[0]?.Spec.Labels)
  if (key === undefined) return 'nobody'
  owners.set(serviceId, key)
  return key
}
