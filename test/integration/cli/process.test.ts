/** The command as a process: signals, pipes, a terminal, a server that is a process too. */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const program = join(root, 'bin', 'escale.ts')
const run = promisify(execFile)
const limitMs = 60_000

let folder: string
let up: ChildProcess
let env: NodeJS.ProcessEnv

const escale = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [program, ...args], { cwd: folder, env: { ...env, ...more }, timeout: limitMs })

const said = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((done, fail) => {
    let text = ''
    const timer = setTimeout(() => fail(new Error(`it never said ${String(pattern)}: ${text}`)), limitMs)
    const hear = (data: Buffer): void => {
      text += data.toString()
      if (!pattern.test(text)) return
      clearTimeout(timer)
      done(text)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
  })

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode === null
    ? new Promise((done) => child.once('exit', (code) => done(code)))
    : Promise.resolve(child.exitCode)

const manifest = (name: string, more = ''): string =>
  `apiVersion: escale/v1\nkind: App\nmetadata: {name: ${name}}\nservices:\n  web: {image: nginx, ports: {http: 80}${more}}\n`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'escale-process-'))
  const { PATH, HOME } = process.env
  env = { PATH, HOME, XDG_CONFIG_HOME: join(folder, 'config'), ESCALE_DATA_DIR: join(folder, 'data') }
  writeFileSync(join(folder, 'escale.yaml'), manifest('hello'))
  up = spawn(process.execPath, [program, 'up', '--memory', '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await said(up, /answers at http/)
}, limitMs)

afterAll(async () => {
  up.kill('SIGINT')
  expect(await ended(up)).toBe(0)
  rmSync(folder, { recursive: true, force: true })
}, limitMs)

describe('up', () => {
  it('leaves a context that is for its owner alone', async () => {
    expect(statSync(join(folder, 'config', 'escale', 'config.yaml')).mode & 0o777).toBe(0o600)
    expect((await escale(['clusters', 'ls', '-q'])).stdout).toBe('local\n')
  })

  it('refuses a port that is taken, and says so', async () => {
    const { stdout } = await escale(['version', '-o', 'json'])
    const { url } = (JSON.parse(stdout) as { server: { url: string } }).server
    const second = escale(['up', '--memory', '--port', new URL(url).port], { ESCALE_DATA_DIR: join(folder, 'data2') })
    await expect(second).rejects.toMatchObject({
      code: 4,
      stderr: expect.stringContaining('is taken by another process') as string,
    })
  })
})

describe('deploy', () => {
  it('waits and ends with 0', async () => {
    const { stdout, stderr } = await escale(['deploy'])
    expect(stdout).toContain('✓ hello runs release 1 on local')
    expect(stderr).toContain('Deployment of hello on local: release 1')
    expect((await escale(['status', '-o', 'json'])).stdout).toContain('"ready"')
  })

  it('says on Ctrl-C that the deployment goes on, and it does', async () => {
    writeFileSync(join(folder, 'slow.yaml'), manifest('slow', ', update: {rolling: {settle: 4s}}'))
    const child = spawn(process.execPath, [program, 'deploy', '-f', 'slow.yaml'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await said(child, /create service/)
    const told = said(child, /The deployment goes on without you\. Follow it: escale status --app slow --watch/)
    child.kill('SIGINT')
    await told
    expect(await ended(child)).toBe(130)
    const id = (JSON.parse((await escale(['status', 'slow', '-o', 'json'])).stdout) as { deployment: { id: string } })
      .deployment.id
    expect(id).toMatch(/^dep_/)
    for (let tries = 0; tries < 100; tries += 1) {
      const { deployment } = JSON.parse((await escale(['status', 'slow', '-o', 'json'])).stdout) as {
        deployment: { state: string }
      }
      if (deployment.state === 'succeeded') return
    }
    throw new Error('the deployment did not go on')
  })

  it('follows logs until Ctrl-C', async () => {
    const child = spawn(process.execPath, [program, 'logs', '--follow'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await said(child, /web\.1 \|/)
    child.kill('SIGINT')
    expect(await ended(child)).toBe(0)
  })
})

describe('exec', () => {
  it('ends with the command though its input stays open', async () => {
    const child = spawn(process.execPath, [program, 'exec', 'web', '--', 'anything'], {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    expect(await ended(child)).toBe(0)
  })
})

describe('output', () => {
  it('may be cut off by whoever reads it', async () => {
    const { stdout } = await run(
      'sh',
      ['-c', `"${process.execPath}" "${program}" schema | head -c 20; echo " \${PIPESTATUS:-}"`],
      { cwd: folder, env, timeout: limitMs },
    )
    expect(stdout).toMatch(/^\{\s+"/)
  })

  it('goes whole through a pipe', async () => {
    const { stdout } = await run('sh', ['-c', `"${process.execPath}" "${program}" schema -o json | cat`], {
      cwd: folder,
      env,
      timeout: limitMs,
      maxBuffer: 16 * 1024 * 1024,
    })
    expect(JSON.parse(stdout)).toBeTypeOf('object')
  })
})

describe('secrets', () => {
  it('come through a pipe', async () => {
    const { stdout } = await run(
      'sh',
      ['-c', `printf 'hush\\n' | "${process.execPath}" "${program}" secrets set stripe`],
      { cwd: folder, env, timeout: limitMs },
    )
    expect(stdout).toContain('secret stripe has version')
    expect(stdout).not.toContain('hush')
  })
})

describe('on a terminal', () => {
  /** `script` gives a command a terminal; what is typed comes from its standard input. */
  const onTerminal = (command: string, typed: string) => {
    const child = spawn('script', ['-qefc', `stty cols 100; ${command}`, '/dev/null'], {
      cwd: folder,
      env: { ...env, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    return { child, type: () => child.stdin.write(typed) }
  }

  it('asks before it destroys, and takes no for an answer', async () => {
    await escale(['deploy', '-q'])
    const { child, type } = onTerminal(`"${process.execPath}" "${program}" rm hello`, 'n')
    const text = said(child, /nothing was done/)
    await said(child, /Remove hello of project default\?/)
    type()
    expect(await text).toContain('declined')
    expect(await ended(child)).toBe(4)
  })

  it('does not show a secret that is typed', async () => {
    const { child, type } = onTerminal(`"${process.execPath}" "${program}" secrets set typed`, 'hush-hush\r')
    const text = said(child, /secret typed has version/)
    await said(child, /Value of the secret typed/)
    type()
    expect(await text).not.toContain('hush-hush')
    expect(await ended(child)).toBe(0)
  })

  it('draws progress in place, in colours', async () => {
    writeFileSync(join(folder, 'drawn.yaml'), manifest('drawn'))
    const { child } = onTerminal(`"${process.execPath}" "${program}" deploy -f drawn.yaml`, '')
    const text = await said(child, /runs release 1 on local/)
    expect(text).toMatch(/\u001b\[\d+A\u001b\[J/)
    expect(text).toContain('\u001b[32m✓\u001b[39m')
    await ended(child)
  })
})
