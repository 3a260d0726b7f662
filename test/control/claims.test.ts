import { describe, expect, it } from 'vitest'
import { removeApp, rollbackApp } from '../../lib/control/actions.ts'
import { deployApp } from '../../lib/control/deploy.ts'
import { addresses } from '../../lib/control/records.ts'
import type { AppKey } from '../../lib/model/app.ts'
import { type TestPlatform, testPlatform } from '../support/platform.ts'

const actor = { subject: 'test' }
const at = (app: string, project = 'default'): AppKey => ({ project, app, environment: 'default' })

interface Wish {
  readonly routes?: string
  readonly publish?: string
  readonly more?: string
}

const manifest = (app: string, { routes = '{}', publish = '{}', more = '' }: Wish): string =>
  `apiVersion: escale/v1\nkind: App\nmetadata: {name: ${app}}\nservices:\n  web:\n    image: 'app:1'\n    ports: {http: 80}\n    routes: ${routes}\n    publish: ${publish}\n${more}`

async function deploy(platform: TestPlatform, app: string, wish: Wish, project = 'default'): Promise<string> {
  const request = { project, manifest: manifest(app, wish), files: {}, params: {} }
  return (await platform.settle(await deployApp(platform.deps, actor, request), at(app, project))).state
}
const remove = async (platform: TestPlatform, app: string) =>
  await platform.settle(await removeApp(platform.deps, actor, at(app), { deleteVolumes: [] }), at(app))

async function twoProjects(domain?: string): Promise<TestPlatform> {
  const platform = await testPlatform(domain === undefined ? {} : { domain })
  const value = { name: 'rival', createdAtMs: 0, grants: [] }
  await platform.store.commit([{ put: addresses.project('rival'), value, unconditional: true }])
  return platform
}

describe.each<[string, Wish, Wish, string]>([
  [
    'a path of a host',
    { routes: '{main: {host: a.example.com, path: /x}}' },
    { routes: '{main: {host: a.example.com, path: /x}}' },
    'a.example.com/x',
  ],
  [
    'a port of the cluster',
    { routes: '{main: {listen: 5432, protocol: tcp}}' },
    { routes: '{main: {listen: 5432, protocol: tcp}}' },
    'port 5432/tcp of the cluster',
  ],
  ['a port of the machines', { publish: '{http: 9090}' }, { publish: '{http: 9090}' }, 'port 9090/tcp of the machines'],
  ['the address without a host', { routes: '{main: {}}' }, { routes: '{main: {}}' }, 'the address without a host'],
  [
    "a name in the project's network",
    { more: 'networks: {shared: {scope: project}}\n' },
    { more: 'networks: {shared: {scope: project}}\n' },
    'the name web',
  ],
])('%s', (what, mine, theirs, text) => {
  // Names meet only in a network of the project.
  const sharing = (wish: Wish): Wish =>
    what.startsWith('a name') ? { ...wish, routes: '{}\n    networks: [shared]' } : wish

  it('belongs to one app, until that is removed', async () => {
    const platform = await testPlatform()
    expect(await deploy(platform, 'first', sharing(mine))).toBe('succeeded')
    const { writes } = platform.cluster.world
    const refused = await deploy(platform, 'second', sharing(theirs)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'name-taken', message: expect.stringContaining(text) })
    expect(refused).toMatchObject({ message: expect.stringContaining('default/first/default') })
    expect(platform.cluster.world.writes).toBe(writes)
    await remove(platform, 'first')
    expect(await deploy(platform, 'second', sharing(theirs))).toBe('succeeded')
  })

  it('is given back by a release that no longer has it, and by a rollback that fails it', async () => {
    const platform = await testPlatform()
    await deploy(platform, 'first', sharing(mine))
    await deploy(platform, 'first', {})
    expect(await deploy(platform, 'second', sharing(theirs))).toBe('succeeded')
    // Going back would need what another has by now.
    const back = rollbackApp(platform.deps, actor, at('first'), {})
    await expect(back).rejects.toMatchObject({ code: 'name-taken' })
  })

  it('is given back when the release that wanted it fails', async () => {
    const platform = await testPlatform()
    await deploy(platform, 'first', {})
    platform.cluster.faults = { instance: () => ({ exitAfterMs: 10, exitCode: 1 }) }
    const request = {
      project: 'default',
      manifest: manifest('first', sharing(mine)).replace('app:1', 'app:2'),
      files: {},
      params: {},
    }
    expect((await platform.settle(await deployApp(platform.deps, actor, request), at('first'))).state).toBe('failed')
    platform.cluster.faults = {}
    expect(await deploy(platform, 'second', sharing(theirs))).toBe('succeeded')
  })
})

