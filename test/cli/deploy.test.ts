/** plan and deploy against a real API in process. */
import { describe, expect, it } from 'vitest'
import type { Deployment, Plan } from '../../lib/client/types.ts'
import type { Faults } from '../../lib/targets/memory/faults.ts'
import type { PlatformOptions } from '../support/platform.ts'
import { testServer } from './support/server.ts'
import type { TestServer } from './support/server.ts'
import { terminal } from './support/terminal.ts'
import type { Terminal, TerminalOptions } from './support/terminal.ts'
import { hello, withVolume } from './support/manifests.ts'

async function started(
  options: TerminalOptions = {},
  platform: PlatformOptions = {},
): Promise<{ server: TestServer; t: Terminal }> {
  const server = await testServer(platform)
  const t = terminal({
    files: { 'escale.yaml': hello },
    fetch: server.fetch,
    clock: server.platform.clock,
    ...options,
    env: { ...server.env, ...options.env },
  })
  return { server, t }
}

const ids = (text: string): string => text.replaceAll(/(dep|plan|rel|tok|run)_[a-z2-7]{26}/g, '$1_…')
const twoServices = `${hello}  api: {image: api, ports: {http: 8080}}\n`

describe('plan', () => {
  it('says what a deployment would do, and how to do exactly that', async () => {
    const { t } = await started()
    const { status, stdout, stderr } = await t.run('plan')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(ids(stdout)).toMatchInlineSnapshot(`
      "Plan for hello on local: release 1
        + service web  new
        … wait until web is ready

      1 to create, 0 to update, 0 to replace, 0 to remove.
      If it fails: everything it started is stopped; volumes stay.

      This plan is plan_…: escale deploy --plan plan_…
      "
    `)
  })

  it('answers the whole plan in JSON', async () => {
    const { t } = await started()
    const { stdout } = await t.run('plan -o json')
    const plan = JSON.parse(stdout) as Plan
    expect(plan).toMatchObject({ app: 'hello', cluster: 'local', empty: false, release: { isNew: true } })
  })

  it('prints the hash alone when quiet', async () => {
    const { t } = await started()
    expect(ids((await t.run('plan -q')).stdout)).toBe('plan_…\n')
  })

  it('is empty after a deployment', async () => {
    const { t } = await started()
    await t.run('deploy')
    expect((await t.run('plan')).stdout).toMatchInlineSnapshot(`
      "Plan for hello on local: release 1 → the same

        Nothing to do: everything is as it should be.
      "
    `)
  })

  it('writes nothing', async () => {
    const { t, server } = await started()
    await t.run('plan')
    expect(server.platform.cluster.world.objects.size).toBe(0)
    expect((await t.run('ls -o json')).stdout).toBe('[]\n')
  })

  it('is coloured on a terminal alone', async () => {
    const { t } = await started()
    expect((await t.run('plan')).stdout).not.toContain('\u001b')
    expect((await t.run('plan', { tty: true })).stdout).toContain('\u001b[32m  + service web')
    expect((await t.run('plan --no-color', { tty: true })).stdout).not.toContain('\u001b')
    expect(
      (await t.run('plan', { tty: true, env: { ...(await testServer()).env, NO_COLOR: '1' } })).stdout,
    ).not.toContain('\u001b')
  })
})

