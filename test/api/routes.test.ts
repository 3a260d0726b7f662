import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appPath, deployHello, ended, helloManifest, testApi } from './support.ts'
import type { TestApi } from './support.ts'

let api: TestApi
let first: string

beforeAll(async () => {
  api = await testApi()
  first = await deployHello(api)
})
afterAll(() => api.stop())

const get = (path: string, token = api.tokens.viewer) => api.ask('GET', path, { token })

describe('system', () => {
  it('answers health to anybody', async () => {
    expect((await api.ask('GET', '/healthz')).body).toEqual({ status: 'ok' })
  })

  it('tells the version to whoever has a token', async () => {
    expect((await get('/v1/version', api.tokens.nobody)).body).toMatchObject({ version: '0.0.0-test', api: 'v1' })
  })

  it('tells a token who it is', async () => {
    expect((await get('/v1/whoami')).body).toMatchObject({
      subject: 'token:viewer',
      grants: [{ role: 'viewer', collection: 'shop' }],
    })
  })

  it('answers the OpenAPI document to anybody', async () => {
    const { body } = await api.ask('GET', '/openapi.json')
    expect(body).toMatchObject({ openapi: '3.1.0', info: { version: '0.0.0-test' } })
  })
})

describe('apps', () => {
  it('lists the apps of a project', async () => {
    const { body } = await get('/v1/projects/shop/apps')
    expect(body.items).toMatchObject([{ project: 'shop', name: 'hello', environment: 'default', release: 1 }])
  })

  it('answers one app', async () => {
    expect((await get(appPath)).body).toMatchObject({ name: 'hello', cluster: 'local', deploying: false, stopped: [] })
  })

  it('answers the status of an app with its instances', async () => {
    const { body } = await get(`${appPath}/status`)
    expect(body).toMatchObject({
      name: 'hello',
      deployment: { id: first, state: 'succeeded' },
      units: [
        { name: 'web', kind: 'service', desired: 1, ready: 1, instances: [{ state: 'ready' }] },
        { name: 'tidy', kind: 'job' },
      ],
    })
  })

  it('leaves out apps that a grant on one app does not reach', async () => {
    const other = helloManifest.replace('name: hello', 'name: hidden')
    const deployed = await api.ask('POST', '/v1/projects/shop/apps/hidden/deployments', {
      token: api.tokens.deployer,
      body: { manifest: other },
    })
    expect(deployed.status).toBe(202)
    const { body } = await get('/v1/projects/shop/apps', api.tokens.guest)
    expect(body.items?.map((item) => item['name'])).toEqual(['hello'])
  })
})

