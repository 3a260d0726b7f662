/** The docker target of this machine: the engine found, made a swarm of one, with its ingress and its images. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureImages, localReference } from '../images/local/build.ts'
import type { Clock, Log } from '../lib/core/deps.ts'
import { EscaleError } from '../lib/core/errors.ts'
import type { Site } from '../lib/model/app.ts'
import { connectEngine, type Engine } from '../lib/targets/docker/engine/engine.ts'
import { endpointFromEnv, parseEndpoint } from '../lib/targets/docker/engine/endpoint.ts'
import { createIngress, type Ingress } from '../lib/targets/docker/ingress/ingress.ts'
import { dockerTarget } from '../lib/targets/docker/target.ts'
import type { Executor, Target } from '../lib/targets/target.ts'
import { packageRoot } from './places.ts'

export interface DockerClusterOptions {
  /** E.g. `unix:///var/run/docker.sock`; absent: found as the docker client finds it. */
  readonly engine?: string
  readonly env: NodeJS.ProcessEnv
  readonly site: Site
  readonly domain: string | undefined
  readonly cacheDir: string
  readonly clock: Clock
  readonly log: Log
  readonly httpPorts: readonly number[]
  /** Of the cluster's own registry, on the loopback of its machine. */
  readonly registryPort?: number
  /** Name or address under which people reach this machine. */
  readonly address: string
}

export interface DockerCluster {
  readonly target: Target
  readonly engine: Engine
  /** True where this process made the swarm: the only one it may leave. */
  readonly madeSwarm: boolean
  close(): void
}

export function engineEndpoint(engine: string | undefined, env: NodeJS.ProcessEnv): ReturnType<typeof parseEndpoint> {
  const named = engine ?? env['ESCALE_ENGINE']
  return named === undefined ? endpointFromEnv(env, process.platform) : parseEndpoint(named)
}

export async function dockerCluster(options: DockerClusterOptions): Promise<DockerCluster> {
  const { clock, log, site } = options
  const engine = await connectEngine(engineEndpoint(options.engine, options.env))
  const madeSwarm = await ensureSwarm(engine, log)
  const startHelper = await startHelpers()
  const ingress = await ingressOf(options, engine)
  const { port } = await ingress.ensure()
  const base = dockerTarget({
    manager: async () => engine,
    clock,
    log,
    startHelper,
    readHostFile: (path) => readFile(path).catch(() => undefined),
    registry: {
      site,
      image: async () => {
        await ensureImages(engine, ['registry'], { cacheDir: options.cacheDir, log })
        return localReference('registry')
      },
      port: options.registryPort ?? 5005,
    },
    ingress: { ...(options.domain === undefined ? {} : { domain: options.domain }), httpPort: port, httpsPort: 443 },
  })
  return { target: withIngress(base, ingress, port, options.address), engine, madeSwarm, close: () => engine.close() }

  async function ingressOf(from: DockerClusterOptions, on: Engine): Promise<Ingress> {
    await ensureImages(on, ['haproxy'], { cacheDir: from.cacheDir, log })
    return createIngress({
      site,
      engine: async () => on,
      image: localReference('haproxy'),
      httpPorts: from.httpPorts,
      address: from.address,
      clock,
      log,
    })
  }
}

async function startHelpers(): Promise<Readonly<Record<string, Uint8Array>>> {
  const folder = join(packageRoot(), 'images', 'start', 'dist')
  const [amd64, arm64] = await Promise.all(['start-amd64', 'start-arm64'].map((name) => readFile(join(folder, name))))
  return { amd64: amd64!, arm64: arm64! }
}

/** Swarm mode is turned on only where it is off; a worker cannot be told what to run. */
async function ensureSwarm(engine: Engine, log: Log): Promise<boolean> {
  const info = await engine.system.info()
  if (info.Swarm.LocalNodeState === 'active') {
    if (info.Swarm.ControlAvailable === true) return false
    throw new EscaleError('engine-refused', 'this engine is a worker of a swarm; use the engine of a manager')
  }
  // An address pool that does not cover the usual private networks (ruling C7).
  await engine.swarm.init({
    ListenAddr: '127.0.0.1:2377',
    AdvertiseAddr: '127.0.0.1',
    DefaultAddrPool: ['100.64.0.0/11'],
    SubnetSize: 23,
  })
  log.info('swarm mode turned on')
  return true
}

function withIngress(base: Target, ingress: Ingress, httpPort: number, address: string): Target {
  const network = base.executors['network']!
  const releasing: Executor = {
    ...network,
    // The proxy holds on to the networks it serves; an overlay with an endpoint cannot be removed.
    remove: async (entry, current, context) => {
      if (current !== undefined) await ingress.release(current.nativeId, context.signal)
      await network.remove(entry, current, context)
    },
  }
  return {
    ...base,
    executors: { ...base.executors, network: releasing },
    ingress: {
      entry: async () => ({ host: address, httpPort }),
      apply: async (_site, routes, signal) => (await ingress.apply(routes, signal)).problems,
    },
  }
}
