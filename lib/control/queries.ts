/** Looks at what is on record and at what runs; changes nothing. */
import { EscaleError } from '../core/errors.ts'
import type { AppKey } from '../model/app.ts'
import { desiredCount, isStopped } from '../model/effective.ts'
import type { EscaleEvent } from '../model/event.ts'
import type { Observed, ObservedInstance } from '../model/observed.ts'
import type { Release } from '../model/release.ts'
import type { Unit } from '../model/unit.ts'
import type { ListOptions, Page } from '../store/store.ts'
import type { Deps } from './deps.ts'
import { deploymentById, findDeployment, findRelease, findRun, needApp, needRelease } from './load.ts'
import { addresses, type AppRecord, type DeploymentRecord, endedStates, type RunRecord, streams } from './records.ts'
import { routeUrls } from './routes.ts'

export interface Paged<T> {
  readonly items: readonly T[]
  readonly next?: string
}

const paged = <T>(page: Page<T>): Paged<T> => ({
  items: page.items.map((item) => item.value),
  ...(page.next === undefined ? {} : { next: page.next }),
})

export async function listApps(deps: Deps, project: string, page: ListOptions): Promise<Paged<AppRecord>> {
  return paged(await deps.store.list<AppRecord>('app', project, page))
}

export const getApp = async (deps: Deps, key: AppKey): Promise<AppRecord> => (await needApp(deps, key)).value

export async function listReleases(deps: Deps, key: AppKey, page: ListOptions): Promise<Paged<Release>> {
  const { collection, partition } = addresses.release(key, 0)
  return paged(await deps.store.list<Release>(collection, partition, { reverse: true, ...page }))
}

export const getRelease = needRelease

export async function listDeployments(deps: Deps, key: AppKey, page: ListOptions): Promise<Paged<DeploymentRecord>> {
  const { collection, partition } = addresses.deployment(key, 0)
  return paged(await deps.store.list<DeploymentRecord>(collection, partition, { reverse: true, ...page }))
}

export const getDeployment = async (deps: Deps, key: AppKey, id: string): Promise<DeploymentRecord> =>
  (await deploymentById(deps, key, id)).value

/** Runs of one job by time, newest first; without a job: of all jobs, by id. */
export async function listRuns(
  deps: Deps,
  key: AppKey,
  job: string | undefined,
  page: ListOptions,
): Promise<Paged<RunRecord>> {
  if (job === undefined) {
    const { collection, partition } = addresses.run(key, '')
    return paged(await deps.store.list<RunRecord>(collection, partition, page))
  }
  const { collection, partition } = addresses.runOfJob(key, job, 0, '')
  const index = await deps.store.list<{ readonly id: string }>(collection, partition, { reverse: true, ...page })
  const runs = await Promise.all(index.items.map((item) => findRun(deps, key, item.value.id)))
  return {
    items: runs.flatMap((run) => (run === undefined ? [] : [run.value])),
    ...(index.next === undefined ? {} : { next: index.next }),
  }
}

export async function getRun(deps: Deps, key: AppKey, id: string): Promise<RunRecord> {
  const run = await findRun(deps, key, id)
  if (run === undefined) throw new EscaleError('not-found', `there is no run ${id}`)
  return run.value
}