describe('deployments', () => {
  it('answers 202 with the address of the deployment to follow', async () => {
    const answer = await api.ask('POST', '/v1/projects/shop/apps/second/deployments', {
      token: api.tokens.deployer,
      body: { manifest: helloManifest.replace('name: hello', 'name: second'), note: 'first try' },
    })
    expect(answer.status).toBe(202)
    const location = answer.headers.get('location') ?? ''
    expect(location).toBe(`/v1/projects/shop/apps/second/deployments/${String(answer.body['id'])}?environment=default`)
    expect((await get(`${location}&wait=20`)).body).toMatchObject({ state: 'succeeded', by: 'token:deployer' })
  })

  it('shows how far each step is', async () => {
    const { body } = await get(`${appPath}/deployments/${first}`)
    const steps = body['steps'] as { kind: string; state: string }[]
    expect(steps.length).toBeGreaterThan(0)
    expect(steps.filter((step) => step.kind === 'write').every((step) => step.state === 'done')).toBe(true)
  })

  it('plans without writing anything', async () => {
    const manifest = helloManifest.replace('image: nginx', 'image: nginx:2')
    const { status, body } = await api.ask('POST', `${appPath}/plans`, {
      token: api.tokens.deployer,
      body: { manifest },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ app: 'hello', cluster: 'local', empty: false, release: { isNew: true } })
    expect((await get(`${appPath}/releases`)).body.items?.length).toBe(1)
  })

  it('answers an empty plan for what runs already', async () => {
    const { body } = await api.ask('POST', `${appPath}/plans`, {
      token: api.tokens.deployer,
      body: { manifest: helloManifest },
    })
    expect(body).toMatchObject({ empty: true, release: { isNew: false } })
  })

  it('refuses a plan hash that no longer holds', async () => {
    const answer = await api.ask('POST', `${appPath}/deployments`, {
      token: api.tokens.deployer,
      body: { manifest: helloManifest, planHash: 'somethingelse' },
    })
    expect(answer).toMatchObject({ status: 409, body: { code: 'stale-plan' } })
  })

  it('refuses a manifest that names another app than the address', async () => {
    const answer = await api.ask('POST', '/v1/projects/shop/apps/elsewhere/deployments', {
      token: api.tokens.deployer,
      body: { manifest: helloManifest },
    })
    expect(answer).toMatchObject({ status: 422, body: { code: 'app-mismatch' } })
    expect((await get('/v1/projects/shop/apps/elsewhere')).status).toBe(404)
  })

  it('answers problems of the manifest with their place in the text', async () => {
    const answer = await api.ask('POST', `${appPath}/deployments`, {
      token: api.tokens.deployer,
      body: { manifest: helloManifest.replace('image: nginx,', 'imagee: nginx,') },
    })
    expect(answer.status).toBe(422)
    expect(answer.body['problems']).toContainEqual(
      expect.objectContaining({
        code: 'unknown-key',
        path: 'services.web.imagee',
        source: expect.objectContaining({ line: 5 }),
      }),
    )
  })

  it('lists deployments newest first, page by page', async () => {
    const one = await get(`${appPath}/deployments?limit=1`)
    expect(one.body.items?.length).toBe(1)
    expect(one.body.items?.[0]).not.toHaveProperty('steps')
  })

  it('validates a manifest without a project', async () => {
    const { body } = await api.ask('POST', '/v1/validate', {
      token: api.tokens.nobody,
      body: { manifest: helloManifest },
    })
    expect(body).toMatchObject({ valid: true })
  })

  it('answers problems of a manifest that is not valid as a success of validating', async () => {
    const { status, body } = await api.ask('POST', '/v1/validate', {
      token: api.tokens.nobody,
      body: { manifest: 'kind: [' },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ valid: false, problems: [{ severity: 'error' }] })
  })
})

describe('releases', () => {
  it('lists releases with the images they pin', async () => {
    const { body } = await get(`${appPath}/releases`)
    expect(body.items?.[0]).toMatchObject({ number: 1, images: [{ container: 'services.web', image: 'nginx' }, {}] })
  })

  it('answers one release with its manifest', async () => {
    expect((await get(`${appPath}/releases/1`)).body).toMatchObject({ number: 1, manifest: helloManifest })
  })

  it('knows no release 0', async () => {
    expect(await get(`${appPath}/releases/0`)).toMatchObject({ status: 404, body: { code: 'not-found' } })
  })
})

