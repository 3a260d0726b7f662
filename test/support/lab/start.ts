/** The two things tests ask for: one engine, or several in one swarm. */
import { ensureImages } from '../../../images/local/build.ts'
import type { EnsuredImage } from '../../../images/local/build.ts'
import type { LocalImageName } from '../../../images/local/recipe.ts'
import { silentLog } from '../../../lib/core/deps.ts'
import { parseEndpoint } from '../../../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { createLab } from './lab.ts'
import type { Lab, LabNode, LabOptions, NodeOptions } from './lab.ts'
import { cacheRoot } from './places.ts'

export interface StartEngineOptions extends LabOptions, NodeOptions {
  /** Makes the engine a swarm of one. */
  readonly swarm?: boolean
}

export interface RunningEngine {
  readonly socketPath: string
  /** Where published ports are reached: 10.199.N.1, or 127.0.0.1 with `hostNetwork`. */
  readonly address: string
  /** The host as containers reach it. */
  readonly hostAddress: string
  readonly env: LabNode['env']
  readonly node: LabNode
  stop(): Promise<void>
}

export async function startEngine(options: StartEngineOptions): Promise<RunningEngine> {
  const lab = await createLab(options)
  try {
    const node = await lab.addNode(options)
    if (options.swarm === true) await withEngine(node, (engine) => initSwarm(engine, node))
    const { socketPath, address, env } = node
    return { socketPath, address, hostAddress: lab.hostAddress, env, node, stop: () => lab.stop() }
  } catch (error) {
    await lab.stop()
    throw error
  }
}

export interface ClusterOptions extends LabOptions {
  readonly nodes: number
  /** One below three nodes, three from there. */
  readonly managers?: number
  /** A worker or manager misses three of these before it counts as down. */
  readonly heartbeatMs?: number
}

export interface Cluster {
  readonly nodes: readonly LabNode[]
  readonly hostAddress: string
  addNode(role?: 'worker' | 'manager'): Promise<LabNode>
  stop(): Promise<void>
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const managers = options.managers ?? (options.nodes < 3 ? 1 : 3)
  const lab = await createLab(options)
  try {
    const nodes = await Promise.all(Array.from({ length: options.nodes }, () => lab.addNode()))
    nodes.sort((a, b) => a.index - b.index)
    const [first, ...others] = nodes
    if (first === undefined) throw new Error('a cluster needs at least one node')
    await withEngine(first, async (engine) => {
      await initSwarm(engine, first)
      if (options.heartbeatMs !== undefined) await setHeartbeat(engine, options.heartbeatMs)
    })
    // One after the other: the majority changes with every manager that joins.
    for (const [position, node] of others.entries())
      await joinSwarm(first, node, position + 1 < managers ? 'manager' : 'worker')
    return clusterOf(lab, first, nodes)
  } catch (error) {
    await lab.stop()
    throw error
  }
}

function clusterOf(lab: Lab, first: LabNode, nodes: LabNode[]): Cluster {
  return {
    nodes,
    hostAddress: lab.hostAddress,
    addNode: async (role = 'worker') => {
      const node = await lab.addNode()
      await joinSwarm(first, node, role)
      nodes.push(node)
      return node
    },
    stop: () => lab.stop(),
  }
}

export async function withEngine<T>(
  node: { readonly socketPath: string },
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await connectEngine(parseEndpoint(node.socketPath))
  try {
    return await use(engine)
  } finally {
    engine.close()
  }
}

/** Puts the product's own images on an engine; those of former runs come from the cache. */
export async function loadImages(
  node: { readonly socketPath: string },
  names: readonly LocalImageName[],
): Promise<EnsuredImage[]> {
  const options = { cacheDir: cacheRoot(process.env), log: silentLog, source: 'build' } as const
  return withEngine(node, (engine) => ensureImages(engine, names, options))
}

export async function initSwarm(engine: Engine, node: { readonly address: string }): Promise<void> {
  await engine.swarm.init({
    AdvertiseAddr: node.address,
    ListenAddr: `${node.address}:2377`,
    DefaultAddrPool: ['10.210.0.0/16'],
    SubnetSize: 24,
  })
}

async function setHeartbeat(engine: Engine, heartbeatMs: number): Promise<void> {
  const swarm = await engine.swarm.inspect()
  const spec = { ...swarm.Spec, Dispatcher: { HeartbeatPeriod: heartbeatMs * 1_000_000 } }
  await engine.swarm.update(spec, { version: swarm.Version.Index })
}

async function joinSwarm(manager: LabNode, node: LabNode, role: 'worker' | 'manager'): Promise<void> {
  const tokens = await withEngine(manager, async (engine) => (await engine.swarm.inspect()).JoinTokens)
  await withEngine(node, (engine) =>
    engine.swarm.join({
      AdvertiseAddr: node.address,
      ListenAddr: `${node.address}:2377`,
      RemoteAddrs: [`${manager.address}:2377`],
      JoinToken: role === 'manager' ? tokens.Manager : tokens.Worker,
    }),
  )
}
