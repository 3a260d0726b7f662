/** The engine's world as far as it is of one installation, without ids, versions, times and generated names (ruling D3). */
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { mark } from '../../../lib/targets/docker/labels.ts'
import type { IdentityMap } from '../../../lib/targets/target.ts'

interface Thing {
  readonly kind: string
  readonly name: string
  readonly id: string
  /** Absent: it is of the way in, which belongs to no app. */
  readonly resource: string | undefined
  readonly body: unknown
}

export interface World {
  readonly objects: Readonly<Record<string, unknown>>
  /** Tasks that run and are meant to, by service. */
  readonly running: Readonly<Record<string, number>>
  /** Containers of services that are no more. */
  readonly strays: readonly string[]
}

async function things(engine: Engine, installId: string): Promise<readonly Thing[]> {
  const filters = { label: [`${mark.install}=${installId}`] }
  const [services, networks, configs, secrets, volumes] = await Promise.all([
    engine.services.list({ filters }),
    engine.networks.list({ filters }),
    engine.configs.list({ filters }),
    engine.secrets.list({ filters }),
    engine.volumes.list({ filters }),
  ])
  const resourceOf = (labels: Readonly<Record<string, string>> | null | undefined) => labels?.[mark.resource]
  return [
    ...services.map(({ ID, Spec }) => ({
      kind: 'service',
      name: Spec.Name,
      id: ID,
      resource: resourceOf(Spec.Labels),
      body: Spec,
    })),
    ...networks.map(({ Id, Name, Driver, Internal, Attachable, Labels }) => ({
      kind: 'network',
      name: Name,
      id: Id,
      resource: resourceOf(Labels),
      body: { Driver, Internal, Attachable, Labels },
    })),
    ...configs.map(({ ID, Spec }) => ({
      kind: 'config',
      name: Spec.Name,
      id: ID,
      resource: resourceOf(Spec.Labels),
      body: Spec,
    })),
    ...secrets.map(({ ID, Spec }) => ({
      kind: 'secret',
      name: Spec.Name,
      id: ID,
      resource: resourceOf(Spec.Labels),
      body: Spec,
    })),
    ...volumes.map(({ Name, Driver, Options, Labels }) => ({
      kind: 'volume',
      name: Name,
      id: Name,
      resource: resourceOf(Labels),
      body: { Driver, Options, Labels },
    })),
  ]
}

export async function worldOf(engine: Engine, installId: string): Promise<World> {
  const all = (await things(engine, installId)).filter(({ resource }) => resource !== undefined)
  const tasks = await engine.tasks.list()
  const services = all.filter(({ kind }) => kind === 'service')
  const running = services.map(({ id, resource }) => [
    resource,
    tasks.filter((task) => task.ServiceID === id && task.DesiredState === 'running' && task.Status?.State === 'running')
      .length,
  ])
  const known = new Set((await engine.services.list()).map(({ ID }) => ID))
  const containers = await engine.containers.list({ all: true, filters: { label: ['com.docker.swarm.service.id'] } })
  return {
    objects: Object.fromEntries(
      all.map((thing) => [steady(thing.resource ?? ''), settled(thing.body, all)]).sort(byName),
    ),
    running: Object.fromEntries(running.sort(byName)) as Record<string, number>,
    strays: containers
      .filter(({ Labels }) => !known.has(Labels?.['com.docker.swarm.service.id'] ?? ''))
      .map(({ Names }) => Names.join()),
  }
}

/** Objects of apps that the identity map does not answer for, and entries without an object. */
export async function unanswered(engine: Engine, installId: string, identity: IdentityMap): Promise<readonly string[]> {
  const all = (await things(engine, installId)).filter(({ resource }) => resource !== undefined)
  const there = new Set(all.map(({ resource }) => resource))
  const twice = all.filter(({ resource }, at) => all.findIndex((other) => other.resource === resource) !== at)
  return [
    ...all.filter(({ resource = '' }) => !(resource in identity)).map(({ kind, name }) => `orphan ${kind} ${name}`),
    ...Object.keys(identity)
      .filter((id) => !there.has(id))
      .map((id) => `no object behind ${id}`),
    ...twice.map(({ kind, name }) => `second object ${kind} ${name}`),
  ]
}

const byName = ([a]: readonly unknown[], [b]: readonly unknown[]): number => (String(a) < String(b) ? -1 : 1)

/**
 * Ids and names that differ from run to run stand as the resource they mean. A secret's version is keyed anew
 * in each data folder; hashes over what names one differ with it.
 */
function settled(body: unknown, all: readonly Thing[]): unknown {
  let text = JSON.stringify(body)
  for (const { id, name, resource = '' } of all) {
    const meant = JSON.stringify(`<${steady(resource)}>`)
    text = text.replaceAll(JSON.stringify(id), meant).replaceAll(JSON.stringify(name), meant)
  }
  if (!text.includes('secret/')) return JSON.parse(text) as unknown
  const hashes = new RegExp(`("${mark.intent}"|"io.escale.template"):"[^"]*"`, 'g')
  return JSON.parse(steady(text).replace(hashes, '$1:"…"')) as unknown
}

const steady = (text: string): string => text.replace(/(secret\/[^@"<>]+)@[a-z2-7]+/g, '$1@…')
