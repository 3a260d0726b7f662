/** The package as a user gets it: packed, installed into an empty folder, run and imported there. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const run = promisify(execFile)
const installMs = 170_000
const commandMs = 60_000

let folder: string
let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[]; readonly size: number }

const inFolder = (file: string, args: readonly string[], timeout = commandMs) =>
  run(file, args, {
    cwd: folder,
    timeout,
    env: { ...process.env, npm_config_update_notifier: 'false', XDG_CONFIG_HOME: join(folder, 'config') },
  })

const escale = (...args: string[]) => inFolder(join(folder, 'node_modules', '.bin', 'escale'), args)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'escale-package-'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: root,
    timeout: installMs,
    maxBuffer: 16 * 1024 * 1024,
  })
  // What the build says of itself stands before the JSON.
  packed = (JSON.parse(stdout.slice(stdout.search(/^\[/m))) as (typeof packed)[])[0]!
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  await inFolder(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed.filename)],
    installMs,
  )
}, installMs)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the package', () => {
  it('holds what runs and what describes it, and nothing else', () => {
    const outside = packed.files
      .map((file) => file.path)
      .filter(
        (path) =>
          !/^(dist\/|images\/start\/dist\/|docs\/reference\/escale-v1\.schema\.json$|package\.json$|LICENSE$|README\.md$|images\/start\/README\.md$)/.test(
            path,
          ),
      )
    expect(outside).toEqual([])
    expect(packed.files.map((file) => file.path)).toEqual(
      expect.arrayContaining([
        'dist/escale.mjs',
        'images/start/dist/start-amd64',
        'images/start/dist/start-arm64',
        'docs/reference/escale-v1.schema.json',
      ]),
    )
  })

  it('stays below two megabytes', () => {
    expect(packed.size).toBeLessThan(2_000_000)
  })

  it('answers its version', async () => {
    const { stdout } = await escale('--version')
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('answers its version through npx', async () => {
    const { stdout } = await inFolder('npx', ['--no-install', 'escale', '--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('validates a folder with a manifest', async () => {
    cpSync(join(root, 'examples', 'hello'), join(folder, 'hello'), { recursive: true })
    const { stdout } = await escale('validate', 'hello')
    expect(stdout).toContain('is valid: app hello')
  })

  it('prints the schema of the manifest', async () => {
    const { stdout } = await escale('schema')
    expect((JSON.parse(stdout) as { $schema: string }).$schema).toContain('2020-12')
  })

  it('says with exit status 3 what is wrong with a manifest', async () => {
    writeFileSync(
      join(folder, 'bad.yaml'),
      'apiVersion: escale/v1\nkind: App\nmetadata: {name: bad}\nservices:\n  web: {imag: nginx}\n',
    )
    await expect(escale('validate', 'bad.yaml')).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('did you mean `image`?') as string,
    })
  })

  it('brings the start helpers for both architectures', () => {
    const helpers = join(folder, 'node_modules', 'escale', 'images', 'start', 'dist')
    for (const name of ['start-amd64', 'start-arm64'])
      expect(statSync(join(helpers, name)).size).toBeGreaterThan(10_000)
  })

  it('brings no TypeScript source, which Node would not run there', () => {
    const names = readdirSync(join(folder, 'node_modules', 'escale'), { recursive: true }) as string[]
    expect(names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([])
  })

  it('runs the platform in memory and deploys to it', async () => {
    const { spawn } = await import('node:child_process')
    const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), ESCALE_DATA_DIR: join(folder, 'data') }
    const up = spawn(join(folder, 'node_modules', '.bin', 'escale'), ['up', '--memory', '--port', '0'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const said = await Promise.race([
        new Promise<string>((done) => up.stdout.once('data', (data: Buffer) => done(data.toString()))),
        new Promise<string>((_, fail) =>
          setTimeout(() => fail(new Error('the platform did not start in time')), commandMs).unref(),
        ),
      ])
      expect(said).toMatch(/the platform answers at http:\/\/127\.0\.0\.1:\d+/)
      cpSync(join(root, 'examples', 'hello'), join(folder, 'hello'), { recursive: true })
      const { stdout } = await escale('deploy', '-f', 'hello', '--timeout', '50s')
      expect(stdout).toMatch(/hello runs release 1 on local/)
    } finally {
      const ended = new Promise((done) => up.once('exit', done))
      up.kill('SIGINT')
      await ended
    }
    expect(up.exitCode).toBe(0)
  })
})

describe('its subpaths', () => {
  const source = `import { ApiError, createClient } from 'escale/client'
import type { Answer, Deployment } from 'escale/client'
import { lowerManifest, loadManifest, noFiles } from 'escale/manifest'
import type { Problem } from 'escale/manifest'

const text: string = 'apiVersion: escale/v1\\nkind: App\\nmetadata: {name: hello}\\nservices:\\n  web: {image: nginx}\\n'
const loaded = loadManifest(text, { files: noFiles })
const problems: readonly Problem[] = loaded.problems
if (!loaded.ok) throw new Error(problems.map((problem) => problem.message).join())
const units: readonly string[] = lowerManifest(loaded.value).units.map((unit) => unit.name)

const client = createClient({ url: 'http://127.0.0.1:1', fetch: () => Promise.reject(new TypeError('no')) })
const ask = async (): Promise<Deployment['state'] | number> => {
  try {
    const answer: Answer<'deploy'> = await client.call('deploy', { params: { project: 'default', app: 'hello' }, body: { manifest: text } })
    return answer.state
  } catch (error) {
    return error instanceof ApiError ? error.status : -1
  }
}
console.log(JSON.stringify({ units, status: await ask() }))
`

  it('are imported and run from TypeScript', async () => {
    writeFileSync(join(folder, 'use.ts'), source)
    const { stdout } = await inFolder(process.execPath, ['use.ts'])
    expect(JSON.parse(stdout)).toEqual({ units: ['web'], status: 0 })
  })

  const tsc = (file: string) =>
    inFolder(join(root, 'node_modules', '.bin', 'tsc'), [
      '--ignoreConfig',
      ...'--noEmit --strict --target ES2024 --module nodenext'.split(' '),
      file,
    ])

  it('are typed', async () => {
    writeFileSync(join(folder, 'use.ts'), source)
    await expect(tsc('use.ts')).resolves.toMatchObject({ stdout: '' })
  })

  it('refuse a wrong call at compile time', async () => {
    writeFileSync(join(folder, 'wrong.ts'), source.replace("app: 'hello' }", "application: 'hello' }"))
    await expect(tsc('wrong.ts')).rejects.toMatchObject({ stdout: expect.stringContaining('application') as string })
  })
})