describe('deploy', () => {
  it('waits, tells each step once, and ends with the addresses', async () => {
    const { t } = await started()
    const { status, stdout, stderr } = await t.run('deploy')
    expect(status).toBe(0)
    expect(stdout).toMatchInlineSnapshot(`
      "✓ hello runs release 1 on local (9s)
        web.main  http://web-hello-default.apps.test/
      "
    `)
    expect(ids(stderr)).toMatchInlineSnapshot(`
      "Deployment of hello on local: release 1 (dep_…)
        ✓ create service web
        ◐ wait until web is ready  1/1 ready
        ✓ wait until web is ready
      "
    `)
  })

  it('redraws its steps in place on a terminal', async () => {
    const { t } = await started()
    const { status, stderr } = await t.run('deploy', { tty: true })
    expect(status).toBe(0)
    expect(stderr).toContain('\u001b[2A\u001b[J')
    expect(stderr).toContain('\u001b[36m◐\u001b[39m wait until')
    expect(stderr.trimEnd().split('\n').at(-1)).toContain('\u001b[32m✓\u001b[39m wait until')
  })

  it('does nothing where nothing would change', async () => {
    const { t, server } = await started()
    await t.run('deploy')
    const before = server.requests.length
    const { status, stdout, stderr } = await t.run('deploy')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatchInlineSnapshot(`
      "✓ nothing to do: everything of release 1 of hello is as it should be
        web.main  http://web-hello-default.apps.test/
      "
    `)
    expect(server.requests.slice(before).filter((request) => request.endsWith('/deployments'))).toEqual([])
  })

  it('answers deployment and routes in JSON, and nothing else', async () => {
    const { t } = await started()
    const { stdout, stderr } = await t.run('deploy -o json')
    const { deployment, routes } = JSON.parse(stdout) as { deployment: Deployment; routes: unknown }
    expect(stderr).toBe('')
    expect(deployment).toMatchObject({ state: 'succeeded', ended: true, release: 1 })
    expect(routes).toEqual([{ service: 'web', route: 'main', url: expect.stringContaining('apps.test') as string }])
  })

  it('prints the addresses alone when quiet', async () => {
    const { t } = await started()
    expect(await t.run('deploy -q')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^http:\/\/\S+\n$/) as string,
      stderr: '',
    })
  })

  it('goes at once when detached, and says how to follow', async () => {
    const { t } = await started()
    const { status, stdout, stderr } = await t.run('deploy --detach')
    expect(status).toBe(0)
    expect(ids(stdout)).toBe('Deployment of hello has begun: dep_…\n')
    expect(ids(stderr)).toBe('Follow it: escale status --app hello --watch · End it: escale cancel dep_… --app hello\n')
    expect(ids((await t.run('cancel --detach -q')).stdout)).toBe('dep_…\n')
  })

  it('goes on when Ctrl-C is pressed, and says how to follow or end it', async () => {
    const { t, server } = await started({ fetch: undefined as never })
    // Nobody ticks, so it waits until somebody presses Ctrl-C.
    const still: typeof fetch = async (input, init) => await server.api.fetch(new Request(input, init))
    let asked = 0
    const away: typeof fetch = async (input, init) => {
      if (/deployments\/dep_/.test(String(input)) && ++asked > 2) throw new TypeError('fetch failed')
      return await still(input, init)
    }
    const { status, stderr } = await t.run('deploy', { fetch: away, onSleep: () => 'interrupt' })
    expect(status).toBe(130)
    expect(ids(stderr)).toMatchInlineSnapshot(`
      "Deployment of hello on local: release 1 (dep_…)
        the server does not answer; trying again

      The deployment goes on without you. Follow it: escale status --app hello --watch · End it: escale cancel dep_… --app hello
      "
    `)
    expect((await t.run('status -o json', { fetch: still })).stdout).toContain('"ended": false')
  })

  it('waits no longer than --timeout, and says that it goes on', async () => {
    const { t } = await started({}, { faults: { instance: () => ({ neverReady: true }) } })
    const { status, stderr } = await t.run('deploy --timeout 5s')
    expect(status).toBe(5)
    expect(stderr).toContain('has not ended within 5s; it goes on')
  })

  it('tells why it failed, that it went back, and ends with 1', async () => {
    const faults: Faults = {
      instance: (_, body) => (JSON.stringify(body).includes('broken') ? { cannotStart: 'no such program' } : undefined),
    }
    const { t } = await started({}, { faults })
    await t.run('deploy')
    t.write({ 'escale.yaml': hello.replace('nginx', 'broken') })
    const { status, stdout, stderr } = await t.run('deploy')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(ids(stderr)).toMatchInlineSnapshot(`
      "Deployment of hello on local: release 2 (dep_…)
        ✓ update service web
        ◐ wait until web is ready  1/1 ready, 5 failed
        ! hello/web instance failed: no such program (5 times)
        ! hello/dep_… deployment rollingBack: web: 5 new instances failed; the last: exit status 128, no such program; going back to release 1
        ◐ wait until web is ready  1/1 ready, 6 failed
      error[deployment-failed] web: 5 new instances failed; the last: exit status 128, no such program
        at: web
        why: The deployment failed; what had changed was rolled back where a good release existed.
      Deployment of hello failed: web: 5 new instances failed; the last: exit status 128, no such program; release 1 runs again
      Look closer: escale events --app hello · escale logs --app hello
      "
    `)
  })

  it('does the plan that was looked at', async () => {
    const { t } = await started()
    const hash = (await t.run('plan -q')).stdout.trim()
    expect((await t.run(`deploy --plan ${hash}`)).status).toBe(0)
  })

  it('refuses a plan that has become stale, and changes nothing', async () => {
    const { t, server } = await started()
    const hash = (await t.run('plan -q')).stdout.trim()
    t.write({ 'escale.yaml': twoServices })
    expect(await t.run(`deploy --plan ${hash}`)).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('error[stale-plan]') as string,
    })
    expect(server.platform.cluster.world.objects.size).toBe(0)
  })

  it('takes parameters from --set before the environment before the default', async () => {
    const { t } = await started({
      files: {
        'escale.yaml': hello
          .replace('services:', 'params: {tag: "1"}\nservices:')
          .replace('image: nginx', 'image: "nginx:${tag}"'),
      },
    })
    const image = async (line: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
      const server = await testServer()
      await t.run(line, { fetch: server.fetch, env: { ...server.env, ...env } })
      const { stdout } = await t.run('releases show 1 -o json', { fetch: server.fetch, env: server.env })
      return (JSON.parse(stdout) as { images: { image: string }[] }).images[0]!.image
    }
    expect(await image('deploy')).toBe('nginx:1')
    expect(await image('deploy', { ESCALE_PARAM_TAG: '2', ESCALE_PARAM_OTHER: 'x' })).toBe('nginx:2')
    expect(await image('deploy --set tag=3', { ESCALE_PARAM_TAG: '2' })).toBe('nginx:3')
  })

  it('deploys an environment beside the app without one', async () => {
    const { t } = await started({
      files: { 'escale.yaml': `${hello}environments:\n  staging: {services: {web: {scale: 2}}}\n` },
    })
    expect((await t.run('deploy')).status).toBe(0)
    expect((await t.run('deploy --env staging')).status).toBe(0)
    expect((await t.run('ls')).stdout).toMatchInlineSnapshot(`
      "APP     ENVIRONMENT   CLUSTER   RELEASE   STATE     AGE
      hello   default       local           1   running   28s
      hello   staging       local           1   running   14s
      "
    `)
  })

  it('sends the files that the manifest names', async () => {
    const manifest = `${hello.replace('routes:', 'files: {/etc/app: {config: app}}, routes:')}config:\n  app: {files: {a.conf: {path: ./conf.d/a.conf}, more: {path: conf.d/more}}}\n`
    const { t } = await started({
      files: { 'escale.yaml': manifest, 'conf.d/a.conf': 'a', 'conf.d/more/b.conf': 'b', 'conf.d/not-named': 'c' },
    })
    expect(await t.run('deploy')).toMatchObject({ status: 0 })
  })

  it('sends build contexts without what .dockerignore leaves out', async () => {
    const { t, server } = await started({
      files: {
        'escale.yaml': hello.replace('image: nginx', 'build: {context: ./web}'),
        'web/Dockerfile': 'FROM nginx\n',
        'web/.dockerignore': 'secret.txt\n',
        'web/secret.txt': 'do not send me',
        'web/index.html': 'hello',
      },
    })
    const { stderr } = await t.run('plan')
    expect(stderr).toMatch(/sending the build context \.\/web\nsent \d/)
    expect(server.requests).toContain('POST /v1/projects/default/apps/hello/uploads')
  })

  it('sends no build context from outside the folder of the manifest', async () => {
    const { t, server } = await started({
      files: { 'escale.yaml': hello.replace('image: nginx', 'build: {context: ../home}') },
    })
    const { status, stderr } = await t.run('plan')
    expect({ status, code: /error\[([a-z-]+)\]/.exec(stderr)?.[1] }).toEqual({ status: 3, code: 'path-outside' })
    expect(server.requests.filter((request) => request.includes('uploads'))).toEqual([])
  })
})

