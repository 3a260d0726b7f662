/** What needs no server: init, validate, schema, login's memory, doctor, up. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFinding, swarmFinding } from '../../bin/doctor.ts'
import { packContext } from '../../bin/pack-context.ts'
import { configPath, readConfig, saveContext } from '../../lib/cli/config/file.ts'
import { openSession, projectOf } from '../../lib/cli/config/session.ts'
import { nameFrom } from '../../lib/cli/commands/init.ts'
import type { Finding } from '../../lib/cli/doctor/finding.ts'
import { temporaryFolder } from '../support/folder.ts'
import { testServer } from './support/server.ts'
import { terminal } from './support/terminal.ts'
import { hello } from './support/manifests.ts'

describe('init', () => {
  it('writes a manifest that is valid', async () => {
    const t = terminal()
    const { status, stdout } = await t.run('init --image nginx --port 80')
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '✓ escale.yaml was written. Next: escale validate, escale plan, escale deploy\n',
    })
    expect(readFileSync(join(t.folder, 'escale.yaml'), 'utf8')).toMatchInlineSnapshot(`
      "apiVersion: escale/v1
      kind: App
      metadata: {name: hello}
      services:
        web: {image: nginx, ports: {http: 80}, routes: {main: {}}}
      "
    `)
    expect((await t.run('validate')).status).toBe(0)
  })

  it('asks on a terminal for what was not given', async () => {
    const t = terminal({ tty: true })
    expect((await t.run('init', { answers: ['shop', 'redis:7', '6379'] })).status).toBe(0)
    expect(t.questions).toEqual(['Name of the app', 'Image', 'Port that the program listens on (0 for none)'])
    expect(readFileSync(join(t.folder, 'escale.yaml'), 'utf8')).toContain('redis:7')
  })

  it('writes nothing where somebody gives up', async () => {
    const t = terminal({ tty: true })
    expect((await t.run('init', { answers: [undefined] })).status).toBe(4)
    expect(existsSync(join(t.folder, 'escale.yaml'))).toBe(false)
  })

  it('builds from the Dockerfile where there is one, on the port that it exposes', async () => {
    const t = terminal({ files: { Dockerfile: 'FROM node:24\nEXPOSE 3000/tcp\n' } })
    await t.run('init')
    expect(readFileSync(join(t.folder, 'escale.yaml'), 'utf8')).toMatch(/build: .*context: \.[^]*3000/)
    expect((await t.run('validate')).status).toBe(0)
  })

  it('makes a name of any folder', () => {
    expect(['My Shop', '9to5', 'x-ray', '---', 'a'.repeat(60), 'Ünï', 'web_app-'].map(nameFrom)).toEqual([
      'my-shop',
      'to5',
      'ray',
      'app',
      'a'.repeat(40),
      'n',
      'web-app',
    ])
  })
})

describe('validate', () => {
  it('says that all is well', async () => {
    expect(await terminal({ files: { 'escale.yaml': hello } }).run('validate')).toEqual({
      status: 0,
      stdout: '✓ escale.yaml is valid: app hello, 1 service\n',
      stderr: '',
    })
  })

  it('finds escale.yml, a folder, and standard input', async () => {
    const t = terminal({ files: { 'escale.yml': hello, 'shop/escale.yaml': hello.replace('hello', 'shop') } })
    expect((await t.run('validate')).stdout).toContain('escale.yml is valid: app hello')
    expect((await t.run('validate shop')).stdout).toContain('shop/escale.yaml is valid: app shop')
    expect((await t.run('validate -', { stdin: hello })).stdout).toContain('- is valid: app hello')
  })

  it('prints the long form as YAML that is valid itself', async () => {
    const t = terminal({ files: { 'escale.yaml': hello } })
    const long = (await t.run('validate -o yaml')).stdout
    expect(long).toContain('http: {port: 80}')
    expect((await t.run('validate -', { stdin: long })).status).toBe(0)
  })

  it('answers in JSON', async () => {
    const { stdout } = await terminal({ files: { 'escale.yaml': hello } }).run('validate -o json')
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, app: 'hello', problems: [] })
  })

  it('tells every problem at once, with the lines', async () => {
    const bad = hello.replace('image: nginx', 'imag: nginx').replace('http: 80', 'http: 99999')
    const { status, stderr } = await terminal({ files: { 'escale.yaml': bad } }).run('validate')
    expect(status).toBe(3)
    expect(stderr).toMatchInlineSnapshot(`
      "escale.yaml:5:9: error[unknown-key] \`imag\` is no key that exists here
        5 │   web: {imag: nginx, ports: {http: 99999}, routes: {main: {}}}
          │         ^^^^
        why: A key that does not exist at this place.
        allowed: image, build, entrypoint, command, workdir, user, env, envFrom, files, mounts, ports,
                 size and 25 more
        fix: did you mean \`image\`?

      escale.yaml:5:36: error[out-of-range] \`99999\` stands where a port from 1 to 65535, or a range such as \`10000-10100\` is expected (at most 65535)
        5 │   web: {imag: nginx, ports: {http: 99999}, routes: {main: {}}}
          │                                    ^^^^^
        why: A number or length is outside its limits.
        allowed: at most 65535
      "
    `)
  })

  it('answers problems in JSON on standard error', async () => {
    const { status, stdout, stderr } = await terminal({ files: { 'escale.yaml': hello.replace('image', 'imag') } }).run(
      'validate -o json',
    )
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({ problems: [{ code: 'unknown-key', source: { line: 5 } }] })
  })

  it('asks the server for the ledger with --to', async () => {
    const server = await testServer()
    const t = terminal({ files: { 'escale.yaml': hello }, fetch: server.fetch, env: server.env })
    const { status, stdout } = await t.run('validate --to local')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^FIELD +VALUE +LANDS/)
    expect(stdout).toContain('services.web.image')
  })
})

describe('schema', () => {
  it('is a JSON Schema', async () => {
    expect(JSON.parse((await terminal().run('schema')).stdout)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
    })
  })
})

describe('a build context', () => {
  const packed = async (folder: string, dockerfiles: readonly string[]): Promise<string> => {
    const parts: Uint8Array[] = []
    for await (const part of await packContext(folder, dockerfiles)) parts.push(part)
    return Buffer.concat(parts).toString('latin1')
  }

  it('holds everything but what .dockerignore leaves out, and every Dockerfile that is named', async () => {
    const folder = temporaryFolder()
    for (const [path, text] of Object.entries({
      Dockerfile: 'FROM a',
      'b.Dockerfile': 'FROM b',
      '.dockerignore': '*\n!src\n',
      'src/index.js': 'code',
      '.env': 'SECRET=1',
    })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const tar = await packed(folder, ['Dockerfile', 'b.Dockerfile'])
    expect(['Dockerfile', 'b.Dockerfile', 'src/index.js'].filter((path) => !tar.includes(path))).toEqual([])
    expect(tar).not.toContain('SECRET=1')
  })

  it('is the same archive for the same files', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'Dockerfile'), 'FROM a')
    const once = await packed(folder, ['Dockerfile'])
    writeFileSync(join(folder, 'Dockerfile'), 'FROM a')
    expect(await packed(folder, ['Dockerfile'])).toBe(once)
  })

  it('does not follow links out of the folder', async () => {
    const folder = temporaryFolder()
    const outside = join(temporaryFolder(), 'passwords')
    writeFileSync(outside, 'hush')
    writeFileSync(join(folder, 'Dockerfile'), 'FROM a')
    symlinkSync(outside, join(folder, 'link'))
    expect(await packed(folder, ['Dockerfile'])).not.toContain('hush')
  })
})

describe('login', () => {
  it('checks the token, and remembers it for its owner alone', async () => {
    const server = await testServer()
    const t = terminal({ fetch: server.fetch })
    const { status, stdout } = await t.run('login http://escale.test/ --name work', { stdin: `${server.token}\n` })
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '✓ logged in to http://escale.test as token:owner; this is the context work now\n',
    })
    expect(stdout).not.toContain(server.token)
    const path = configPath({ env: {}, home: t.home })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await readConfig(path)).toEqual({
      current: 'work',
      contexts: { work: { url: 'http://escale.test', token: server.token } },
    })
    expect((await t.run('ls')).status).toBe(0)
  })

  it('asks for the token unseen on a terminal', async () => {
    const server = await testServer()
    const t = terminal({ fetch: server.fetch, tty: true })
    expect((await t.run('login http://escale.test', { answers: [server.token] })).status).toBe(0)
    expect(t.questions).toEqual(['Token for escale.test'])
  })

  it('remembers nothing where the server refuses', async () => {
    const server = await testServer()
    const t = terminal({ fetch: server.fetch })
    expect((await t.run('login http://escale.test', { stdin: 'esc_wrong' })).status).toBe(4)
    expect(existsSync(configPath({ env: {}, home: t.home }))).toBe(false)
  })
})

describe('contexts', () => {
  const place = async (
    contexts: Readonly<Record<string, { url: string; token?: string; project?: string }>>,
    env: Readonly<Record<string, string>> = {},
  ) => {
    const home = temporaryFolder()
    for (const [name, context] of Object.entries(contexts)) await saveContext(configPath({ env, home }), name, context)
    return { env, home }
  }
  const two = { one: { url: 'http://one', token: 't1', project: 'p1' }, two: { url: 'http://two', token: 't2' } }

  it('are chosen by flag, then by the environment, then the current one', async () => {
    expect((await openSession(await place(two), {})).url).toBe('http://two')
    expect((await openSession(await place(two, { ESCALE_CONTEXT: 'one' }), {})).url).toBe('http://one')
    expect((await openSession(await place(two, { ESCALE_CONTEXT: 'one' }), { context: 'two' })).url).toBe('http://two')
    expect(await openSession(await place(two, { ESCALE_URL: 'http://three', ESCALE_TOKEN: 't3' }), {})).toEqual({
      url: 'http://three',
      token: 't3',
    })
    expect((await openSession(await place(two, { ESCALE_URL: 'http://three' }), { context: 'one' })).url).toBe(
      'http://one',
    )
  })

  it('never send a token of the file to an address of the environment', async () => {
    expect(await openSession(await place(two, { ESCALE_URL: 'http://three' }), {})).toEqual({ url: 'http://three' })
  })

  it('never send a token of the environment to a context that a flag names', async () => {
    expect((await openSession(await place(two, { ESCALE_TOKEN: 'other' }), { context: 'one' })).token).toBe('t1')
  })

  it('give the project where neither flag, environment nor manifest does', async () => {
    const session = await openSession(await place({ one: two.one }), {})
    expect([projectOf(session), projectOf(session, 'manifest')]).toEqual(['p1', 'manifest'])
    expect(projectOf(await openSession(await place({ one: two.one }, { ESCALE_PROJECT: 'env' }), {}), 'manifest')).toBe(
      'env',
    )
    expect(
      projectOf(
        await openSession(await place({ one: two.one }, { ESCALE_PROJECT: 'env' }), { project: 'flag' }),
        'manifest',
      ),
    ).toBe('flag')
    expect(projectOf(await openSession(await place({ two: two.two }), {}))).toBe('default')
  })

  it.each([
    ['contexts: {a: {url: [}', 'it is not valid YAML'],
    ['- a', 'it is no map'],
    ['contexts: {a: {token: hush}}', 'has no `url`'],
    ['contexts: {a: {url: http://a, token: 7}}', '`token` of the context "a" is no text'],
    ['current: 7', '`current` is no text'],
  ])('that are damaged (%s) are refused without telling a token', async (text, says) => {
    const t = terminal()
    const path = configPath({ env: {}, home: t.home })
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    const said = await t.run('ls')
    expect(said).toMatchObject({ status: 3, stderr: expect.stringContaining(says) as string })
    expect(said.stderr).toContain('error[config-damaged]')
    expect(said.stderr).not.toContain('hush')
  })
})

describe('doctor', () => {
  const findings: readonly Finding[] = [
    { subject: 'node', state: 'ok', finding: 'Node.js 24.21.0' },
    {
      subject: 'engine',
      state: 'error',
      code: 'engine-missing',
      finding: 'there is no container engine',
      fix: 'install one',
    },
    { subject: 'port 80', state: 'warning', code: 'port-taken', finding: 'taken', fix: 'end what listens there' },
  ]

  it('lists what it found, with codes and fixes, and fails where something is missing', async () => {
    const { status, stdout } = await terminal({ findings }).run('doctor')
    expect(status).toBe(1)
    expect(stdout).toMatchInlineSnapshot(`
      "✓ node     Node.js 24.21.0
      ✗ engine   there is no container engine [engine-missing]
                 → install one
      ! port 80  taken [port-taken]
                 → end what listens there
      ✓ config   nothing is remembered yet
      ! api      no server was chosen yet [no-context]
                 → start one here with \`escale up\`, or log in to one with \`escale login URL\`
      "
    `)
  })

  it('ends with 0 where there are only warnings, and shows those alone when quiet', async () => {
    const server = await testServer()
    const t = terminal({ findings: [findings[0]!, findings[2]!], fetch: server.fetch, env: server.env })
    const { status, stdout } = await t.run('doctor -q')
    expect(status).toBe(0)
    expect(stdout).toBe('! port 80  taken [port-taken]\n           → end what listens there\n')
  })

  it('finds a configuration that others may read, and a server that is gone', async () => {
    const t = terminal()
    const path = configPath({ env: {}, home: t.home })
    await saveContext(path, 'gone', { url: 'http://127.0.0.1:1', token: 'x' })
    chmodSync(path, 0o644)
    const { status, stdout } = await t.run('doctor -o json')
    expect(status).toBe(1)
    expect((JSON.parse(stdout) as Finding[]).map(({ subject, code }) => [subject, code])).toEqual([
      ['config', 'config-permissions'],
      ['api', 'unreachable'],
    ])
  })

  it('knows which versions of Node are old enough', () => {
    expect(['20.19.0', '22.17.9', '22.18.0', '24.0.0'].map((version) => nodeFinding(version).state)).toEqual([
      'error',
      'error',
      'ok',
      'ok',
    ])
  })

  it('knows every state of swarm mode', () => {
    const swarm = (LocalNodeState: 'inactive' | 'active' | 'locked' | 'pending', ControlAvailable = false) =>
      swarmFinding({
        Swarm: { LocalNodeState, ControlAvailable, NodeID: '', NodeAddr: '', Error: '', RemoteManagers: null },
      })
    expect(
      [swarm('inactive'), swarm('active', true), swarm('active'), swarm('locked'), swarm('pending')].map(
        ({ state, code }) => [state, code],
      ),
    ).toEqual([
      ['ok', 'swarm-inactive'],
      ['ok', undefined],
      ['error', 'swarm-worker'],
      ['error', 'engine-refused'],
      ['error', 'engine-refused'],
    ])
  })
})

describe('up', () => {
  it('says where it answers, remembers the owner, and closes on Ctrl-C', async () => {
    let press: () => void = () => undefined
    let closed = 0
    const t = terminal({
      up: async (request) => {
        expect(request).toEqual({ memory: true, port: 7500, logLevel: 'warn', httpPorts: [8081] })
        setTimeout(() => press(), 0)
        return { url: 'http://127.0.0.1:7500', token: 'esc_owner', close: async () => void closed++ }
      },
    })
    const running = t.run('up --memory --port 7500 --http-port 8081', { onInterrupt: (act) => (press = act) })
    const { status, stdout } = await running
    expect({ status, stdout, closed }).toEqual({
      status: 0,
      stdout: '✓ the platform answers at http://127.0.0.1:7500; Ctrl-C ends it, apps go on\n',
      closed: 1,
    })
    expect(await readConfig(configPath({ env: {}, home: t.home }))).toEqual({
      current: 'local',
      contexts: { local: { url: 'http://127.0.0.1:7500', token: 'esc_owner' } },
    })
  })
})
