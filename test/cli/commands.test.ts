/** The other commands against a real API in process. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlatformOptions } from '../support/platform.ts'
import { testServer } from './support/server.ts'
import { terminal } from './support/terminal.ts'
import type { TerminalOptions } from './support/terminal.ts'
import { hello, withJob } from './support/manifests.ts'

async function deployed(options: TerminalOptions = {}, platform: PlatformOptions = {}) {
  const server = await testServer(platform)
  const t = terminal({
    files: { 'escale.yaml': hello },
    fetch: server.fetch,
    clock: server.platform.clock,
    env: server.env,
    ...options,
  })
  expect((await t.run('deploy')).status).toBe(0)
  return { server, t }
}

const ids = (text: string): string => text.replaceAll(/(dep|plan|rel|tok|run)_[a-z2-7]{26}/g, '$1_…')

describe('status', () => {
  it('shows services, the last deployment and addresses', async () => {
    const { t } = await deployed()
    expect(ids((await t.run('status')).stdout)).toMatchInlineSnapshot(`
      "hello on local: release 1
      deploy of release 1 succeeded 5s ago by token:owner dep_…

      NAME   KIND      READY   STATE
      web    service     1/1   ready

      ROUTE      ADDRESS
      web.main   http://web-hello-default.apps.test/
      "
    `)
  })

  it('shows every instance when wide', async () => {
    const { t } = await deployed()
    expect(ids((await t.run('status hello -o wide')).stdout)).toMatchInlineSnapshot(`
      "hello on local: release 1
      deploy of release 1 succeeded 5s ago by token:owner dep_…

      NAME   KIND      READY   STATE
      web    service     1/1   ready

      INSTANCE     OF      STATE   NODE     SINCE
      instance-3   web-1   ready   memory     14s

      ROUTE      ADDRESS
      web.main   http://web-hello-default.apps.test/
      "
    `)
  })

  it('gives everything in JSON and YAML', async () => {
    const { t } = await deployed()
    expect(JSON.parse((await t.run('status -o json')).stdout)).toMatchObject({
      name: 'hello',
      release: 1,
      units: [{ name: 'web', ready: 1 }],
    })
    expect((await t.run('status -o yaml')).stdout).toMatch(/^project: default\nname: hello\n/)
  })

  it('shows it again whenever it changed, until Ctrl-C', async () => {
    const { t, server } = await deployed()
    const { status, stdout } = await t.run('status --watch', {
      onSleep(count) {
        if (count === 2) server.platform.clock.advance(3_600_000)
        return count === 4 ? 'interrupt' : undefined
      },
    })
    expect(status).toBe(0)
    expect(stdout.match(/hello on local: release 1/g)).toHaveLength(2)
  })

  it('draws over what it showed on a terminal', async () => {
    const { t } = await deployed()
    const { stdout } = await t.run('status --watch', { tty: true, onSleep: () => 'interrupt' })
    expect(stdout.startsWith('\u001b[H\u001b[2J')).toBe(true)
  })

  it('watches as a JSON object a line', async () => {
    const { t } = await deployed()
    const { stdout } = await t.run('status --watch -o json', { onSleep: () => 'interrupt' })
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toMatchObject({ name: 'hello' })
  })
})

describe('ls', () => {
  it('says so on standard error where there are none', async () => {
    const server = await testServer()
    expect(await terminal({ fetch: server.fetch, env: server.env }).run('ls')).toEqual({
      status: 0,
      stdout: '',
      stderr: 'There are no apps in project default.\n',
    })
  })

  it('prints the names alone when quiet', async () => {
    const { t } = await deployed()
    expect((await t.run('ls -q')).stdout).toBe('hello\n')
  })
})

describe('scale, stop, start, restart, rollback', () => {
  it('do what they say', async () => {
    const { t } = await deployed()
    expect((await t.run('scale web=3')).stdout).toContain('hello was scaled')
    expect(JSON.parse((await t.run('status -o json')).stdout)).toMatchObject({ units: [{ desired: 3, ready: 3 }] })
    expect((await t.run('stop web')).stdout).toContain('hello was stopped')
    expect((await t.run('status')).stdout).toContain('stopped')
    expect((await t.run('start')).stdout).toContain('hello was started')
    expect((await t.run('restart')).stdout).toContain('hello was restarted')
    t.write({ 'escale.yaml': hello.replace('nginx', 'nginx:2') })
    await t.run('deploy')
    expect((await t.run('rollback')).stdout).toContain('hello runs release 1 on local again')
  })
})

describe('logs', () => {
  it('names instances in order and passes control characters on as text', async () => {
    const { t } = await deployed()
    expect((await t.run('logs web')).stdout).toMatchInlineSnapshot(`
      "web.1 | web 1 ready
      "
    `)
    expect((await t.run('logs -q')).stdout).toBe('web 1 ready\n')
  })

  it('are a JSON object a line', async () => {
    const { t } = await deployed()
    const lines = (await t.run('logs -o json')).stdout.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { unit: string }).unit)).toEqual(['web'])
  })
})

describe('events', () => {
  it('tells what happened, newest last', async () => {
    const { t } = await deployed()
    expect(ids((await t.run('events -n 3')).stdout)).toMatchInlineSnapshot(`
      "2026-01-01T00:00:03.000Z instance.started hello/web by cluster
      2026-01-01T00:00:03.000Z instance.ready hello/web by cluster
      2026-01-01T00:00:09.000Z deployment.succeeded hello/dep_… by token:owner
      "
    `)
  })

  it('tells of the whole project with --all', async () => {
    const { t } = await deployed()
    expect((await t.run('events --all -o json')).status).toBe(0)
  })

  it('tells none with --tail 0', async () => {
    const { t } = await deployed()
    expect((await t.run('events --tail 0')).stdout).toBe('')
  })
})

describe('releases', () => {
  it('lists them and shows one with its manifest', async () => {
    const { t } = await deployed()
    t.write({ 'escale.yaml': hello.replace('nginx', 'nginx:2') })
    await t.run('deploy -m "second try"')
    expect((await t.run('releases ls')).stdout).toMatchInlineSnapshot(`
      "RELEASE   RUNS   BY            AGE   IMAGES    NOTE
            2   *      token:owner   17s   nginx:2   second try
            1          token:owner   31s   nginx
      "
    `)
    expect((await t.run('releases show 1 --manifest')).stdout).toBe(hello)
    expect((await t.run('releases show 2')).stdout).toContain('second try')
  })
})

describe('run', () => {
  it('passes its lines on and ends with 0 where it succeeded', async () => {
    const { t } = await deployed({ files: { 'escale.yaml': withJob } })
    const { status, stderr } = await t.run('run migrate')
    expect(status).toBe(0)
    expect(ids(stderr)).toBe('run run_… of migrate has begun\n✓ run run_… of migrate succeeded\n')
  })

  it('ends with 1 where it failed, and says where to look', async () => {
    const { t } = await deployed({ files: { 'escale.yaml': withJob } }, { faults: { run: () => ({ exitCode: 3 }) } })
    const { status, stderr } = await t.run('run migrate')
    expect(status).toBe(1)
    expect(ids(stderr)).toContain('failed with exit status 3')
    expect(ids(stderr)).toContain('fix: see what it said: escale logs --run run_…')
  })

  it('goes on when Ctrl-C is pressed', async () => {
    const { t } = await deployed({ files: { 'escale.yaml': withJob } })
    const { status, stderr } = await t.run('run migrate', { onSleep: () => 'interrupt' })
    expect(status).toBe(130)
    expect(stderr).toContain('goes on without you')
  })

  it('is listed and shown afterwards', async () => {
    const { t } = await deployed({ files: { 'escale.yaml': withJob } })
    const id = (JSON.parse((await t.run('run migrate -o json')).stdout) as { id: string }).id
    expect((await t.run('runs ls')).stdout).toContain('succeeded')
    expect((await t.run('runs ls migrate -q')).stdout).toBe(`${id}\n`)
    expect((await t.run(['runs', 'show', id])).stdout).toContain('succeeded')
  })
})

describe('secrets', () => {
  it('come from standard input without the last line break, and are never shown', async () => {
    const { t, server } = await deployed()
    const sent: string[] = []
    const spying: typeof fetch = async (input, init) => {
      if (init?.method === 'PUT') sent.push(String(init.body))
      return await server.fetch(input, init)
    }
    const said = await t.run('secrets set stripe', { stdin: 'sk_live_1\n', fetch: spying })
    expect(said.status).toBe(0)
    expect(said.stdout + said.stderr).not.toContain('sk_live_1')
    expect(JSON.parse(sent[0]!)).toEqual({ value: 'sk_live_1' })
    expect((await t.run('secrets ls')).stdout).toContain('stripe')
    expect((await t.run('secrets versions stripe')).status).toBe(0)
  })

  it('are asked for unseen on a terminal', async () => {
    const { t } = await deployed()
    expect((await t.run('secrets set stripe', { tty: true, answers: ['hush'] })).status).toBe(0)
    expect(t.questions).toEqual(['Value of the secret stripe'])
  })

  it('stay as they were where nothing was typed', async () => {
    const { t } = await deployed()
    expect((await t.run('secrets set stripe', { tty: true, answers: [undefined] })).status).toBe(4)
    expect((await t.run('secrets ls -q')).stdout).toBe('')
  })

  it('come from files, byte for byte, also by key', async () => {
    const { t } = await deployed()
    writeFileSync(join(t.folder, 'key.pem'), Buffer.from([0, 255, 10]))
    expect((await t.run('secrets set tls --key tls.key=key.pem --key tls.crt=escale.yaml')).status).toBe(0)
    expect((await t.run('secrets set raw --from-file key.pem')).status).toBe(0)
    expect((await t.run('secrets ls -q')).stdout).toBe('raw\ntls\n')
    expect((await t.run('secrets rm raw --yes')).stdout).toBe('secret raw was removed\n')
  })
})

describe('projects, clusters, nodes, volumes, tokens, audit', () => {
  it('manage projects', async () => {
    const { t } = await deployed()
    expect((await t.run('projects create team-a --allow hostPath')).stdout).toBe('project team-a was made\n')
    expect((await t.run('projects allow team-a privileged --yes')).stdout).toBe(
      'apps of project team-a may use privileged\n',
    )
    expect((await t.run('projects ls -q')).stdout).toBe('default\nteam-a\n')
    expect((await t.run('projects rm team-a --yes')).status).toBe(0)
  })

  it('list clusters and machines', async () => {
    const { t } = await deployed()
    expect((await t.run('clusters ls -q')).stdout).toBe('local\n')
    expect((await t.run('nodes ls')).stdout).toMatchInlineSnapshot(`
      "NODE     STATE   ROLE      CPU    MEMORY   PLATFORM
      memory   ready   manager     4   8.0 GiB   linux/amd64
      "
    `)
  })

  it('list volumes', async () => {
    const { t } = await deployed()
    expect((await t.run('volumes ls -o json')).stdout).toBe('[]\n')
  })

  it('print a new token once, on standard output alone', async () => {
    const { t, server } = await deployed()
    const { status, stdout, stderr } = await t.run('tokens create ci --grant deployer@default/hello --expires 30d')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^esc_\S+\n$/)
    expect(stderr).toContain('it is not shown again')
    const env = { ...server.env, ESCALE_TOKEN: stdout.trim() }
    expect((await t.run('status -q', { env })).status).toBe(0)
    const all = JSON.parse((await t.run('tokens ls -o json')).stdout) as { id: string; name: string }[]
    const id = all.find((token) => token.name === 'ci')!.id
    expect((await t.run(['tokens', 'revoke', id, '--yes'])).stdout).toBe('token ci was revoked\n')
    expect((await t.run('status', { env })).status).toBe(4)
  })

  it('tell who changed what', async () => {
    const { t } = await deployed()
    expect((await t.run('audit')).stdout).toMatchInlineSnapshot(`
      "TIME                       WHO           DID      TO                      OUTCOME
      2026-01-01T00:00:00.000Z   token:owner   deploy   default/hello/default   done
      "
    `)
    expect((await t.run('audit --all -o json')).status).toBe(0)
  })
})

describe('prune', () => {
  it('says what the cluster cannot do', async () => {
    const { t } = await deployed()
    expect(await t.run('prune --dry-run')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('backend-cannot') as string,
    })
  })

  const unused = [
    { kind: 'image', nativeId: 'sha256:1', name: 'old:1', sizeBytes: 12_000_000, reason: 'no release names it' },
  ]
  const answering =
    (asked: string[]): typeof fetch =>
    (input, init) => {
      asked.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname} ${String(init?.body ?? '')}`.trim())
      return Promise.resolve(Response.json({ items: unused }))
    }

  it('reports, asks, and removes exactly what it reported', async () => {
    const asked: string[] = []
    const t = terminal({ env: { ESCALE_URL: 'http://escale.test' }, fetch: answering(asked) })
    const { status, stdout } = await t.run('prune -c local', { tty: true, answers: [true] })
    expect(status).toBe(0)
    expect(t.questions).toEqual(['Remove these 1 things, 12.0 MB?'])
    expect(stdout.replaceAll(/\u001b\[\d+m/g, '')).toMatchInlineSnapshot(`
      "KIND    NAME       SIZE   WHY
      image   old:1   12.0 MB   no release names it
      1 of 1 were removed, 12.0 MB
      "
    `)
    expect(asked.at(-1)).toBe('POST /v1/clusters/local/housekeeping {"items":[{"kind":"image","nativeId":"sha256:1"}]}')
  })

  it('removes nothing without a yes', async () => {
    const asked: string[] = []
    const t = terminal({ env: { ESCALE_URL: 'http://escale.test' }, fetch: answering(asked) })
    expect((await t.run('prune -c local')).status).toBe(2)
    expect((await t.run('prune -c local', { tty: true, answers: [undefined] })).status).toBe(4)
    expect((await t.run('prune -c local --dry-run -o json')).status).toBe(0)
    expect(asked.filter((request) => request.startsWith('POST'))).toEqual([])
  })
})

describe('version', () => {
  it('tells the versions of client and server', async () => {
    const { t } = await deployed()
    expect(JSON.parse((await t.run('version -o json')).stdout)).toMatchObject({
      client: { version: '1.2.3' },
      server: { version: '1.2.3', installId: 'test' },
    })
  })

  it('tells its own without any server', async () => {
    const said = await terminal().run('version')
    expect(said).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^client 1\.2\.3 .*\nserver: no server was chosen\n$/) as string,
    })
    expect((await terminal().run('--version')).stdout).toBe('1.2.3\n')
  })
})
