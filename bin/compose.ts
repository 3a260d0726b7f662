/** A whole platform on this machine: store, vault, targets, loop and API, wired together. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bindUseCases } from '../lib/api/bind.ts'
import { type RunningServer, serveApi } from '../lib/api/serve.ts'
import { folderUploads } from '../lib/api/uploads.ts'
import type { Clock, Log, Random } from '../lib/core/deps.ts'
import { EscaleError } from '../lib/core/errors.ts'
import { shortHash } from '../lib/core/hash.ts'
import { issueToken } from '../lib/control/access/tokens.ts'
import { systemActor } from '../lib/control/actor.ts'
import { type ControlSettings, defaultSettings, type Deps } from '../lib/control/deps.ts'
import { startLoop, type Loop } from '../lib/control/loop.ts'
import { createProject, getProject } from '../lib/control/projects.ts'
import { addresses, type ClusterRecord } from '../lib/control/records.ts'
import { defaultProject } from '../lib/model/app.ts'
import type { Store } from '../lib/store/store.ts'
import { openSqliteStore } from '../lib/store/sqlite/sqlite.ts'
import { MemoryCluster } from '../lib/targets/memory/cluster.ts'
import { memoryTarget } from '../lib/targets/memory/target.ts'
import type { Target } from '../lib/targets/target.ts'
import { openFileVault } from '../lib/vault/file/file.ts'
import { type DockerCluster, dockerCluster } from './docker-cluster.ts'

export interface PlatformOptions {
  readonly dataDir: string
  readonly cacheDir: string
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly version: string
  /** What the cluster `local` is made of. */
  readonly cluster: { readonly kind: 'docker'; readonly engine?: string } | { readonly kind: 'memory' }
  readonly host?: string
  readonly port: number
  readonly httpPorts: readonly number[]
  readonly address?: string
  /** Stands between the platform and its cluster: tests put faults there. */
  readonly decorate?: (target: Target) => Target
  /** Deadlines other than the usual ones: tests do not wait for those. */
  readonly settings?: Partial<ControlSettings>
}

export interface Platform {
  readonly deps: Deps
  readonly server: RunningServer
  readonly docker?: DockerCluster
  /** Shown once; absent where the installation has been started before. */
  readonly ownerToken?: string
  close(): Promise<void>
}

export const localCluster = 'local'
/** Browsers and resolvers lead every name below it to this machine (RFC 6761). */
const localDomain = 'localhost'

export async function composePlatform(options: PlatformOptions): Promise<Platform> {
  const { clock, random, log } = options
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const store = openSqliteStore({ path: join(options.dataDir, 'escale.db'), clock, random })
  const vault = await openFileVault({ folder: join(options.dataDir, 'vault'), clock, random })
  const installId = await installation(store, random)
  await ensureCluster(store, options.cluster.kind, clock)

  const site = { installId, cluster: localCluster }
  const docker =
    options.cluster.kind === 'docker'
      ? await dockerCluster({
          ...options,
          ...(options.cluster.engine === undefined ? {} : { engine: options.cluster.engine }),
          site,
          domain: localDomain,
          address: options.address ?? localDomain,
        })
      : undefined
  const plain: Target = docker?.target ?? memoryTarget(new MemoryCluster({ clock }))
  const local = options.decorate?.(plain) ?? plain

  let loop: Loop | undefined
  const deps: Deps = {
    store,
    vault,
    target: async (cluster) => {
      if (cluster === localCluster) return local
      throw new EscaleError('unreachable', `cluster ${cluster} cannot be reached from here`)
    },
    clock,
    random,
    log,
    installId,
    poke: (key) => loop?.poke(key),
    settings: { ...defaultSettings, ...options.settings },
    sources: {},
  }
  const ownerToken = await ensureOwner(deps)
  const uploads = folderUploads({ folder: join(options.dataDir, 'uploads'), clock, random })
  const server = await serveApi({
    api: { deps, useCases: bindUseCases(deps), version: options.version, uploads },
    ...(options.host === undefined ? {} : { host: options.host }),
    port: options.port,
  }).catch(async (error: unknown) => {
    // Nothing may keep the process alive that could not start.
    docker?.close()
    await store.close()
    throw error
  })
  loop = startLoop(deps)
  return {
    deps,
    server,
    ...(docker === undefined ? {} : { docker }),
    ...(ownerToken === undefined ? {} : { ownerToken }),
    async close() {
      await server.close()
      await loop?.stop()
      docker?.close()
      await store.close()
    },
  }
}

/** Made once; every native object bears it. */
async function installation(store: Store, random: Random): Promise<string> {
  const found = await store.get<{ readonly installId: string }>(addresses.install())
  if (found !== undefined) return found.value.installId
  const installId = shortHash(Buffer.from(random.bytes(16)).toString('hex'), 10)
  await store.commit([{ put: addresses.install(), value: { installId }, ifAbsent: true }])
  return (await store.get<{ readonly installId: string }>(addresses.install()))!.value.installId
}

async function ensureCluster(store: Store, kind: string, clock: Clock): Promise<void> {
  const record: ClusterRecord = { name: localCluster, kind, domain: localDomain, createdAtMs: clock.nowMs() }
  const found = await store.get<ClusterRecord>(addresses.cluster(localCluster))
  if (found === undefined) await store.commit([{ put: addresses.cluster(localCluster), value: record, ifAbsent: true }])
  else if (found.value.kind !== kind) {
    throw new EscaleError(
      'wrong-state',
      `this data folder belongs to a platform on ${found.value.kind}; use another with ESCALE_DATA_DIR`,
    )
  }
}

/** The first start makes the default project and one token that owns everything. */
async function ensureOwner(deps: Deps): Promise<string | undefined> {
  if ((await getProject(deps, defaultProject)) !== undefined) return undefined
  await createProject(deps, systemActor, defaultProject)
  return (await issueToken(deps, systemActor, { name: 'owner', grants: [{ role: 'owner', collection: '*' }] })).token
}