describe('a host', () => {
  const host = (path: string): Wish => ({ routes: `{main: {host: a.example.com, path: ${path}}}` })

  it('may be shared by apps of one project, with paths of their own', async () => {
    const platform = await testPlatform()
    expect(await deploy(platform, 'first', host('/x'))).toBe('succeeded')
    expect(await deploy(platform, 'second', host('/y'))).toBe('succeeded')
  })

  it('of another project is refused without telling whose it is', async () => {
    const platform = await twoProjects()
    await deploy(platform, 'first', host('/x'))
    const refused = await deploy(platform, 'second', host('/y'), 'rival').catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'name-taken',
      message: 'host a.example.com belongs to another project',
      problems: [{ path: 'services.web.routes.main.host' }],
    })
  })

  it('is free for another project once no app of the first has a path there', async () => {
    const platform = await twoProjects()
    await deploy(platform, 'first', host('/x'))
    await deploy(platform, 'second', host('/y'))
    await remove(platform, 'first')
    await expect(deploy(platform, 'third', host('/z'), 'rival')).rejects.toMatchObject({ code: 'name-taken' })
    await remove(platform, 'second')
    expect(await deploy(platform, 'third', host('/z'), 'rival')).toBe('succeeded')
  })

  it("stays the project's where another app of it takes a path at the moment it would be given back", async () => {
    const platform = await twoProjects()
    await deploy(platform, 'first', host('/x'))
    const { store } = platform
    const unclaim = store.unclaim.bind(store)
    store.unclaim = async (space, names, owner) => {
      if (space === 'host/local') await deploy(platform, 'second', host('/y'))
      await unclaim(space, names, owner)
    }
    await remove(platform, 'first')
    store.unclaim = unclaim
    expect(await store.claims('host/local', 'default')).toEqual(['a.example.com'])
  })
})

describe('claims', () => {
  it('are taken all or none', async () => {
    const platform = await testPlatform({ domain: 'example.net' })
    await deploy(platform, 'first', { publish: '{http: 9090}' })
    await expect(deploy(platform, 'second', { routes: '{main: {}}', publish: '{http: 9090}' })).rejects.toMatchObject({
      code: 'name-taken',
    })
    for (const space of ['root', 'path', 'publish', 'listen'])
      expect(await platform.store.claims(`${space}/local`, 'default/second/default'), space).toEqual([])
  })

  it('of a release that an older deployment gave back in between are taken again before anything is written', async () => {
    const platform = await testPlatform()
    const request = (wish: Wish) => ({ project: 'default', manifest: manifest('first', wish), files: {}, params: {} })
    await deployApp(platform.deps, actor, request({}))
    // The newer one has its claim, but is not on record yet, when the older one ends and gives back what it does not need.
    const { store } = platform
    const claim = store.claim.bind(store)
    store.claim = async (...args) => {
      const result = await claim(...args)
      store.claim = claim
      await platform.settle(undefined, at('first'))
      expect(await store.claims('publish/local', 'default/first/default')).toEqual([])
      return result
    }
    const newer = await deployApp(platform.deps, actor, request({ publish: '{http: 9090}' }))
    expect((await platform.settle(newer, at('first'))).state).toBe('succeeded')
    expect(await store.claims('publish/local', 'default/first/default')).toEqual(['default:9090/tcp'])
  })
})