describe('a deployment that removes something', () => {
  const start = async () => {
    const both = await started({ files: { 'escale.yaml': twoServices } })
    await both.t.run('deploy')
    both.t.write({ 'escale.yaml': hello })
    return both
  }

  it('asks on a terminal, with the plan before it', async () => {
    const { t } = await start()
    const { status, stderr } = await t.run('deploy', { tty: true, answers: [false] })
    expect(status).toBe(4)
    expect(t.questions).toEqual(['This removes or replaces service/api. Deploy it?'])
    expect(stderr).toContain('- service api')
    expect(stderr).toContain('declined')
  })

  it('is done when the answer is yes', async () => {
    const { t } = await start()
    expect((await t.run('deploy', { tty: true, answers: [true] })).status).toBe(0)
  })

  it('needs --yes where nobody can be asked', async () => {
    const { t } = await start()
    const refused = await t.run('deploy')
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('error[needs-confirmation]') as string })
    expect((await t.run('deploy --yes')).status).toBe(0)
  })

  it('needs no --yes with the hash of a plan, which was looked at', async () => {
    const { t } = await start()
    const hash = (await t.run('plan -q')).stdout.trim()
    expect((await t.run(`deploy --plan ${hash}`)).status).toBe(0)
  })
})

describe('rm', () => {
  it('asks, keeps the volumes and lists them', async () => {
    const { t } = await started({ files: { 'escale.yaml': withVolume } })
    await t.run('deploy')
    expect(await t.run('rm hello', { tty: true, answers: [false] })).toMatchObject({ status: 4, stdout: '' })
    expect(t.questions).toEqual(['Remove hello of project default? Its volumes are kept.'])
    expect((await t.run('rm hello --yes')).stdout).toMatchInlineSnapshot(`
      "✓ hello was removed from local (0s)
        kept volumes: data
      "
    `)
  })
})

describe('a deployment that needs an approval', () => {
  const manifest = `${hello}environments:\n  production: {approval: required}\n`

  it('waits until somebody approves it', async () => {
    const { t, server } = await started({ files: { 'escale.yaml': manifest } })
    expect((await t.run('deploy --env production --detach -q')).status).toBe(0)
    await server.platform.step({ project: 'default', app: 'hello', environment: 'production' })
    const { status, stdout } = await t.run('approve --env production')
    expect(status).toBe(0)
    expect(stdout).toContain('hello (production) runs release 1 on local')
  })
})
