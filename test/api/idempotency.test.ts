import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EscaleError } from '../../lib/core/errors.ts'
import { bindUseCases } from '../../lib/api/bind.ts'
import type { UseCases } from '../../lib/api/use-cases.ts'
import { appPath, deployHello, ended, helloManifest, testApi } from './support.ts'
import type { TestApi } from './support.ts'

let api: TestApi
let key: string
let count = 0
/** What the next deployments and restarts meet with. */
let before: (() => Promise<void>) | undefined

beforeAll(async () => {
  const late: { real?: UseCases } = {}
  const meet = async (): Promise<UseCases> => {
    const hook = before
    before = undefined
    await hook?.()
    if (late.real === undefined) throw new Error('not set up')
    return late.real
  }
  api = await testApi(
    {},
    {
      deployApp: async (...given) => (await meet()).deployApp(...given),
      restartApp: async (...given) => (await meet()).restartApp(...given),
    },
  )
  late.real = bindUseCases(api.deps)
  await deployHello(api)
})
afterAll(() => api.stop())
beforeEach(() => {
  count += 1
  key = `key-${String(count)}`
})

const headers = (name = key) => ({ 'idempotency-key': name })
const deploy = (manifest = helloManifest, token = api.tokens.deployer) =>
  api.ask('POST', `${appPath}/deployments`, { token, body: { manifest }, headers: headers() })
const restart = () => api.ask('POST', `${appPath}/restart`, { token: api.tokens.operator, headers: headers() })
const other = helloManifest.replace('image: nginx', 'image: nginx:9')

describe('an idempotency key', () => {
  it('gives the same answer to the same request, and the work is done once', async () => {
    const first = await restart()
    const second = await restart()
    expect(first.status).toBe(202)
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    await ended(api, String(first.body['id']))
    const list = await api.ask('GET', `${appPath}/deployments`, { token: api.tokens.viewer })
    expect(list.body.items?.filter((item) => item['id'] === first.body['id']).length).toBe(1)
  })

  it('is refused with another body', async () => {
    await deploy()
    expect(await deploy(other)).toMatchObject({ status: 422, body: { code: 'key-reused' } })
  })

  it('is refused for another principal', async () => {
    await deploy()
    expect(await deploy(helloManifest, api.tokens.projectOwner)).toMatchObject({
      status: 422,
      body: { code: 'key-reused' },
    })
  })

  it('of another project is another key', async () => {
    const put = (project: string, token: string) =>
      api.ask('PUT', `/v1/projects/${project}/apps/hello/secrets/key`, {
        token,
        body: { value: 'x' },
        headers: headers(),
      })
    expect((await put('shop', api.tokens.deployer)).status).toBe(200)
    expect((await put('other', api.tokens.stranger)).status).toBe(200)
  })

  it('keeps a refusal as well', async () => {
    const first = await deploy(helloManifest.replace('name: hello', 'name: other'))
    expect(first).toMatchObject({ status: 422, body: { code: 'app-mismatch' } })
    const second = await deploy(helloManifest.replace('name: hello', 'name: other'))
    expect(second.body).toEqual(first.body)
  })

  it('is not used up by a request that was not valid', async () => {
    const path = `${appPath}/scale`
    const ask = (web: number) =>
      api.ask('POST', path, { token: api.tokens.operator, body: { services: { web } }, headers: headers() })
    expect((await ask(-1)).status).toBe(422)
    const answer = await ask(1)
    expect(answer.status).toBe(202)
    await ended(api, String(answer.body['id']))
  })

  it('is refused while its first request still runs', async () => {
    const gate = Promise.withResolvers<void>()
    before = () => gate.promise
    const first = restart()
    await expect.poll(() => before).toBeUndefined()
    const second = await restart()
    expect(second).toMatchObject({ status: 409, body: { code: 'in-progress' } })
    expect(second.headers.get('retry-after')).toBe('1')
    gate.resolve()
    const done = await first
    expect(done.status).toBe(202)
    expect((await restart()).body).toEqual(done.body)
    await ended(api, String(done.body['id']))
  })

  it('goes on with a deployment whose first request died', async () => {
    before = () => Promise.reject(new Error('the process died here'))
    expect(await deploy()).toMatchObject({ status: 500, body: { code: 'internal-error' } })
    const again = await deploy()
    expect(again).toMatchObject({ status: 202, body: { kind: 'deploy' } })
    expect((await deploy()).body['id']).toBe(again.body['id'])
    await ended(api, String(again.body['id']))
  })

  it('makes a deployment that died after it was written no second one', async () => {
    const real = bindUseCases(api.deps)
    let made = ''
    before = async () => {
      const request = {
        project: 'shop',
        app: 'hello',
        manifest: helloManifest,
        files: {},
        params: {},
        environment: 'default',
      }
      made = (await real.deployApp({ subject: 'token:deployer' }, { ...request, idempotencyKey: key })).id
      throw new Error('the answer was lost')
    }
    expect((await deploy()).status).toBe(500)
    const again = await deploy()
    expect(again.body['id']).toBe(made)
    await ended(api, made)
  })

  it('tells who repeats what cannot be repeated safely to look first', async () => {
    before = () => Promise.reject(new Error('the process died here'))
    expect((await restart()).status).toBe(500)
    expect(await restart()).toMatchObject({ status: 409, body: { code: 'interrupted' } })
  })
})

