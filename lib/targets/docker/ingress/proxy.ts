/** The life of one proxy container: there, on a port that is free, running. */
import type { Log } from '../../../core/deps.ts'
import { EscaleError } from '../../../core/errors.ts'
import type { Site } from '../../../model/app.ts'
import type { CallOptions } from '../engine/call.ts'
import type { Engine } from '../engine/engine.ts'
import { EngineError, isEngineError } from '../engine/errors.ts'
import type { ContainerSummary } from '../engine/types/container.ts'
import { labelFilter } from '../labels.ts'
import {
  ingressLabels,
  ingressMark,
  proxyContainer,
  proxyContainerName,
  stopGraceSeconds,
  withPort,
} from './container.ts'
import type { ProxyContainer, ProxyIdentity } from './container.ts'
import { connectedNetworks, disconnectNetwork } from './networks.ts'

export interface ProxyRequest extends ProxyIdentity {
  readonly image: string
  /** The first that is free is taken, and kept. */
  readonly ports: readonly number[]
  readonly log: Log
}

export interface RunningProxy {
  readonly container: string
  readonly port: number
  /** Ids of the networks of apps it is connected to. */
  readonly networkIds: readonly string[]
  /** It was made or started just now. */
  readonly started: boolean
}

export async function ensureProxy(engine: Engine, request: ProxyRequest, call: CallOptions): Promise<RunningProxy> {
  const wanted = proxyContainer(request, request.image)
  const there = (await proxyContainers(engine, request.site, call)).get(request.proxy)
  const held = there === undefined ? undefined : Number(there.Labels[ingressMark.port])
  const same = there?.Labels[ingressMark.intent] === wanted.Labels[ingressMark.intent]
  if (there !== undefined && same && held !== undefined && request.ports.includes(held)) {
    if (there.State === 'running')
      return { container: there.Id, port: held, networkIds: connectedNetworks(there), started: false }
    if (await startAgain(engine, there, request.log, call)) return runningAs(engine, there.Id, held, call)
  }
  if (there !== undefined) await endContainer(engine, there.Id, call)
  const ports =
    held !== undefined && request.ports.includes(held)
      ? [held, ...request.ports.filter((port) => port !== held)]
      : request.ports
  for (const port of ports) {
    const id = await createContainer(engine, proxyContainerName(request), withPort(wanted, port), call)
    const refusal = await startOnPort(engine, id, call)
    if (refusal === undefined) return runningAs(engine, id, port, call)
    request.log.info('the port of a proxy is taken on the machine', { proxy: request.proxy, port, reason: refusal })
    await endContainer(engine, id, call)
  }
  throw new EscaleError(
    'name-taken',
    `the proxy "${request.proxy}" finds none of the ports ${ports.join(', ')} free on the machine; free one, or choose another`,
  )
}

async function runningAs(engine: Engine, container: string, port: number, call: CallOptions): Promise<RunningProxy> {
  const [found] = await engine.containers.list({ filters: { id: [container] }, ...call })
  if (found?.State !== 'running')
    throw new EscaleError(
      'engine-refused',
      `the proxy container ${container.slice(0, 12)} ended right after its start: ${await lastWords(engine, container, call)}`,
    )
  return { container, port, networkIds: connectedNetworks(found), started: true }
}

async function lastWords(engine: Engine, container: string, call: CallOptions): Promise<string> {
  const lines: string[] = []
  for await (const { data } of engine.containers.logs(container, { tail: 10, ...call }))
    lines.push(Buffer.from(data).toString('utf8').trim())
  return lines.join('; ').slice(0, 1000)
}

/** One that stopped keeps its networks; those that are gone by now would keep it from starting. */
async function startAgain(engine: Engine, container: ContainerSummary, log: Log, call: CallOptions): Promise<boolean> {
  for (const id of connectedNetworks(container))
    if (!(await networkExists(engine, id, call))) await disconnectNetwork(engine, container.Id, id, call)
  try {
    await engine.containers.start(container.Id, call)
    return true
  } catch (error) {
    log.warn('a proxy that stopped does not start again, and is made anew', {
      container: container.Id,
      reason: error instanceof Error ? error.message : String(error),
    })
    return false
  }
}

async function networkExists(engine: Engine, id: string, call: CallOptions): Promise<boolean> {
  try {
    await engine.networks.inspect(id, call)
    return true
  } catch (error) {
    if (isEngineError(error, 'notFound')) return false
    throw error
  }
}

async function createContainer(
  engine: Engine,
  name: string,
  request: ProxyContainer,
  call: CallOptions,
): Promise<string> {
  try {
    return (await engine.containers.create(request, { name, ...call })).Id
  } catch (error) {
    // The name is derived from installation and cluster: one that is there is ours, left by an answer that was lost (D1).
    if (!isEngineError(error, 'nameTaken')) throw error
    await endContainer(engine, name, call)
    return (await engine.containers.create(request, { name, ...call })).Id
  }
}

const portTaken = /port is already allocated|address already in use/i

/** Answers the engine's words when the port is taken. */
async function startOnPort(engine: Engine, id: string, call: CallOptions): Promise<string | undefined> {
  try {
    await engine.containers.start(id, call)
    return undefined
  } catch (error) {
    if (error instanceof EngineError && portTaken.test(error.reason)) return error.reason
    throw error
  }
}

/** Proxies of this installation and cluster on this machine, by name, whether they run or not. */
export async function proxyContainers(
  engine: Engine,
  site: Site,
  call: CallOptions,
): Promise<ReadonlyMap<string, ContainerSummary>> {
  const label = [...labelFilter(ingressLabels(site)), ingressMark.proxy]
  const containers = await engine.containers.list({ all: true, filters: { label }, ...call })
  return new Map(containers.map((container) => [container.Labels[ingressMark.proxy] ?? '', container]))
}

async function endContainer(engine: Engine, id: string, call: CallOptions): Promise<void> {
  await unlessGone(engine.containers.stop(id, { graceSeconds: stopGraceSeconds, ...call }))
  await unlessGone(engine.containers.remove(id, { force: true, ...call }))
}

/** Ends a proxy and what it kept. */
export async function removeProxy(
  engine: Engine,
  identity: ProxyIdentity,
  container: ContainerSummary,
  call: CallOptions,
): Promise<void> {
  await endContainer(engine, container.Id, call)
  await unlessGone(engine.volumes.remove(proxyContainerName(identity), call))
}

async function unlessGone(call: Promise<void>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isEngineError(error, 'notFound')) throw error
  }
}
