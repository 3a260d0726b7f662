/** Engines of one network, and their end. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './command.ts'
import { startDockerd } from './dockerd.ts'
import type { Dockerd } from './dockerd.ts'
import { addressOf, makeNetwork, namespaceOf, plugNode, setCable } from './network.ts'
import { labRoot } from './places.ts'
import { claimSlot, exists, isAlive, releaseSlot } from './slots.ts'
import type { ProcessMark } from './slots.ts'

export interface LabOptions {
  /** Letters, digits and hyphens; names the lab's folder. */
  readonly name: string
  /** Whether the lab ends with this process. A lab of the command line outlives it. */
  readonly owned?: boolean
  /** The engine shares the host's network, so that its ports are the host's; at most one such lab. */
  readonly hostNetwork?: boolean
}

export interface NodeOptions {
  readonly dataDir?: string
  readonly extraArgs?: readonly string[]
}

export interface LabNode {
  readonly index: number
  readonly hostname: string
  /** Where its published ports are reached from the host and from other nodes. */
  readonly address: string
  readonly socketPath: string
  readonly env: { readonly DOCKER_HOST: string; readonly ESCALE_ENGINE: string }
  cutCable(): Promise<void>
  plugCable(): Promise<void>
  /** Every process of the node is gone at once. */
  powerOff(): Promise<void>
  /** Stops the engine in order, as a shutdown of the machine does. */
  shutDown(): Promise<void>
  /** Starts the engine again on its data. */
  powerOn(): Promise<void>
}

export interface Lab {
  readonly name: string
  readonly folder: string
  readonly slot: number
  readonly hostAddress: string
  addNode(options?: NodeOptions): Promise<LabNode>
  /** Ends everything, also what tests left running. */
  stop(): Promise<void>
}

const teardownScript = join(dirname(fileURLToPath(import.meta.url)), 'teardown.sh')

export async function createLab(options: LabOptions): Promise<Lab> {
  const { name, owned = true, hostNetwork = false } = options
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`lab name "${name}" must be lower-case letters, digits and hyphens`)
  const root = labRoot()
  const folder = join(root, name)
  const slot = await claimSlot(root)
  try {
    await mkdir(folder)
  } catch (cause) {
    await releaseSlot(root, slot)
    throw new Error(`a lab named "${name}" is there already (${folder}); end it or choose another name`, { cause })
  }
  await writeFile(join(folder, 'pids'), '')
  await writeFile(join(folder, 'slot'), String(slot))
  const token = randomBytes(8).toString('hex')
  await writeFile(join(folder, 'token'), token)
  const letGo = owned ? endWithThisProcess(folder, token) : () => undefined
  try {
    if (hostNetwork) await rememberHostNetwork(folder)
    const hostAddress = hostNetwork ? '127.0.0.1' : (await makeNetwork(slot)).hostAddress
    return buildLab({ name, folder, slot, hostAddress, hostNetwork, letGo })
  } catch (error) {
    await tearDown(folder)
    letGo()
    throw error
  }
}

interface LabParts {
  readonly name: string
  readonly folder: string
  readonly slot: number
  readonly hostAddress: string
  readonly hostNetwork: boolean
  readonly letGo: () => void
}

function buildLab({ name, folder, slot, hostAddress, hostNetwork, letGo }: LabParts): Lab {
  let nodes = 0
  const remember = ({ pid, startedTicks }: ProcessMark): Promise<void> =>
    appendFile(join(folder, 'pids'), `${pid} ${startedTicks}\n`)
  return {
    name,
    folder,
    slot,
    hostAddress,
    addNode: async ({ dataDir, extraArgs = [] } = {}) => {
      const index = ++nodes
      if (hostNetwork && index > 1) throw new Error('a lab in the host network holds one engine')
      const place = hostNetwork ? { namespace: undefined, address: '127.0.0.1' } : await plugNode(slot, index)
      const nodeFolder = join(folder, `n${index}`)
      const hostname = `n${index}`
      const start = (): Promise<Dockerd> =>
        startDockerd(
          {
            folder: nodeFolder,
            dataDir: dataDir ?? join(nodeFolder, 'data'),
            hostname,
            cgroup: namespaceOf(slot, hostname),
            bridgeAddress: '172.21.0.1/16',
            namespace: place.namespace,
            extraArgs: [...(hostNetwork ? [] : ['--insecure-registry', `${hostAddress}:5000`]), ...extraArgs],
          },
          remember,
        )
      return labNode(slot, index, hostname, place.address, await start(), start)
    },
    stop: async () => {
      await tearDown(folder)
      letGo()
    },
  }
}

