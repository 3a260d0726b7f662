/** An engine that lives as long as the demo, in a folder of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EscaleError } from '../../lib/core/errors.ts'
import { parseEndpoint } from '../../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../../lib/targets/docker/engine/engine.ts'

export interface OwnEngine {
  readonly socketPath: string
  /** Ends it and takes away all it made. */
  stop(): Promise<void>
  /** Lets it run on; answers the id of its process. */
  keep(): Promise<string>
}

const startTimeoutMs = 40_000
const stopTimeoutMs = 60_000

/** Two engines in swarm mode cannot share one network of the machine. */
export function whyNoOwnEngine(): { readonly reason: string; readonly advice: string } | undefined {
  // Links of this process's network; /sys shows those of whoever mounted it.
  if (!/^\s*docker_gwbridge:/m.test(readFileSync('/proc/net/dev', 'utf8'))) return undefined
  return {
    reason: 'the network docker_gwbridge of another engine in swarm mode is on this machine',
    advice: 'name that engine by DOCKER_HOST; where it is gone: ip link del docker_gwbridge',
  }
}

export async function startOwnEngine(signal: AbortSignal): Promise<OwnEngine> {
  const address = freeBridgeAddress(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address)),
  )
  // Short: the path of a socket ends at 107 characters, and a link's name at 15.
  const folder = await mkdtemp(join(tmpdir(), 'escale-demo-'))
  const name = `escd${process.pid}`
  const script = join(import.meta.dirname, 'own-engine.sh')
  const offline = (await registryAnswers(signal)) ? {} : { DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1' }
  // Of its own session, so that Ctrl-C reaches the demo alone, which takes things down in order.
  const child = spawn('sh', [script, folder, name, address], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ...offline },
  })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.stdin.end()
    const limit = sleep(stopTimeoutMs, 'late', { ref: false })
    if ((await Promise.race([ended, limit])) === 'late')
      throw new EscaleError(
        'timed-out',
        `the demo's engine did not end within ${stopTimeoutMs} ms; its log is ${folder}/log`,
      )
    await rm(folder, { recursive: true, force: true })
  }
  const socketPath = join(folder, 'sock')
  try {
    await answers(socketPath, () => child.exitCode !== null, signal)
  } catch (error) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => 'it wrote no log')
    await stop()
    if (signal.aborted) throw error
    throw new EscaleError('unreachable', `the engine did not start: ${lastLines(log)}`, { cause: error })
  }
  return {
    socketPath,
    stop,
    keep: async () => {
      child.stdin.end('keep\n')
      await ended
      return (await readFile(join(folder, 'pid'), 'utf8')).trim()
    },
  }
}

async function answers(socketPath: string, hasEnded: () => boolean, signal: AbortSignal): Promise<void> {
  const untilMs = Date.now() + startTimeoutMs
  for (;;) {
    try {
      const engine = await connectEngine(parseEndpoint(socketPath), { timeoutMs: 2_000, signal })
      engine.close()
      return
    } catch (error) {
      // Not yet: asked again until its time is up.
      if (hasEnded() || Date.now() > untilMs || signal.aborted) throw error
    }
    await sleep(50)
  }
}

const lastLines = (log: string): string => log.trim().split('\n').slice(-5).join('\n')

const candidates = ['10.213.77', '172.30.213', '192.168.213']

/** An address for the bridge that no network of this machine begins like. Pure. */
export function freeBridgeAddress(addresses: readonly string[]): string {
  const network = (text: string): string => text.split('.').slice(0, 2).join('.')
  const taken = new Set(addresses.map(network))
  const free = candidates.find((candidate) => !taken.has(network(candidate)))
  if (free === undefined)
    throw new EscaleError(
      'in-use',
      `none of the networks ${candidates.join(', ')} is free on this machine for the engine's bridge`,
    )
  return `${free}.1/24`
}

/** Where no registry answers, an engine that asks one before each start waits for nothing. */
async function registryAnswers(signal: AbortSignal): Promise<boolean> {
  try {
    await fetch('https://registry-1.docker.io/v2/', { signal: AbortSignal.any([signal, AbortSignal.timeout(4_000)]) })
    return true
  } catch {
    return false
  }
}
