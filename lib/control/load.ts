/** Reads records from the store with their types, and answers `not-found` where one must be there. */
import { EscaleError } from '../core/errors.ts'
import type { Json } from '../core/hash.ts'
import { type AppKey, appKeyText } from '../model/app.ts'
import type { Release } from '../model/release.ts'
import type { Operation, Stored } from '../store/store.ts'
import type { Deps } from './deps.ts'
import {
  addresses,
  type AppRecord,
  type ClusterRecord,
  type DeploymentRecord,
  type ProjectRecord,
  type RunRecord,
} from './records.ts'

const read = async <T>(deps: Deps, address: Parameters<Deps['store']['get']>[0]): Promise<Stored<T> | undefined> =>
  (await deps.store.get(address)) as Stored<T> | undefined

export const findApp = (deps: Deps, key: AppKey): Promise<Stored<AppRecord> | undefined> =>
  read(deps, addresses.app(key))

export async function needApp(deps: Deps, key: AppKey): Promise<Stored<AppRecord>> {
  const app = await findApp(deps, key)
  if (app === undefined) throw new EscaleError('not-found', `there is no app ${appKeyText(key)}`)
  return app
}

export const findRelease = async (deps: Deps, key: AppKey, number: number): Promise<Release | undefined> =>
  (await read<Release>(deps, addresses.release(key, number)))?.value

export async function needRelease(deps: Deps, key: AppKey, number: number): Promise<Release> {
  const release = await findRelease(deps, key, number)
  if (release === undefined) throw new EscaleError('not-found', `there is no release ${number} of ${appKeyText(key)}`)
  return release
}

export const findDeployment = (
  deps: Deps,
  key: AppKey,
  number: number,
): Promise<Stored<DeploymentRecord> | undefined> => read(deps, addresses.deployment(key, number))

export async function deploymentById(deps: Deps, key: AppKey, id: string): Promise<Stored<DeploymentRecord>> {
  const ref = await read<{ readonly number: number }>(deps, addresses.deploymentRef(key, id))
  const found = ref === undefined ? undefined : await findDeployment(deps, key, ref.value.number)
  if (found === undefined) throw new EscaleError('not-found', `there is no deployment ${id} of ${appKeyText(key)}`)
  return found
}

export const findCluster = async (deps: Deps, name: string): Promise<ClusterRecord | undefined> =>
  (await read<ClusterRecord>(deps, addresses.cluster(name)))?.value

export async function needCluster(deps: Deps, name: string): Promise<ClusterRecord> {
  const cluster = await findCluster(deps, name)
  if (cluster === undefined) throw new EscaleError('not-found', `there is no cluster ${name}`)
  return cluster
}

export const findProject = (deps: Deps, name: string): Promise<Stored<ProjectRecord> | undefined> =>
  read(deps, addresses.project(name))

/** Commits, or throws `version-conflict`: somebody else wrote in between. */
export async function commitOrThrow(deps: Deps, operations: readonly Operation[]): Promise<void> {
  const result = await deps.store.commit(operations)
  if (!result.ok)
    throw new EscaleError('version-conflict', 'the record was changed by somebody else in between; try again')
}

export const json = (value: unknown): Json => value as Json

export const findRun = (deps: Deps, key: AppKey, id: string): Promise<Stored<RunRecord> | undefined> =>
  read(deps, addresses.run(key, id))