/** Answers when the deployment has ended or waits for an approval, or after `waitMs`. */
export async function waitForDeployment(
  deps: Deps,
  key: AppKey,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<DeploymentRecord> {
  const untilMs = deps.clock.nowMs() + waitMs
  for (;;) {
    const record = await getDeployment(deps, key, id)
    const rests = endedStates.includes(record.state) || record.state === 'waiting'
    if (rests || deps.clock.nowMs() >= untilMs || signal.aborted) return record
    await deps.clock.sleep(Math.min(100, waitMs), signal)
  }
}

export interface UnitStatus {
  readonly name: string
  readonly kind: 'service' | 'job'
  readonly mode?: string
  readonly desired?: number
  readonly ready: number
  readonly stopped: boolean
  readonly instances: readonly ObservedInstance[]
}

export interface AppStatus {
  readonly app: AppRecord
  readonly release?: Release
  readonly deployment?: DeploymentRecord
  readonly observedAtMs?: number
  readonly units: readonly UnitStatus[]
  readonly routes: readonly { readonly service: string; readonly route: string; readonly url: string }[]
  readonly volumes: readonly string[]
}

export async function statusOf(deps: Deps, key: AppKey): Promise<AppStatus> {
  const app = (await needApp(deps, key)).value
  const active = app.active === undefined ? undefined : await findDeployment(deps, key, app.active)
  const last =
    active ?? (app.lastDeploymentNumber === 0 ? undefined : await findDeployment(deps, key, app.lastDeploymentNumber))
  const number = app.removedAtMs === undefined ? (active?.value.release ?? app.current) : undefined
  const release = number === undefined ? undefined : await findRelease(deps, key, number)
  const observed = release === undefined ? undefined : await observe(deps, app)
  const spec = release === undefined ? undefined : (await deps.target(app.cluster)).adapt(release.spec)
  return {
    app,
    ...(release === undefined ? {} : { release }),
    ...(last === undefined ? {} : { deployment: last.value }),
    ...(observed === undefined ? {} : { observedAtMs: observed.atMs }),
    units:
      spec === undefined || observed === undefined ? [] : spec.units.map((unit) => unitStatus(unit, app, observed)),
    routes: release === undefined ? [] : await routeUrls(deps, release),
    volumes: Object.keys(app.identity)
      .filter((id) => id.startsWith('volume/'))
      .map((id) => id.slice('volume/'.length)),
  }
}

async function observe(deps: Deps, app: AppRecord): Promise<Observed> {
  const target = await deps.target(app.cluster)
  const site = { installId: deps.installId, cluster: app.cluster }
  return await target.observe(site, app.key, app.identity, AbortSignal.timeout(deps.settings.callDeadlineMs))
}

function unitStatus(unit: Unit, app: AppRecord, observed: Observed): UnitStatus {
  const instances = observed.units.filter((item) => item.unit === unit.name).flatMap((item) => item.instances)
  const ready = instances.filter((instance) => instance.wanted && instance.state === 'ready').length
  const base = { name: unit.name, kind: unit.kind, ready, stopped: isStopped(unit.name, app.runtime), instances }
  if (unit.kind === 'job') return base
  const { mode } = unit
  return { ...base, mode, ...(mode === 'perNode' ? {} : { desired: desiredCount(unit, app.runtime) }) }
}

export type EventScope = { readonly key: AppKey } | { readonly project: string }

export interface EventsQuery {
  /** Sequence number of the last event seen; 0 for the beginning. */
  readonly after: number
  readonly waitMs: number
  readonly limit: number
  readonly signal: AbortSignal
}

export interface NumberedEvent extends EscaleEvent {
  readonly seq: number
}

/** Events after a cursor; waits for the first one up to `waitMs` (ruling B10). */
export async function readEvents(
  deps: Deps,
  scope: EventScope,
  query: EventsQuery,
): Promise<{ readonly items: readonly NumberedEvent[]; readonly next: number }> {
  const stream = 'key' in scope ? streams.app(scope.key) : streams.project(scope.project)
  const untilMs = deps.clock.nowMs() + query.waitMs
  for (;;) {
    const entries = await deps.store.read(stream, query.after, query.limit)
    if (entries.length > 0 || deps.clock.nowMs() >= untilMs || query.signal.aborted) {
      const items = entries.map((entry) => ({ ...(entry.value as unknown as EscaleEvent), seq: entry.seq }))
      return { items, next: items.at(-1)?.seq ?? query.after }
    }
    await deps.clock.sleep(Math.min(200, query.waitMs), query.signal)
  }
}
