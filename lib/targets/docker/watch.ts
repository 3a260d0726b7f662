/** Tells when something of ours may have changed, from the engine's events. */
import type { Clock, Log } from '../../core/deps.ts'
import type { AppKey, Site } from '../../model/app.ts'
import type { Engine } from './engine/engine.ts'
import type { EngineEvent } from './engine/types/system.ts'
import { mark, ownerOf } from './labels.ts'

/** Wait before asking again after the stream broke. */
const againMs = 1_000

/** Containers of other machines are no events here: their tasks are compared this often. */
const compareMs = 2_000

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
  const compared = compareTasks({ manager, clock, log }, site, changed, signal)
  await listen({ manager, clock, log }, site, changed, signal)
  await compared
}

/** Tells of tasks that changed, as long as the swarm is more than the machine whose events are heard. */
async function compareTasks(
  { manager, clock, log }: WatchDeps,
  site: Site,
  changed: (key: AppKey | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  let before = new Map<string, string>()
  while (!signal.aborted) {
    try {
      const engine = await manager()
      const { Swarm } = await engine.system.info({ signal })
      if ((Swarm.Nodes ?? 1) > 1) {
        const now = await taskStates(engine, signal)
        const moved = [...now].filter(([service, states]) => before.has(service) && before.get(service) !== states)
        if (moved.length > 0) {
          const services = await engine.services.list({
            filters: { id: moved.map(([service]) => service), label: [`${mark.install}=${site.installId}`] },
            signal,
          })
          for (const { Spec } of services) {
            const key = ownerOf(site.installId, Spec.Labels)
            if (key !== undefined) changed(key)
          }
        }
        before = now
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn('the tasks of the swarm could not be compared', { error })
    }
    await clock.sleep(compareMs, signal)
  }
}

/** What all tasks of a service are at, as one text, by the service's id. */
async function taskStates(engine: Engine, signal: AbortSignal): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  const tasks = (await engine.tasks.list({ signal })).toSorted((a, b) => a.ID.localeCompare(b.ID))
  for (const { ID, ServiceID, Status, DesiredState } of tasks) {
    if (ServiceID !== undefined)
      states.set(ServiceID, `${states.get(ServiceID) ?? ''} ${ID} ${Status.State} ${DesiredState}`)
  }
  return states
}

async function listen(
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
