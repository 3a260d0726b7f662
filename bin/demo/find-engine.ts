/** Finds an engine where Docker's own client would, else brings one up where this user may; else says what to do. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { debianRelease } from '../../images/local/debian.ts'
import { hasProgram } from '../../images/local/command.ts'
import { defaultHost, endpointFromEnv, parseEndpoint } from '../../lib/targets/docker/engine/endpoint.ts'
import type { Endpoint } from '../../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../../lib/targets/docker/engine/engine.ts'
import { runCommand } from './command.ts'
import { startOwnEngine, whyNoOwnEngine } from './own-engine.ts'
import type { OwnEngine } from './own-engine.ts'
import type { Screen } from './screen.ts'

export type Finding =
  | { readonly kind: 'found'; readonly endpoint: Endpoint; readonly own?: OwnEngine }
  | { readonly kind: 'none'; readonly reason: string; readonly advice: readonly string[] }

export interface FindOptions {
  readonly env: NodeJS.ProcessEnv
  readonly mayInstall: boolean
  readonly screen: Screen
  readonly signal: AbortSignal
}

export async function findEngine(options: FindOptions): Promise<Finding> {
  const { env } = options
  const named = env['ESCALE_ENGINE'] ?? env['DOCKER_HOST'] ?? ''
  if (named !== '') {
    const endpoint =
      env['ESCALE_ENGINE'] === undefined ? endpointFromEnv(env, process.platform) : parseEndpoint(env['ESCALE_ENGINE'])
    const silence = await whySilent(endpoint)
    if (silence === undefined) return { kind: 'found', endpoint }
    return {
      kind: 'none',
      reason: `the engine at ${endpoint.text} does not answer: ${silence}`,
      advice: ['start it, or name another by DOCKER_HOST'],
    }
  }
  const usual = parseEndpoint(defaultHost(process.platform))
  const silence = await whySilent(usual)
  if (silence === undefined) return { kind: 'found', endpoint: usual }
  for (const socket of userSockets(homedir())) {
    const endpoint = parseEndpoint(socket)
    if (existsSync(socket) && (await whySilent(endpoint)) === undefined) return { kind: 'found', endpoint }
  }
  return bringUp(options, `no engine answers at ${usual.text}: ${silence}`)
}

/** Where engines of a single user listen: Docker Desktop, Colima, OrbStack. */
const userSockets = (home: string): readonly string[] => [
  join(home, '.docker/run/docker.sock'),
  join(home, '.colima/default/docker.sock'),
  join(home, '.orbstack/run/docker.sock'),
]

async function whySilent(endpoint: Endpoint): Promise<string | undefined> {
  try {
    const engine = await connectEngine(endpoint, { timeoutMs: 5_000 })
    engine.close()
    return undefined
  } catch (error) {
    return error instanceof Error && 'reason' in error
      ? String(error.reason)
      : error instanceof Error
        ? error.message
        : String(error)
  }
}

async function bringUp(options: FindOptions, reason: string): Promise<Finding> {
  const { screen, signal } = options
  if (/EACCES|permission denied/i.test(reason)) {
    return {
      kind: 'none',
      reason,
      advice: ['run the demo as a user who may use the engine (group docker), or with sudo'],
    }
  }
  if (process.platform !== 'linux')
    return { kind: 'none', reason, advice: ['start Docker Desktop, Colima or OrbStack, and run the demo again'] }
  if (process.getuid?.() !== 0) {
    return {
      kind: 'none',
      reason,
      advice: [
        'start it: sudo systemctl start docker',
        'or install it: sudo apt-get install docker.io',
        'or run the demo with sudo, and it does both',
      ],
    }
  }
  const refusal = whyNoOwnEngine()
  if (refusal !== undefined) return { kind: 'none', reason: `${reason}; ${refusal.reason}`, advice: [refusal.advice] }
  const missing = await missingPrograms()
  if (missing.length > 0) {
    const release = await debianRelease()
    if (!options.mayInstall)
      return {
        kind: 'none',
        reason: `${reason}; ${missing.join(' and ')} not installed, and --no-install forbids it`,
        advice: ['apt-get install docker.io'],
      }
    if (release === undefined || !(await hasProgram('apt-get'))) {
      return {
        kind: 'none',
        reason: `${reason}; ${missing.join(' and ')} not installed`,
        advice: ['install Docker: https://docs.docker.com/engine/install/'],
      }
    }
    screen.line(
      `No engine here. Installing docker.io with apt-get (${release}); the package stays, the demo's engine does not.`,
    )
    await screen.work('Install docker.io', () => install(signal))
    // Where the package's own service came up after all, that one is used and left alone.
    const usual = parseEndpoint(defaultHost(process.platform))
    if ((await whySilent(usual)) === undefined) return { kind: 'found', endpoint: usual }
  }
  const own = await screen.work('Start an engine for the demo', () => startOwnEngine(signal))
  return { kind: 'found', endpoint: parseEndpoint(own.socketPath), own }
}

async function missingPrograms(): Promise<readonly string[]> {
  const wanted = ['dockerd', 'iptables', 'ip']
  const there = await Promise.all(wanted.map(hasProgram))
  return wanted.filter((_, index) => there[index] !== true)
}

async function install(signal: AbortSignal): Promise<void> {
  // On this runlevel packages do not start their services: the demo starts its own engine, and ends it.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await runCommand('apt-get', ['-q', 'update'], { timeoutMs: 180_000, env, signal })
  const packages = ['docker.io', 'iproute2', 'iptables']
  await runCommand(
    'apt-get',
    ['-q', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', 'install', ...packages],
    { timeoutMs: 600_000, env, signal },
  )
}