describe('the audit', () => {
  const last = async (token = api.tokens.projectOwner, path = '/v1/projects/shop/audit') => {
    const { body } = await api.ask('GET', `${path}?limit=500`, { token })
    return body.items?.at(-1)
  }

  it('tells who did what, before and after', async () => {
    const scaled = await api.ask('POST', `${appPath}/scale`, {
      token: api.tokens.operator,
      body: { services: { web: 3 } },
    })
    expect(await last()).toMatchObject({
      subject: 'token:operator',
      operation: 'scale',
      resource: 'shop/hello/default',
      outcome: 'done',
      before: { counts: { web: 1 } },
      after: { deployment: scaled.body['id'], counts: { web: 3 } },
      traceId: scaled.headers.get('x-trace-id'),
    })
    await ended(api, String(scaled.body['id']))
  })

  it('tells what was refused, and why', async () => {
    await api.ask('PUT', `${appPath}/secrets/key`, { token: api.tokens.viewer, body: { value: 'x' } })
    expect(await last()).toMatchObject({
      subject: 'token:viewer',
      operation: 'setSecret',
      outcome: 'refused',
      code: 'forbidden',
    })
  })

  it('tells what failed', async () => {
    before = () => Promise.reject(new EscaleError('unreachable', 'the engine is away'))
    expect((await deploy()).status).toBe(503)
    expect(await last()).toMatchObject({ operation: 'deploy', outcome: 'failed', code: 'unreachable' })
  })

  it('does not let a stranger write into the log of a project they cannot see', async () => {
    const lastOfShop = await last()
    await api.ask('POST', `${appPath}/restart`, { token: api.tokens.stranger })
    expect(await last()).toEqual(lastOfShop)
    expect(await last(api.tokens.owner, '/v1/audit')).toMatchObject({
      subject: 'token:stranger',
      outcome: 'refused',
      code: 'not-found',
    })
  })

  it('has one entry for a write that was asked for twice under one key', async () => {
    const answer = await restart()
    await restart()
    const { body } = await api.ask('GET', '/v1/projects/shop/audit?limit=500', { token: api.tokens.projectOwner })
    const same = body.items?.filter((item) => JSON.stringify(item['after'] ?? null).includes(String(answer.body['id'])))
    expect(same?.length).toBe(1)
    await ended(api, String(answer.body['id']))
  })

  it('is read by cursor', async () => {
    const { owner } = api.tokens
    const one = await api.ask('GET', '/v1/audit?limit=2', { token: owner })
    expect(one.body).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }], next: 2 })
    const two = await api.ask('GET', '/v1/audit?after=2&limit=1', { token: owner })
    expect(two.body).toMatchObject({ items: [{ seq: 3 }], next: 3 })
  })
})
