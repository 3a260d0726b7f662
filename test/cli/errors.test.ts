/** Command lines that are wrong: each is refused with a code, an exit status and something to do. */
import { describe, expect, it } from 'vitest'
import { testServer } from './support/server.ts'
import { terminal } from './support/terminal.ts'
import { hello, withJob, withVolume } from './support/manifests.ts'

interface Bad {
  readonly line: string
  readonly status: number
  readonly code: string
  /** Part of what is said. */
  readonly says: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

const usage = (line: string, says: string, rest: Partial<Bad> = {}): Bad => ({
  line,
  status: 2,
  code: 'usage',
  says,
  ...rest,
})

const offline: readonly Bad[] = [
  usage('deploi', 'did you mean deploy?'),
  usage('nonsense', "unknown command 'nonsense'"),
  usage('migrate', "unknown command 'migrate'"),
  usage('deploy --detch', 'did you mean --detach?'),
  usage('status --bogus', "unknown option '--bogus'"),
  usage('deploy extra', 'too many arguments'),
  usage('deploy -f', 'argument missing'),
  usage('deploy --set', 'argument missing'),
  usage('status -o jsn', 'Allowed choices are table, wide, json, yaml'),
  usage('secrets', 'needs to be told what to do'),
  usage('secrets sett x', "unknown command 'sett'"),
  usage('secrets set', "missing required argument 'name'"),
  usage('run', "missing required argument 'job'"),
  usage('exec', "missing required argument 'service'"),
  usage('scale', "missing required argument 'counts'"),
  usage('scale web', 'is no service=count', { files: { 'escale.yaml': hello } }),
  usage('scale web=two', 'is no service=count', { files: { 'escale.yaml': hello } }),
  usage('scale web=99999', 'from 0 to 10000', { files: { 'escale.yaml': hello } }),
  usage('completion tcsh', 'Allowed choices are bash, zsh, fish'),
  usage('login not-a-url', 'is no address of a server'),
  usage('login https://user:secret@host', 'holds a user or a password'),
  usage('login http://127.0.0.1:7440', 'no token was given', { stdin: '' }),
  usage('login http://127.0.0.1:7440', 'what was given is no token', { stdin: 'two words' }),
  usage('up --memory --engine unix:///x', 'exclude each other'),
  usage('up --port 70000', 'from 0 to 65535'),
  usage('up --log loud', 'Allowed choices are debug, info, warn, error'),
  usage('doctor --port http', 'no whole number'),
  usage('rollback zero', 'no whole number', { files: { 'escale.yaml': hello } }),
  usage('releases show first', 'no whole number', { files: { 'escale.yaml': hello } }),
  usage('validate --set tag', 'is no name=value', { files: { 'escale.yaml': hello } }),
  usage('plan --strict=sometimes', 'is no disposition', { files: { 'escale.yaml': hello } }),
  usage('init Hello_World --image nginx --port 80', 'is no name of an app'),
  usage('init hello --image nginx --port 99999', 'from 0 to 65535'),
  usage('deploy --timeout soon', 'is no duration', { files: { 'escale.yaml': hello } }),
  usage('prune --kind everything', 'Allowed choices are image, container, network, volume, object'),
  usage('status', 'no app was named', { env: { ESCALE_URL: 'http://escale.test' } }),
  usage('ls', 'is no address of a server', { env: { ESCALE_URL: 'escale.test' } }),
  { line: 'ls', status: 2, code: 'no-context', says: 'escale login URL' },
  { line: 'ls --context nowhere', status: 2, code: 'no-context', says: 'there is no context "nowhere"' },
  { line: 'ls', status: 2, code: 'no-context', says: 'there is no context "away"', env: { ESCALE_CONTEXT: 'away' } },
  { line: 'validate', status: 3, code: 'file-missing', says: 'there is no escale.yaml' },
  { line: 'validate nothing.yaml', status: 3, code: 'file-missing', says: 'there is no such file' },
  {
    line: 'validate',
    status: 3,
    code: 'yaml-syntax',
    says: 'escale.yaml:3:',
    files: { 'escale.yaml': 'apiVersion: escale/v1\nkind: [App\n' },
  },
  {
    line: 'validate',
    status: 3,
    code: 'unknown-key',
    says: 'did you mean `image`?',
    files: { 'escale.yaml': hello.replace('image:', 'imag:') },
  },
  { line: 'validate -f -', status: 3, code: 'missing-key', says: 'the manifest is empty', stdin: '' },
  {
    line: 'validate --env nowhere',
    status: 3,
    code: 'unknown-environment',
    says: 'nowhere',
    files: { 'escale.yaml': hello },
  },
  {
    line: 'validate --set tga=1',
    status: 3,
    code: 'unused-param-value',
    says: 'did you mean `tag`?',
    files: { 'escale.yaml': hello.replace('services:', 'params: {tag: latest}\nservices:') },
  },
  {
    line: 'validate',
    status: 3,
    code: 'missing-param',
    says: 'ESCALE_PARAM_TAG',
    files: {
      'escale.yaml': hello
        .replace('services:', 'params: {tag: {description: x}}\nservices:')
        .replace('image: nginx', 'image: "nginx:${tag}"'),
    },
  },
  {
    line: 'status',
    status: 3,
    code: 'missing-key',
    says: 'does not say which app',
    files: { 'escale.yaml': 'kind: App\n' },
    env: { ESCALE_URL: 'http://escale.test' },
  },
  { line: 'init', status: 4, code: 'file-exists', says: 'overwrite it with --force', files: { 'escale.yaml': hello } },
  { line: 'ls', status: 5, code: 'unreachable', says: 'escale up', env: { ESCALE_URL: 'http://127.0.0.1:1' } },
  {
    line: 'deploy',
    status: 5,
    code: 'unreachable',
    says: 'does not answer',
    files: { 'escale.yaml': hello },
    env: { ESCALE_URL: 'http://127.0.0.1:1' },
  },
]

describe('a wrong command line', () => {
  it.each(offline)(
    '$line → $status $code: $says',
    async ({ line, status, code, says, files = {}, env = {}, stdin }) => {
      const said = await terminal({ files, env, ...(stdin !== undefined && { stdin }) }).run(line)
      expect(said.stderr).toContain(`error[${code}]`)
      expect(said.stderr.replaceAll(/\s+/g, ' ')).toContain(says)
      expect({ status: said.status, stdout: said.stdout }).toEqual({ status, stdout: '' })
    },
  )

  it('says so in JSON where JSON was asked for', async () => {
    const { status, stdout, stderr } = await terminal().run('deploi -o json')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(JSON.parse(stderr)).toEqual({
      problems: [
        {
          code: 'usage',
          severity: 'error',
          message: "unknown command 'deploi'",
          fix: 'did you mean deploy? see `escale --help`',
        },
      ],
    })
  })
})

const online: readonly Bad[] = [
  { line: 'status', status: 4, code: 'not-found', says: 'hello', files: { 'escale.yaml': hello } },
  { line: 'logs --app ghost', status: 4, code: 'not-found', says: 'ghost' },
  { line: 'ls --project ghost', status: 4, code: 'not-found', says: 'ghost' },
  {
    line: 'deploy --plan plan_old',
    status: 4,
    code: 'stale-plan',
    says: 'escale plan',
    files: { 'escale.yaml': hello },
  },
  {
    line: 'deploy --to moon',
    status: 3,
    code: 'unknown-reference',
    says: 'there is no cluster moon',
    files: { 'escale.yaml': hello },
  },
  { line: 'deploy --project team-a', status: 4, code: 'not-found', says: 'team-a', files: { 'escale.yaml': hello } },
  { line: 'rm ghost', status: 2, code: 'needs-confirmation', says: 'add --yes' },
  { line: 'secrets rm x', status: 2, code: 'needs-confirmation', says: 'add --yes', files: { 'escale.yaml': hello } },
  { line: 'volumes rm x', status: 2, code: 'needs-confirmation', says: 'add --yes' },
  { line: 'projects rm default', status: 2, code: 'needs-confirmation', says: 'add --yes' },
  { line: 'projects rm ghost --yes', status: 4, code: 'not-found', says: 'ghost' },
  { line: 'tokens revoke tok_x --yes', status: 4, code: 'not-found', says: 'tok_x' },
  { line: 'tokens create ci', status: 2, code: 'usage', says: 'may do nothing' },
  { line: 'tokens create ci --grant king@default', status: 2, code: 'usage', says: 'names no role' },
  { line: 'tokens create ci --grant viewer --expires tomorrow', status: 2, code: 'usage', says: 'is no duration' },
  { line: 'nodes drain ghost --yes', status: 2, code: 'usage', says: 'there is no machine "ghost"' },
  { line: 'clusters add prod', status: 2, code: 'usage', says: 'the kind of the cluster is missing' },
  {
    line: 'logs --since yesterday',
    status: 2,
    code: 'usage',
    says: 'neither a duration nor a time',
    files: { 'escale.yaml': hello },
  },
  { line: 'logs --tail many', status: 2, code: 'usage', says: 'no whole number', files: { 'escale.yaml': hello } },
  {
    line: 'secrets set x',
    status: 2,
    code: 'usage',
    says: 'standard input is empty',
    files: { 'escale.yaml': hello },
    stdin: '',
  },
  {
    line: 'secrets set x --from-file none',
    status: 3,
    code: 'file-missing',
    says: 'cannot be read',
    files: { 'escale.yaml': hello },
  },
  {
    line: 'secrets set x --key a',
    status: 2,
    code: 'usage',
    says: 'is no name=value',
    files: { 'escale.yaml': hello },
  },
  {
    line: 'exec web -o wide --instance nope',
    status: 4,
    code: 'not-found',
    says: 'hello',
    files: { 'escale.yaml': hello },
  },
  { line: 'ls', status: 4, code: 'unauthenticated', says: 'log in again', env: { ESCALE_TOKEN: 'esc_wrong' } },
]

describe('a command line that the server refuses', () => {
  it.each(online)('$line → $status $code: $says', async ({ line, status, code, says, files = {}, env = {}, stdin }) => {
    const server = await testServer()
    const said = await terminal({
      files,
      fetch: server.fetch,
      env: { ...server.env, ...env },
      ...(stdin !== undefined && { stdin }),
    }).run(line)
    expect(said.stderr).toContain(`error[${code}]`)
    expect(said.stderr.replaceAll(/\s+/g, ' ')).toContain(says)
    expect({ status: said.status, stdout: said.stdout }).toEqual({ status, stdout: '' })
  })

  it('cannot go back where nothing ever stood', async () => {
    const server = await testServer()
    const t = terminal({
      files: { 'escale.yaml': hello },
      fetch: server.fetch,
      env: server.env,
      clock: server.platform.clock,
    })
    await t.run('deploy')
    expect(await t.run('rollback')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('no-good-release') as string,
    })
  })

  it('has nothing to cancel or approve at rest', async () => {
    const server = await testServer()
    const t = terminal({
      files: { 'escale.yaml': hello },
      fetch: server.fetch,
      env: server.env,
      clock: server.platform.clock,
    })
    await t.run('deploy')
    for (const line of ['cancel', 'approve']) {
      expect(await t.run(line)).toMatchObject({
        status: 4,
        stderr: expect.stringContaining('no deployment of hello is under way') as string,
      })
    }
  })

  it('runs no job that is not there', async () => {
    const server = await testServer()
    const t = terminal({
      files: { 'escale.yaml': withJob },
      fetch: server.fetch,
      env: server.env,
      clock: server.platform.clock,
    })
    await t.run('deploy')
    expect(await t.run('run nothing')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('unknown-reference') as string,
    })
  })

  it('shows the line of the manifest that the server refuses', async () => {
    const server = await testServer({ domain: 'apps.test' })
    const files = {
      'escale.yaml': withVolume.replace('metadata: {name: hello}', 'metadata: {name: hello}\ncluster: moon'),
    }
    const { status, stderr } = await terminal({ files, fetch: server.fetch, env: server.env }).run('plan')
    expect(status).toBe(3)
    expect(stderr).toMatchInlineSnapshot(`
      "escale.yaml:4:10: error[unknown-reference] there is no cluster moon
        4 │ cluster: moon
          │          ^^^^
        why: A name refers to something that is not defined.
        allowed: local
      "
    `)
  })
})

describe('a fault of the program itself', () => {
  it('says so, and where when asked', async () => {
    const t = terminal({
      env: { ESCALE_URL: 'http://escale.test', ESCALE_DEBUG: '1' },
      fetch: () => Promise.resolve(Response.json('no list')),
    })
    const { status, stderr } = await t.run('ls')
    expect(status).toBe(1)
    expect(stderr).toContain('error[internal-error]')
    expect(stderr).toContain('shared.ts')
  })
})