describe('actions', () => {
  const act = async (path: string, body?: unknown, token = api.tokens.operator) => {
    const answer = await api.ask('POST', `${appPath}/${path}`, { token, body })
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    await ended(api, String(answer.body['id']))
    return answer.body
  }

  it('scales', async () => {
    expect(await act('scale', { services: { web: 2 } })).toMatchObject({ kind: 'scale' })
    expect((await get(appPath)).body).toMatchObject({ counts: { web: 2 } })
  })

  it('restarts with and without a body', async () => {
    expect(await act('restart')).toMatchObject({ kind: 'restart' })
    expect(await act('restart', { services: ['web'] })).toMatchObject({ kind: 'restart' })
  })

  it('stops and starts', async () => {
    await act('stop')
    expect((await get(appPath)).body).not.toMatchObject({ stopped: [] })
    await act('start')
    expect((await get(appPath)).body).toMatchObject({ stopped: [] })
  })

  it('rolls back to an earlier release', async () => {
    const next = await api.ask('POST', `${appPath}/deployments`, {
      token: api.tokens.deployer,
      body: { manifest: helloManifest.replace('image: nginx', 'image: nginx:2') },
    })
    await ended(api, String(next.body['id']))
    expect((await get(appPath)).body).toMatchObject({ release: 2 })
    expect(await act('rollback', { toRelease: 1 })).toMatchObject({ kind: 'rollback', release: 1 })
    expect((await get(appPath)).body).toMatchObject({ release: 1 })
  })

  it('refuses to cancel what has ended', async () => {
    const answer = await api.ask('POST', `${appPath}/deployments/${first}/cancel`, {
      token: api.tokens.operator,
      body: { leave: true },
    })
    expect(answer).toMatchObject({ status: 409, body: { code: 'wrong-state' } })
  })

  it('refuses to approve what does not wait', async () => {
    const answer = await api.ask('POST', `${appPath}/deployments/${first}/approve`, { token: api.tokens.deployer })
    expect(answer).toMatchObject({ status: 409, body: { code: 'wrong-state' } })
  })

  it('removes an app by a deployment', async () => {
    const manifest = helloManifest.replace('name: hello', 'name: short')
    const path = '/v1/projects/shop/apps/short'
    const made = await api.ask('POST', `${path}/deployments`, { token: api.tokens.deployer, body: { manifest } })
    await get(`${path}/deployments/${String(made.body['id'])}?wait=20`)
    const gone = await api.ask('DELETE', path, { token: api.tokens.deployer })
    expect(gone).toMatchObject({ status: 202, body: { kind: 'remove' } })
    const done = await get(`${path}/deployments/${String(gone.body['id'])}?wait=20`)
    expect(done.body).toMatchObject({ state: 'succeeded', kept: { volumes: [], secrets: [] } })
  })
})

describe('runs', () => {
  it('starts a run and shows how it ended', async () => {
    const started = await api.ask('POST', `${appPath}/runs`, {
      token: api.tokens.operator,
      body: { job: 'tidy', env: { A: 'b' } },
    })
    expect(started).toMatchObject({ status: 202, body: { job: 'tidy', trigger: 'manual', by: 'token:operator' } })
    const location = started.headers.get('location') ?? ''
    await expect.poll(async () => (await get(location)).body['state'], { timeout: 15_000 }).toBe('succeeded')
    expect((await get(`${appPath}/runs?job=tidy`)).body.items?.[0]).toMatchObject({ id: started.body['id'] })
    expect((await get(`${appPath}/runs`)).body.items?.length).toBe(1)
  })

  it('cancels a run or says that it has ended', async () => {
    const started = await api.ask('POST', `${appPath}/runs`, { token: api.tokens.operator, body: { job: 'tidy' } })
    const path = `${appPath}/runs/${String(started.body['id'])}/cancel`
    const cancelled = await api.ask('POST', path, { token: api.tokens.operator })
    expect([202, 409]).toContain(cancelled.status)
  })

  it('knows no job that the app does not have', async () => {
    const answer = await api.ask('POST', `${appPath}/runs`, { token: api.tokens.operator, body: { job: 'nothing' } })
    expect([404, 422]).toContain(answer.status)
  })
})

