/** `escale doctor` beside a real engine. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../../lib/cli/doctor/finding.ts'
import { startEngine } from '../../support/lab/start.ts'

const program = join(resolve(import.meta.dirname, '../../..'), 'bin', 'escale.ts')
const run = promisify(execFile)
const limitMs = 60_000

let engine: Awaited<ReturnType<typeof startEngine>>

beforeAll(async () => {
  engine = await startEngine({ name: 'cli-doctor', swarm: true })
}, 120_000)
afterAll(async () => await engine.stop(), limitMs)

async function doctor(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<readonly Finding[]> {
  const { PATH } = process.env
  const options = { env: { PATH, HOME: '/nonexistent', ...env }, timeout: limitMs }
  const { stdout } = await run(process.execPath, [program, 'doctor', '-o', 'json', ...args], options).catch(
    (error: { readonly stdout: string }) => error,
  )
  return JSON.parse(stdout) as Finding[]
}

const of = (findings: readonly Finding[], subject: string): Finding | undefined =>
  findings.find((finding) => finding.subject === subject)

describe('doctor', () => {
  it('finds the engine that is named, and what it is', async () => {
    const findings = await doctor(['--engine', `unix://${engine.socketPath}`])
    expect(of(findings, 'engine')).toMatchObject({
      state: 'ok',
      finding: expect.stringContaining(engine.socketPath) as string,
    })
    expect(of(findings, 'swarm')).toMatchObject({ state: 'ok', finding: 'a manager of a swarm of 1' })
    expect(findings.map((finding) => finding.subject)).toEqual(
      expect.arrayContaining(['ipvs', 'cgroup', 'storage', 'disk of engine']),
    )
  })

  it('finds it by ESCALE_ENGINE and by DOCKER_HOST', async () => {
    const address = `unix://${engine.socketPath}`
    for (const name of ['ESCALE_ENGINE', 'DOCKER_HOST'])
      expect(of(await doctor([], { [name]: address }), 'engine')?.state).toBe('ok')
  })

  it('says that there is no engine, and how to get one', async () => {
    const finding = of(await doctor(['--engine', 'unix:///nonexistent/docker.sock']), 'engine')
    expect(finding).toMatchObject({
      state: 'error',
      code: 'engine-missing',
      fix: expect.stringContaining('install Docker Engine') as string,
    })
  })

  it('says that an address is none', async () => {
    expect(of(await doctor(['--engine', 'ftp://x']), 'engine')).toMatchObject({ state: 'error', code: 'usage' })
  })

  it('says that a port is taken', async () => {
    const server = createServer()
    const port = await new Promise<number>((done) =>
      server.listen(0, '0.0.0.0', () => done((server.address() as { port: number }).port)),
    )
    try {
      expect(
        of(await doctor(['--engine', 'unix:///nonexistent', '--port', String(port)]), `port ${String(port)}`),
      ).toMatchObject({ state: 'warning', code: 'port-taken' })
    } finally {
      server.close()
    }
  })
})
