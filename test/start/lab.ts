/** What the tests of the start helper share: the committed binary, a way to run it, folders that go away. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export const distFolder = join(import.meta.dirname, '../../images/start/dist')
export const amd64 = join(distFolder, 'start-amd64')
export const arm64 = join(distFolder, 'start-arm64')

/** No test waits longer for a process it started. */
const processLimitMs = 20_000

export interface Ended {
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Resolves when a line of the output contains the text; rejects when the process ends without. */
  says(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
}

export interface Launch {
  readonly env?: NodeJS.ProcessEnv
  /** In front of the command, e.g. `unshare` with its options. */
  readonly prefix?: readonly string[]
  readonly binary?: string
}

const wholeEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SEEN: 'plain' }

function follow(child: ChildProcess): Running {
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  const look = (): void => watchers.forEach((watcher) => watcher())
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1')
    look()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1')
    look()
  })
  let over = false
  const limit = setTimeout(() => child.kill('SIGKILL'), processLimitMs)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      over = true
      look()
      resolve({ code: code ?? signal ?? 'SIGKILL', stdout, stderr })
    })
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${child.spawnfile}`)
  return {
    pid,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (stdout.includes(text) || stderr.includes(text)) {
            watchers.delete(watcher)
            resolve()
          } else if (over) {
            watchers.delete(watcher)
            reject(new Error(`ended without saying '${text}': ${stdout}${stderr}`))
          }
        }
        watchers.add(watcher)
        watcher()
      }),
    kill: (signal) => void process.kill(pid, signal),
  }
}

/** Starts the helper; what is left of it ends with the test. */
export function launch(args: readonly string[], options: Launch = {}): Running {
  const [command = amd64, ...rest] = [...(options.prefix ?? []), options.binary ?? amd64, ...args]
  const child = spawn(command, rest, {
    env: { ...wholeEnvironment, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = follow(child)
  onTestFinished(() => void child.kill('SIGKILL'))
  return running
}

export const finish = (args: readonly string[], options: Launch = {}): Promise<Ended> => launch(args, options).ended

/** A folder of this test alone. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'escale-start-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A file of this test alone, with these bytes. */
export function file(content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder(), 'file')
  writeFileSync(path, content, { mode })
  return path
}

/** Listens on a free port of loopback until the test ends. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, host, resolve)
  })
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy())
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

/** A port nobody listens on: one that was free a moment ago. */
export async function closedPort(server: Server): Promise<number> {
  const port = await listen(server)
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  return port
}

const pidSpace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']

const canUnshare = spawnSync('unshare', [...pidSpace.slice(1), 'true'], { timeout: processLimitMs }).status === 0

/** How the helper becomes PID 1 of a PID namespace of its own; undefined where the machine does not allow it. */
export function asInit(): readonly string[] | undefined {
  if (canUnshare) return pidSpace
  if (process.env['CI'] !== undefined)
    throw new Error('CI must run the PID 1 tests, but unshare --pid is not allowed here')
  console.warn('skipped: the PID 1 tests need root (unshare --pid --mount-proc)')
  return undefined
}