describe('secrets', () => {
  const path = `${appPath}/secrets`
  const value = 'correct horse battery staple'

  it('takes values and shows versions alone', async () => {
    const set = await api.ask('PUT', `${path}/db-pass`, { token: api.tokens.deployer, body: { value } })
    expect(set.status).toBe(200)
    const list = await get(path)
    expect(list.body.items).toMatchObject([{ name: 'db-pass', version: set.body['version'], origin: 'set' }])
    const versions = await get(`${path}/db-pass`)
    expect(versions.body.items?.length).toBe(1)
    expect(JSON.stringify([set.body, list.body, versions.body])).not.toContain('horse')
  })

  it('takes bytes and keys', async () => {
    const bytes = await api.ask('PUT', `${path}/raw`, { token: api.tokens.deployer, body: { base64: 'AP8=' } })
    expect(bytes.status).toBe(200)
    const keys = { 'tls.crt': { value: 'a' }, 'tls.key': { base64: 'Yg==' } }
    const keyed = await api.ask('PUT', `${path}/tls`, { token: api.tokens.deployer, body: { keys } })
    expect(keyed.status).toBe(200)
    const read = await api.deps.vault.read('shop/default/hello/tls')
    expect(read?.value).toMatchObject({ kind: 'keyed' })
  })

  it('keeps environments apart', async () => {
    await api.ask('PUT', `${path}/only-staging?environment=staging`, {
      token: api.tokens.deployer,
      body: { value: 'x' },
    })
    expect((await get(`${path}?environment=staging`)).body.items?.map((item) => item['name'])).toEqual(['only-staging'])
  })

  it('removes a secret that nobody uses', async () => {
    await api.ask('PUT', `${path}/old`, { token: api.tokens.deployer, body: { value: 'x' } })
    expect((await api.ask('DELETE', `${path}/old`, { token: api.tokens.deployer })).status).toBe(204)
    expect((await get(`${path}/old`)).status).toBe(404)
    expect((await api.ask('DELETE', `${path}/old`, { token: api.tokens.deployer })).status).toBe(404)
  })

  it('refuses to remove a secret that the running release needs', async () => {
    const manifest = `${helloManifest.replace('name: hello', 'name: vaulted').replace('image: nginx,', 'image: nginx, env: {K: {secret: key}},')}secrets:\n  key: {generate: {length: 16}}\n`
    const vaulted = '/v1/projects/shop/apps/vaulted'
    const made = await api.ask('POST', `${vaulted}/deployments`, { token: api.tokens.deployer, body: { manifest } })
    expect(made.status, JSON.stringify(made.body)).toBe(202)
    await get(`${vaulted}/deployments/${String(made.body['id'])}?wait=20`)
    const answer = await api.ask('DELETE', `${vaulted}/secrets/key`, { token: api.tokens.deployer })
    expect(answer).toMatchObject({ status: 409, body: { code: 'in-use' } })
  })

  it('writes no value into the store, the events or the audit', async () => {
    await api.ask('PUT', `${path}/traced`, { token: api.tokens.deployer, body: { value: 'unmistakable-value-42' } })
    const { store } = api.deps
    const texts = await Promise.all(
      ['audit', 'audit/shop', 'events/shop', 'events/shop/hello/default'].map(async (stream) =>
        JSON.stringify(await store.read(stream, 0, 500)),
      ),
    )
    expect(texts.join()).toContain('traced')
    expect(texts.join()).not.toContain('unmistakable-value-42')
  })
})

describe('projects', () => {
  it('shows a token only the projects it has a grant in', async () => {
    const names = async (token: string) => (await get('/v1/projects', token)).body.items?.map((item) => item['name'])
    expect(await names(api.tokens.viewer)).toEqual(['shop'])
    expect(await names(api.tokens.guest)).toEqual(['shop'])
    expect(await names(api.tokens.nobody)).toEqual([])
    expect(await names(api.tokens.owner)).toEqual(['other', 'secretive', 'shop'])
  })

  it('makes, changes and removes a project', async () => {
    const { owner } = api.tokens
    const made = await api.ask('POST', '/v1/projects', { token: owner, body: { name: 'fresh' } })
    expect(made).toMatchObject({ status: 201, body: { name: 'fresh', allow: [] } })
    expect(made.headers.get('location')).toBe('/v1/projects/fresh')
    const changed = await api.ask('PATCH', '/v1/projects/fresh', { token: owner, body: { allow: ['hostPath'] } })
    expect(changed.body).toMatchObject({ allow: ['hostPath'] })
    expect((await api.ask('POST', '/v1/projects', { token: owner, body: { name: 'fresh' } })).status).toBe(409)
    expect((await api.ask('DELETE', '/v1/projects/fresh', { token: owner })).status).toBe(204)
    expect((await get('/v1/projects/fresh', owner)).status).toBe(404)
  })

  it('refuses to remove a project that has apps', async () => {
    const answer = await api.ask('DELETE', '/v1/projects/shop', { token: api.tokens.projectOwner })
    expect(answer).toMatchObject({ status: 409, body: { code: 'in-use' } })
  })

  it('lets no owner of a project allow dangerous options', async () => {
    const answer = await api.ask('PATCH', '/v1/projects/shop', {
      token: api.tokens.projectOwner,
      body: { allow: ['hostPath'] },
    })
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })
})

