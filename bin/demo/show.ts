/** Deploys an example through the API, tells where it answers, and takes it away again. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../../lib/client/client.ts'
import type { AppAddress, Deployment, Plan } from '../../lib/client/types.ts'
import { followToEnd } from './follow.ts'
import type { Following } from './follow.ts'

export interface Deploying extends Following {
  /** The example's folder. */
  readonly folder: string
  readonly params: Readonly<Record<string, string>>
}

const patienceMs = 60_000

const paramsOf = ({ project, app }: AppAddress) => ({ project, app })

async function bodyOf({ folder, params }: Deploying) {
  return { manifest: await readFile(join(folder, 'escale.yaml'), 'utf8'), params: { ...params } }
}

export async function planExample(deploying: Deploying): Promise<Plan> {
  const { client, app } = deploying
  return client.call('planApp', { params: paramsOf(app), body: await bodyOf(deploying) })
}

export async function deployExample(deploying: Deploying): Promise<Deployment> {
  const { client, app } = deploying
  const begun = await client.call('deploy', { params: paramsOf(app), body: await bodyOf(deploying) })
  return followToEnd(deploying, begun.id, `Deploy ${app.app}`)
}

export interface Place {
  readonly service: string
  readonly url: URL
}

export async function placesOf(client: Client, app: AppAddress): Promise<readonly Place[]> {
  const { routes } = await client.call('getStatus', { params: paramsOf(app) })
  return routes.map(({ service, url }) => ({ service, url: new URL(url) }))
}

/** Removes the app with its volumes. It has its own time, since what interrupted the demo must not interrupt this. */
export async function removeExample({ screen, client, app }: Following): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs)
  const { volumes } = await client.call('getStatus', { params: paramsOf(app), signal })
  // By the manifest's names: those of a stateful service are listed for each instance, `data@db-0`.
  const query = { deleteVolume: [...new Set(volumes.map((name) => name.replace(/@.*/, '')))] }
  const removal = await client.call('removeApp', { params: paramsOf(app), query, signal })
  await followToEnd({ screen, client, app, signal }, removal.id, `Remove ${app.app}`)
}
