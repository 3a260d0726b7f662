/** The docker target: the Engine API in swarm mode (DESIGN §6). */
import type { Clock, Log } from '../../core/deps.ts'
import { sha256Hex } from '../../core/hash.ts'
import type { Target } from '../target.ts'
import { adapt } from './adapt.ts'
import { findCapabilities } from './capabilities.ts'
import type { ReadHostFile } from './capabilities.ts'
import { dockerBuilder } from './build.ts'
import { check } from './check/check.ts'
import type { Engine } from './engine/engine.ts'
import { openExec } from './exec.ts'
import type { EngineOf } from './exec.ts'
import type { ExecutorDeps } from './execute/deps.ts'
import { fileExecutor } from './execute/file.ts'
import { networkExecutor } from './execute/network.ts'
import { runExecutor } from './execute/run.ts'
import { serviceExecutor } from './execute/service.ts'
import { volumeExecutor } from './execute/volume.ts'
import { dockerHousekeeping } from './housekeeping.ts'
import { resolveImage } from './images.ts'
import { kinds } from './kinds.ts'
import { readLogs } from './logs.ts'
import { dockerNodes } from './nodes.ts'
import { outOfMemoryFinder } from './observe/memory.ts'
import { networkNameFinder } from './observe/network-names.ts'
import { observe } from './observe/observe.ts'
import { render, renderRun } from './render/render.ts'
import type { RegistryOptions } from './registry.ts'
import { dockerVolumes } from './volumes.ts'
import { watch } from './watch.ts'

export interface DockerTargetOptions {
  /** A manager of the swarm, asked anew for each piece of work: another may lead tomorrow. */
  readonly manager: () => Promise<Engine>
  /** The engine of a node, for what only that engine can do (exec); by default the manager itself, for its own node. */
  readonly engineOf?: EngineOf
  readonly clock: Clock
  readonly log: Log
  /** The start helper's program by architecture, in the words of images (`amd64`, `arm64`). */
  readonly startHelper: Readonly<Record<string, Uint8Array>>
  /** Reads files of the machine that the engine runs on. */
  readonly readHostFile: ReadHostFile
  /** Whether the kernels balance on stable addresses; absent: found out (ruling C5). */
  readonly ipvs?: boolean
  /** Where the ingress of this cluster serves routes. */
  /** Where builds go: the cluster's own registry, made when the first one is built. Absent: nothing can be built. */
  readonly registry?: RegistryOptions
  readonly ingress?: { readonly domain?: string; readonly httpPort: number; readonly httpsPort?: number }
}

export function dockerTarget(options: DockerTargetOptions): Target {
  const { manager, clock, log } = options
  const engineOf = options.engineOf ?? ownNode(manager)
  const executorDeps: ExecutorDeps = { manager, engineOf, clock, log, startHelper: (arch) => options.startHelper[arch] }
  const hashes = Object.fromEntries(
    Object.entries(options.startHelper).map(([arch, bytes]) => [arch, sha256Hex(bytes)]),
  )
  const observeDeps = { manager, clock, outOfMemory: outOfMemoryFinder(), networkNames: networkNameFinder() }
  const service = serviceExecutor(executorDeps)
  return {
    kind: 'docker',
    capabilities: async () =>
      findCapabilities({
        engine: await manager(),
        read: options.readHostFile,
        ipvs: options.ipvs,
        startHelper: hashes,
        ingress: options.ingress,
      }),
    check: async (input, observed) => check(await manager(), input, observed),
    resolveImage: async (reference, auth, signal) => resolveImage(await manager(), reference, auth, signal),
    adapt,
    render,
    renderRun,
    observe: (site, key, _identity, signal) => observe(observeDeps, site, key, signal),
    kinds,
    executors: {
      network: networkExecutor(executorDeps),
      volume: volumeExecutor(executorDeps),
      config: fileExecutor(executorDeps, 'config'),
      secret: fileExecutor(executorDeps, 'secret'),
      service,
      run: runExecutor(executorDeps),
    },
    logs: (site, key, query) => readLogs(manager, site, key, query),
    exec: (site, key, request, signal) => openExec(manager, engineOf, site, key, request, signal),
    watch: (site, changed, signal) => watch({ manager, clock, log }, site, changed, signal),
    volumes: dockerVolumes(executorDeps),
    housekeeping: dockerHousekeeping(manager),
    nodes: dockerNodes(manager),
    ...(options.registry === undefined ? {} : { builder: dockerBuilder({ manager, clock, log }, options.registry) }),
  }
}

const ownNode =
  (manager: () => Promise<Engine>): EngineOf =>
  async (nodeId) => {
    const engine = await manager()
    return (await engine.system.info()).Swarm.NodeID === nodeId ? engine : undefined
  }
