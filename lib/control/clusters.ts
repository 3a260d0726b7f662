/** Clusters and what belongs to them rather than to an app: machines, volumes, things nobody uses. */
import { EscaleError } from '../core/errors.ts'
import type { Site } from '../model/app.ts'
import type { Release } from '../model/release.ts'
import { containersOf } from '../model/unit.ts'
import type { ListOptions } from '../store/store.ts'
import type { NodeInfo, ReclaimItem, Target, VolumeInfo } from '../targets/target.ts'
import type { Actor } from './actor.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents, recordProjectEvents } from './events.ts'
import { releaseBefore } from './history.ts'
import { commitOrThrow, findRelease, json, needCluster } from './load.ts'
import type { Paged } from './queries.ts'
import { addresses, type AppRecord, type ClusterRecord } from './records.ts'

export async function listClusters(deps: Deps, page: ListOptions): Promise<Paged<ClusterRecord>> {
  const found = await deps.store.list<ClusterRecord>('cluster', 'all', page)
  return { items: found.items.map((item) => item.value), ...(found.next === undefined ? {} : { next: found.next }) }
}

export const getCluster = needCluster

export async function addCluster(
  deps: Deps,
  _actor: Actor,
  cluster: { readonly name: string; readonly kind: string; readonly domain?: string },
): Promise<ClusterRecord> {
  const record: ClusterRecord = { ...cluster, createdAtMs: deps.clock.nowMs() }
  await commitOrThrow(deps, [{ put: addresses.cluster(cluster.name), value: json(record), ifAbsent: true }])
  return record
}

const siteOf = (deps: Deps, cluster: string): Site => ({ installId: deps.installId, cluster })

async function targetOf(deps: Deps, cluster: string): Promise<Target> {
  await needCluster(deps, cluster)
  return await deps.target(cluster)
}

const cannot = (cluster: string, what: string): EscaleError =>
  new EscaleError('backend-cannot', `cluster ${cluster} has no ${what} that Escale manages`)

export async function listNodes(deps: Deps, cluster: string): Promise<readonly NodeInfo[]> {
  const target = await targetOf(deps, cluster)
  if (target.nodes === undefined) throw cannot(cluster, 'machines')
  return await target.nodes.list()
}

export async function setNodeAvailability(
  deps: Deps,
  _actor: Actor,
  cluster: string,
  node: string,
  availability: 'active' | 'drain',
): Promise<void> {
  const target = await targetOf(deps, cluster)
  if (target.nodes === undefined) throw cannot(cluster, 'machines')
  const found = (await target.nodes.list()).find((candidate) => candidate.id === node || candidate.name === node)
  if (found === undefined) throw new EscaleError('not-found', `cluster ${cluster} has no machine ${node}`)
  await target.nodes.setAvailability(found.id, availability)
}

export async function listVolumes(deps: Deps, cluster: string, project?: string): Promise<readonly VolumeInfo[]> {
  const target = await targetOf(deps, cluster)
  if (target.volumes === undefined) throw cannot(cluster, 'volumes')
  const volumes = await target.volumes.list(siteOf(deps, cluster))
  return project === undefined ? volumes : volumes.filter((volume) => volume.app?.project === project)
}

/** Deletes the data; refused while anything uses it. */
export async function removeVolume(deps: Deps, actor: Actor, cluster: string, nativeName: string): Promise<void> {
  const target = await targetOf(deps, cluster)
  if (target.volumes === undefined) throw cannot(cluster, 'volumes')
  const volume = (await target.volumes.list(siteOf(deps, cluster))).find(
    (candidate) => candidate.nativeName === nativeName,
  )
  if (volume === undefined) throw new EscaleError('not-found', `cluster ${cluster} has no volume ${nativeName}`)
  if (volume.usedBy.length > 0) {
    throw new EscaleError(
      'in-use',
      `volume ${volume.name} is used by ${volume.usedBy.join(', ')}; stop or remove that first`,
    )
  }
  await target.volumes.remove(siteOf(deps, cluster), nativeName)
  if (volume.app === undefined) return
  await forget(deps, volume)
  const data = { volume: volume.name, native: nativeName }
  await recordAppEvents(deps, volume.app, [{ type: 'volume.removed', about: volume.name, actor: actor.subject, data }])
}

/** A volume that was deleted on purpose is no longer part of what the app holds. */
async function forget(deps: Deps, volume: VolumeInfo): Promise<void> {
  if (volume.app === undefined) return
  const stored = await deps.store.get<AppRecord>(addresses.app(volume.app))
  if (stored === undefined) return
  const identity = Object.fromEntries(
    Object.entries(stored.value.identity).filter(([, entry]) => entry.name !== volume.nativeName),
  )
  await commitOrThrow(deps, [
    { put: addresses.app(volume.app), value: json({ ...stored.value, identity }), ifVersion: stored.version },
  ])
}

export async function reportUnused(deps: Deps, cluster: string): Promise<readonly ReclaimItem[]> {
  const target = await targetOf(deps, cluster)
  if (target.housekeeping === undefined) throw cannot(cluster, 'leftovers')
  return await target.housekeeping.report(siteOf(deps, cluster), await imagesToKeep(deps, cluster))
}

export async function reclaim(
  deps: Deps,
  actor: Actor,
  cluster: string,
  items: readonly ReclaimItem[],
): Promise<readonly ReclaimItem[]> {
  const target = await targetOf(deps, cluster)
  if (target.housekeeping === undefined) throw cannot(cluster, 'leftovers')
  // What the report does not list any more has found a user meanwhile.
  const now = await reportUnused(deps, cluster)
  const still = items.filter((item) =>
    now.some((other) => other.kind === item.kind && other.nativeId === item.nativeId),
  )
  const done = await target.housekeeping.reclaim(siteOf(deps, cluster), still)
  const freedBytes = done.reduce((sum, item) => sum + item.sizeBytes, 0)
  await recordProjectEvents(deps, 'default', [
    {
      type: 'housekeeping.done',
      about: `cluster:${cluster}`,
      actor: actor.subject,
      data: { items: done.length, freedBytes },
    },
  ])
  return done
}

/** Images of the releases that stand or that a rollback would need. */
async function imagesToKeep(deps: Deps, cluster: string): Promise<readonly string[]> {
  const images = new Set<string>()
  const add = (release: Release | undefined): void => {
    for (const unit of release?.spec.units ?? []) {
      for (const { image } of containersOf(unit)) {
        for (const name of [image.reference, image.pinned]) if (name !== undefined) images.add(name)
      }
    }
  }
  for (const app of await allApps(deps)) {
    if (app.cluster !== cluster || app.removedAtMs !== undefined) continue
    const numbers = [app.current, app.lastGood, app.lastReleaseNumber]
    for (const number of new Set(numbers)) if (number !== undefined) add(await findRelease(deps, app.key, number))
    if (app.current !== undefined) add(await releaseBefore(deps, app.key, app.current))
  }
  return [...images].sort()
}

export async function allApps(deps: Deps): Promise<readonly AppRecord[]> {
  const apps: AppRecord[] = []
  for (const project of await pages(deps, 'project', 'all')) {
    for (const app of await pages<AppRecord>(deps, 'app', project.id)) apps.push(app.value)
  }
  return apps
}

async function pages<T>(
  deps: Deps,
  collection: string,
  partition: string,
): Promise<readonly { readonly id: string; readonly value: T }[]> {
  const all: { readonly id: string; readonly value: T }[] = []
  let after: string | undefined
  do {
    const page = await deps.store.list<T>(collection, partition, after === undefined ? {} : { after })
    all.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return all
}
