/** Debian's docker-registry, downloaded once and run on loopback without being installed. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../support/lab/command.ts'
import { cacheRoot } from '../../support/lab/places.ts'

export type Program = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string }

export async function registryProgram(): Promise<Program> {
  const folder = join(cacheRoot(process.env), 'docker-registry')
  const path = join(folder, 'usr/bin/docker-registry')
  if (
    await stat(path).then(
      () => true,
      () => false,
    )
  )
    return { ok: true, path }
  const work = await mkdtemp(join(tmpdir(), 'escale-registry-'))
  try {
    await run('apt-get', ['download', 'docker-registry'], { cwd: work, timeoutMs: 120_000 })
    const [file] = await readdir(work)
    await run('dpkg', ['-x', file ?? '', 'root'], { cwd: work, timeoutMs: 60_000 })
    await mkdir(cacheRoot(process.env), { recursive: true })
    await rename(join(work, 'root'), folder)
    return { ok: true, path }
  } catch (error) {
    return {
      ok: false,
      reason: `Debian's docker-registry cannot be had: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`,
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

export interface RunningRegistry {
  /** `127.0.0.1:port`, as it stands in names of images. */
  readonly host: string
  stop(): Promise<void>
}

export interface RegistryUser {
  readonly name: string
  /** As `htpasswd -B` writes it. */
  readonly bcrypt: string
}

const startTimeoutMs = 15_000

export async function startRegistry(program: string, user?: RegistryUser): Promise<RunningRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'escale-registry-'))
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  const auth = user === undefined ? '' : `auth: {htpasswd: {realm: lab, path: ${folder}/users}}\n`
  if (user !== undefined) await writeFile(join(folder, 'users'), `${user.name}:${user.bcrypt}\n`)
  await writeFile(
    join(folder, 'config.yml'),
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}\nhttp: {addr: ${host}, secret: test}\n${auth}`,
  )
  const child = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const limitMs = Date.now() + startTimeoutMs
  while (
    !(await fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode === null && Date.now() < limitMs) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    await stop()
    throw new Error('docker-registry did not start')
  }
  return { host, stop }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
