/** The demo as a process, and what an engine holds before and after it. */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'

const root = join(import.meta.dirname, '../../..')
const timeLimitMs = 100_000

export interface DemoRun {
  kill(signal: NodeJS.Signals): void
  /** Everything it has written so far. */
  text(): string
  /** Resolves once its text holds this; rejects when it ends before. */
  said(part: string): Promise<void>
  /** Exit code, null after a signal. */
  readonly ended: Promise<number | null>
}

export interface DemoRequest {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Runs it in a network and a /run of its own, where no engine is. */
  readonly isolated?: boolean
}

export function runDemo({ args, env = {}, isolated = false }: DemoRequest): DemoRun {
  const demo = [process.execPath, join(root, 'bin/demo.ts'), ...args]
  const alone = 'mount -t tmpfs tmpfs /run && ip link set lo up && "$@"; code=$?; ip -o link; exit $code'
  const [command = '', ...rest] = isolated
    ? ['unshare', '-n', '-m', '--propagation', 'private', 'sh', '-c', alone, 'sh', ...demo]
    : demo
  const { ESCALE_ENGINE: _engine, DOCKER_HOST: _host, ...inherited } = process.env
  const child = spawn(command, rest, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...env },
    detached: true,
  })
  let text = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (piece: string) => {
      text += piece
      for (const look of waiting) look()
    })
  }
  // As a terminal does it: all processes of the group.
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal)
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // It takes things away by itself; only one that hangs is killed.
  const limit = setTimeout(() => kill('SIGKILL'), timeLimitMs)
  void ended.finally(() => clearTimeout(limit))
  onTestFinished(async () => {
    kill('SIGTERM')
    await ended
  }, 60_000)
  return {
    kill,
    text: () => text,
    ended,
    said: (part) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!text.includes(part)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`the demo ended before it said "${part}":\n${text}`)))
      }),
  }
}

/** Names of everything on an engine but images. */
export async function inventory(engine: Engine): Promise<Readonly<Record<string, readonly string[]>>> {
  const sorted = (names: readonly (string | undefined)[]): readonly string[] =>
    names.map((name) => name ?? '').toSorted()
  return {
    services: sorted((await engine.services.list()).map(({ Spec }) => Spec.Name)),
    containers: sorted((await engine.containers.list({ all: true })).flatMap(({ Names }) => Names)),
    networks: sorted((await engine.networks.list()).map(({ Name }) => Name)),
    volumes: sorted((await engine.volumes.list()).map(({ Name }) => Name)),
    configs: sorted((await engine.configs.list()).map(({ Spec }) => Spec.Name)),
    secrets: sorted((await engine.secrets.list()).map(({ Spec }) => Spec.Name)),
    nodeLabels: sorted((await engine.nodes.list()).flatMap(({ Spec }) => Object.keys(Spec.Labels))),
    names: sorted(
      (await engine.images.list())
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((tag) => !tag.startsWith('escale.local/')),
    ),
  }
}

/** Where a program of this machine lies. */
export async function programPath(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v "$1"', 'sh', name], { timeout: 5_000 })
  return stdout.trim()
}
