/** One engine process in namespaces of its own. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectEngine } from '../../../lib/targets/docker/engine/engine.ts'
import { parseEndpoint } from '../../../lib/targets/docker/engine/endpoint.ts'
import { run } from './command.ts'
import { isAlive, markProcess } from './slots.ts'
import type { ProcessMark } from './slots.ts'

export interface DockerdOptions {
  readonly folder: string
  readonly dataDir: string
  /** Also the name of the node in the swarm. */
  readonly hostname: string
  readonly cgroup: string
  readonly bridgeAddress: string
  /** Absent: the host's network. */
  readonly namespace: string | undefined
  readonly extraArgs: readonly string[]
}

export interface Dockerd {
  readonly socketPath: string
  /** The process that holds the namespaces, and the init inside them. */
  readonly outer: ProcessMark
  readonly init: ProcessMark
}

const readyTimeoutMs = 40_000

export async function startDockerd(
  options: DockerdOptions,
  onProcess: (mark: ProcessMark) => Promise<void>,
): Promise<Dockerd> {
  const { folder, namespace } = options
  await mkdir(folder, { recursive: true })
  await mkdir(options.dataDir, { recursive: true })
  const socketPath = join(folder, 'sock')
  const logPath = join(folder, 'dockerd.log')
  const unshare = ['unshare', '-m', '-u', '-p', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private']
  const script = 'hostname "$1"; mount -t tmpfs tmpfs /run; shift; exec "$@"'
  const inside = [
    'sh',
    '-c',
    script,
    'node',
    options.hostname,
    ...(await initCommand()),
    'dockerd',
    ...dockerdArgs(options, socketPath),
  ]
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/var/run/netns/${namespace}`]
  const [command = 'unshare', ...args] = [...enter, ...unshare, ...inside]

  const log = openSync(logPath, 'a')
  // Detached, so that Ctrl-C at the terminal ends the lab by its teardown and not half of it by itself.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    // A tag without digest is otherwise looked up before every task start: 20 s each where no name server answers.
    env: { ...process.env, DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1' },
  })
  closeSync(log)
  child.unref()
  const startError = new Promise<never>((_resolve, reject) => child.once('error', reject))
  startError.catch(() => undefined)
  const outer = child.pid === undefined ? undefined : await markProcess(child.pid)
  if (outer === undefined)
    throw await Promise.race([
      startError,
      Promise.reject(new Error(`${command} ended at once: ${await tail(logPath)}`)),
    ])
  await onProcess(outer)
  const init = await awaitReady(outer, socketPath, logPath)
  await onProcess(init)
  return { socketPath, outer, init }
}

function dockerdArgs(options: DockerdOptions, socketPath: string): string[] {
  return [
    `--data-root=${options.dataDir}`,
    '--exec-root=/run/docker',
    '--pidfile=/run/docker.pid',
    `--host=unix://${socketPath}`,
    // Also where systemd runs: these engines are not its.
    '--exec-opt=native.cgroupdriver=cgroupfs',
    `--cgroup-parent=/${options.cgroup}`,
    `--bip=${options.bridgeAddress}`,
    ...options.extraArgs,
  ]
}

/** An init that collects the orphans, where the engine's packages brought it. */
async function initCommand(): Promise<string[]> {
  const path = await run('sh', ['-c', 'command -v docker-init || true'])
  return path.trim() === '' ? [] : [path.trim(), '-s', '--']
}

async function awaitReady(outer: ProcessMark, socketPath: string, logPath: string): Promise<ProcessMark> {
  const deadlineMs = Date.now() + readyTimeoutMs
  while (Date.now() < deadlineMs) {
    if (!(await isAlive(outer))) throw new Error(`dockerd ended while starting:\n${await tail(logPath)}`)
    const init = await childOf(outer.pid)
    if (init !== undefined && (await answers(socketPath))) return init
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`dockerd did not answer on ${socketPath} within ${readyTimeoutMs} ms:\n${await tail(logPath)}`)
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    const engine = await connectEngine(parseEndpoint(socketPath), { timeoutMs: 2000 })
    engine.close()
    return true
  } catch {
    // Not yet: the caller asks again until its own time is up.
    return false
  }
}

async function childOf(pid: number): Promise<ProcessMark | undefined> {
  const children = await run('sh', ['-c', 'pgrep -P "$1" || true', 'sh', String(pid)])
  const first = Number(children.trim().split('\n')[0])
  return first > 0 ? markProcess(first) : undefined
}

async function tail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '(no log)')
  return text.split('\n').slice(-15).join('\n')
}