describe('clusters', () => {
  it('lists clusters to whoever has a grant anywhere', async () => {
    expect((await get('/v1/clusters')).body.items).toMatchObject([{ name: 'local', kind: 'memory' }])
    expect((await get('/v1/clusters/local')).body).toMatchObject({ name: 'local' })
    expect((await get('/v1/clusters', api.tokens.nobody)).status).toBe(403)
  })

  it('makes a cluster known', async () => {
    const body = { name: 'second', kind: 'memory', domain: 'apps.example.com' }
    const made = await api.ask('POST', '/v1/clusters', { token: api.tokens.owner, body })
    expect(made).toMatchObject({ status: 201, body })
    expect((await api.ask('POST', '/v1/clusters', { token: api.tokens.owner, body })).status).toBe(409)
    await api.deps.store.commit([
      { remove: { collection: 'cluster', partition: 'all', id: 'second' }, unconditional: true },
    ])
  })

  it('lists machines and passes a drain on', async () => {
    const { owner } = api.tokens
    const nodes = await get('/v1/clusters/local/nodes', owner)
    const id = String(nodes.body.items?.[0]?.['id'])
    const path = `/v1/clusters/local/nodes/${id}`
    const change = (availability: string) => api.ask('PATCH', path, { token: owner, body: { availability } })
    // The simulated machines cannot be drained; what matters here is that the request gets to them.
    expect((await change('drain')).body).toMatchObject({ code: 'backend-cannot' })
    expect((await change('asleep')).body).toMatchObject({ code: 'not-allowed' })
    const unknown = await api.ask('PATCH', '/v1/clusters/local/nodes/none', {
      token: owner,
      body: { availability: 'drain' },
    })
    expect(unknown.status).toBe(404)
  })

  it('knows no cluster that was not added', async () => {
    expect((await get('/v1/clusters/nowhere')).status).toBe(404)
  })

  it('answers housekeeping or says that the target has none', async () => {
    const report = await get('/v1/clusters/local/housekeeping', api.tokens.owner)
    expect([200, 422]).toContain(report.status)
    const body = { items: [{ kind: 'image', nativeId: 'sha256:1' }] }
    const reclaimed = await api.ask('POST', '/v1/clusters/local/housekeeping', { token: api.tokens.owner, body })
    expect([200, 422]).toContain(reclaimed.status)
  })
})