function labNode(
  slot: number,
  index: number,
  hostname: string,
  address: string,
  first: Dockerd,
  start: () => Promise<Dockerd>,
): LabNode {
  let current = first
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    if (await isAlive(current.init)) process.kill(current.init.pid, signal)
    const deadlineMs = Date.now() + 40_000
    while ((await isAlive(current.outer)) || (await isAlive(current.init))) {
      if (Date.now() > deadlineMs) throw new Error(`node ${hostname} does not end (process ${current.init.pid})`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  const host = `unix://${first.socketPath}`
  return {
    index,
    hostname,
    address,
    socketPath: first.socketPath,
    env: { DOCKER_HOST: host, ESCALE_ENGINE: host },
    cutCable: async () => void (await setCable(slot, index, 'down')),
    plugCable: async () => void (await setCable(slot, index, 'up')),
    powerOff: () => end('SIGKILL'),
    shutDown: () => end('SIGTERM'),
    powerOn: async () => {
      current = await start()
    },
  }
}

/** Tables that an engine writes to, as they are before anybody does. */
const emptyTables = {
  filter: '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
  nat: '*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n',
} as const

/** What iptables held before, because an engine leaves its chains and a policy behind. A table not listed would not be restored. */
async function rememberHostNetwork(folder: string): Promise<void> {
  if (await exists('/sys/class/net/docker0'))
    throw new Error('an engine already uses the host network (docker0 is there); start the lab without hostNetwork')
  const saved = await run('iptables-save', [])
  const missing = Object.entries(emptyTables).filter(([table]) => !saved.includes(`*${table}\n`))
  await writeFile(join(folder, 'iptables'), saved + missing.map(([, text]) => text).join(''))
}

/** Runs the teardown when this process ends, however it ends: its pipe closes then. */
function endWithThisProcess(folder: string, token: string): () => void {
  const args = [teardownScript, '--on-eof', token, folder]
  const reaper = spawn('sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  reaper.unref()
  // The pipe alone must not keep this process alive.
  if (reaper.stdin instanceof Socket) reaper.stdin.unref()
  return () => void reaper.stdin.end()
}

export async function tearDown(folder: string): Promise<void> {
  await run('sh', [teardownScript, folder], { timeoutMs: 60_000 })
  if (await exists(folder)) throw new Error(`the lab in ${folder} could not be ended`)
}

/** Ends the lab of that name; answers whether there was one. */
export async function endLab(name: string): Promise<boolean> {
  const folder = join(labRoot(), name)
  if (!(await exists(join(folder, 'slot')))) return false
  await tearDown(folder)
  return true
}

export interface LabRecord {
  readonly name: string
  readonly slot: number
  readonly nodes: readonly { readonly socketPath: string; readonly address: string }[]
}

export async function describeLab(name: string): Promise<LabRecord> {
  const folder = join(labRoot(), name)
  const slot = Number(await readFile(join(folder, 'slot'), 'utf8'))
  const shared = await exists(join(folder, 'iptables'))
  const nodes: { socketPath: string; address: string }[] = []
  for (let index = 1; await exists(join(folder, `n${index}`)); index++)
    nodes.push({
      socketPath: join(folder, `n${index}`, 'sock'),
      address: shared ? '127.0.0.1' : addressOf(slot, index),
    })
  return { name, slot, nodes }
}