describe('volumes', () => {
  it('lists and deletes the volumes of a project, and no others', async () => {
    const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: kept}
services:
  db: {image: redis, mounts: {/data: {volume: data}}, update: {rolling: {settle: 0s}}}
volumes:
  data: {}
`
    const path = '/v1/projects/shop/apps/kept'
    const { deployer, viewer, stranger } = api.tokens
    const made = await api.ask('POST', `${path}/deployments`, { token: deployer, body: { manifest } })
    expect(made.status, JSON.stringify(made.body)).toBe(202)
    await get(`${path}/deployments/${String(made.body['id'])}?wait=20`)
    const list = await get('/v1/projects/shop/volumes?cluster=local', viewer)
    expect(list.body.items).toMatchObject([{ name: 'data', app: { project: 'shop', app: 'kept' } }])
    const nativeName = String(list.body.items?.[0]?.['nativeName'])
    const theirs = await api.ask('DELETE', `/v1/projects/other/volumes/${nativeName}?cluster=local`, {
      token: stranger,
    })
    expect(theirs.status).toBe(404)
    const used = await api.ask('DELETE', `/v1/projects/shop/volumes/${nativeName}?cluster=local`, { token: deployer })
    expect(used).toMatchObject({ status: 409, body: { code: 'in-use' } })
    const gone = await api.ask('DELETE', path, { token: deployer })
    await get(`${path}/deployments/${String(gone.body['id'])}?wait=20`)
    const removed = await api.ask('DELETE', `/v1/projects/shop/volumes/${nativeName}?cluster=local`, {
      token: deployer,
    })
    expect(removed.status).toBe(204)
  })
})

describe('tokens', () => {
  const body = { name: 'ci', grants: [{ role: 'deployer', collection: 'shop' }] }

  it('shows a new token once and keeps its hash alone', async () => {
    const made = await api.ask('POST', '/v1/tokens', { token: api.tokens.projectOwner, body })
    expect(made.status).toBe(201)
    const token = String(made.body['token'])
    expect(token).toMatch(/^esc_[a-z2-7]{68}$/)
    const location = made.headers.get('location') ?? ''
    expect(JSON.stringify((await get(location, api.tokens.projectOwner)).body)).not.toContain(token)
    expect(JSON.stringify(await api.deps.store.list('token', 'all'))).not.toContain(token)
    expect((await get('/v1/whoami', token)).body).toMatchObject({ subject: 'token:ci' })
  })

  it('refuses a revoked token at once', async () => {
    const made = await api.ask('POST', '/v1/tokens', { token: api.tokens.projectOwner, body })
    const token = String(made.body['token'])
    const path = `/v1/tokens/${String(made.body['id'])}`
    expect((await api.ask('DELETE', path, { token: api.tokens.projectOwner })).status).toBe(204)
    expect((await get('/v1/whoami', token)).status).toBe(401)
    expect((await api.ask('DELETE', path, { token: api.tokens.projectOwner })).status).toBe(404)
  })

  it('expires in 90 days unless told otherwise', async () => {
    const made = await api.ask('POST', '/v1/tokens', { token: api.tokens.projectOwner, body })
    const days = (Date.parse(String(made.body['expiresAt'])) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(90)
    const never = await api.ask('POST', '/v1/tokens', {
      token: api.tokens.projectOwner,
      body: { ...body, expiresAt: null },
    })
    expect(never.body).not.toHaveProperty('expiresAt')
  })

  it('lets nobody give more than they have', async () => {
    const { projectOwner } = api.tokens
    for (const collection of ['*', 'other', 'shopping']) {
      const answer = await api.ask('POST', '/v1/tokens', {
        token: projectOwner,
        body: { name: 'big', grants: [{ role: 'viewer', collection }] },
      })
      expect(answer).toMatchObject({
        status: 403,
        body: { code: 'grant-exceeds', problems: [{ pointer: '#/grants/0' }] },
      })
    }
  })

  it('shows an owner only the tokens within what they own', async () => {
    const list = async (token: string) => (await get('/v1/tokens', token)).body.items?.map((item) => item['name']) ?? []
    expect(await list(api.tokens.owner)).toContain('stranger')
    expect(await list(api.tokens.projectOwner)).toContain('viewer')
    expect(await list(api.tokens.projectOwner)).not.toContain('stranger')
    expect(await list(api.tokens.projectOwner)).not.toContain('owner')
  })
})

describe('grants', () => {
  it('gives a grant once however often, and takes it back', async () => {
    const { projectOwner } = api.tokens
    const body = { subject: 'group:development', role: 'viewer', collection: 'shop' }
    const given = await api.ask('POST', '/v1/grants', { token: projectOwner, body })
    expect(given).toMatchObject({ status: 201, body })
    expect((await api.ask('POST', '/v1/grants', { token: projectOwner, body })).body['id']).toBe(given.body['id'])
    expect((await get('/v1/grants', projectOwner)).body.items).toMatchObject([body])
    expect((await get('/v1/grants', api.tokens.stranger)).body.items).toEqual([])
    const path = `/v1/grants/${String(given.body['id'])}`
    expect((await api.ask('DELETE', path, { token: api.tokens.stranger })).status).toBe(404)
    expect((await api.ask('DELETE', path, { token: projectOwner })).status).toBe(204)
    expect((await get('/v1/grants', projectOwner)).body.items).toEqual([])
  })
})

describe('uploads', () => {
  it('says that it takes none where it cannot keep them', async () => {
    const answer = await api.ask('POST', `${appPath}/uploads`, {
      token: api.tokens.deployer,
      raw: 'tar',
      headers: { 'content-type': 'application/x-tar' },
    })
    expect(answer).toMatchObject({ status: 409, body: { code: 'not-offered' } })
  })
})
