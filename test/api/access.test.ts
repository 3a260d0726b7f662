import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers, judge, mayGive } from '../../lib/control/access/grants.ts'
import type { Grant } from '../../lib/control/access/grants.ts'
import type { TokenVerifier } from '../../lib/control/access/principal.ts'
import { actions, rank, roles } from '../../lib/control/access/roles.ts'
import type { Action } from '../../lib/control/access/roles.ts'
import type { AnyRoute } from '../../lib/api/route.ts'
import { routes } from '../../lib/api/routes/table.ts'
import { issueToken } from '../../lib/control/access/tokens.ts'
import { appPath, deployHello, helloManifest, people, testApi } from './support.ts'
import type { Answer, Person, TestApi } from './support.ts'

let api: TestApi
let deployment: string
beforeAll(async () => {
  api = await testApi()
  deployment = await deployHello(api)
})
afterAll(() => api.stop())

const bodies: Readonly<Record<string, unknown>> = {
  createProject: { name: 'shop' },
  changeProject: { allow: [] },
  scale: { services: { web: 1 } },
  planApp: { manifest: helloManifest },
  deploy: { manifest: helloManifest },
  startRun: { job: 'tidy' },
  openExec: { service: 'web', command: ['sh'] },
  setSecret: { value: 'x' },
}

const filled = (path: string, project: string, app: string): string =>
  path
    .replace('{project}', project)
    .replace('{app}', app)
    .replace('{deployment}', deployment)
    .replace('{release}', '1')
    .replace('{run}', `run_${'a'.repeat(26)}`)
    .replace('{secret}', 'key')
    .replace('{volume}', 'data')

const scoped = Object.entries<AnyRoute>(routes).filter(([, record]) => record.path.includes('{project}'))
const ofApps = scoped.filter(([, record]) => record.path.includes('{app}'))

const queryOf = (operation: string): string =>
  operation.endsWith('Volumes') || operation === 'removeVolume' ? '?cluster=local' : ''

const ask = (operation: string, record: AnyRoute, token: string | undefined, project: string, app = 'hello') =>
  api.ask(record.method, `${filled(record.path, project, app)}${queryOf(operation)}`, {
    token,
    body: bodies[operation],
    ...(record.takesArchive === true && { raw: 'tar', headers: { 'content-type': 'application/x-tar' } }),
  })

/** An answer without what differs between any two answers. */
const comparable = (answer: Answer, ...names: readonly string[]) => {
  const headers = Object.fromEntries(answer.headers)
  delete headers['x-trace-id']
  delete headers['content-length']
  let text = JSON.stringify({ ...answer.body, traceId: '' })
  for (const name of names) text = text.replaceAll(name, 'NAME')
  return { status: answer.status, headers, text }
}

describe('without a valid token', () => {
  it.each(Object.entries<AnyRoute>(routes).filter(([, record]) => record.needs !== 'public'))(
    '%s answers 401 and how to sign in',
    async (operation, record) => {
      const answer = await ask(operation, record, undefined, 'shop')
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    },
  )

  it.each([
    ['an unknown token', `esc_${'a'.repeat(68)}`],
    ['a token with one letter changed', ''],
    ['no token of ours', 'abc.def.ghi'],
    ['a token that is too short', 'esc_abc'],
  ])('%s is as good as none', async (_, given) => {
    const changed = (token: string) => `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`
    const answer = await api.ask('GET', '/v1/whoami', { token: given === '' ? changed(api.tokens.owner) : given })
    const without = await api.ask('GET', '/v1/whoami')
    expect(comparable(answer)).toEqual(comparable(without))
  })

  it('takes no token from the query', async () => {
    expect((await api.ask('GET', `/v1/whoami?token=${api.tokens.owner}`)).status).toBe(401)
  })

  it('refuses a token that has expired', async () => {
    const { token } = await issueToken(
      api.deps,
      { subject: 'test' },
      {
        name: 'old',
        grants: people.owner,
        expiresAtMs: Date.now() - 1,
      },
    )
    expect((await api.ask('GET', '/v1/whoami', { token })).status).toBe(401)
  })
})

describe('a subject without a grant in a project', () => {
  it.each(scoped)('cannot tell by %s whether the project exists', async (operation, record) => {
    for (const person of ['stranger', 'nobody'] as const) {
      const token = api.tokens[person]
      const there = await ask(operation, record, token, 'shop')
      const notThere = await ask(operation, record, token, 'nada')
      expect(there.status).toBe(404)
      expect(comparable(there, 'shop')).toEqual(comparable(notThere, 'nada'))
    }
  })

  it.each(scoped)(
    'is told by %s what an owner of everything is told of a project that does not exist',
    async (operation, record) => {
      const theirs = await ask(operation, record, api.tokens.stranger, 'shop')
      const owners = await ask(operation, record, api.tokens.owner, 'nada')
      expect(comparable(theirs, 'shop')).toEqual(comparable(owners, 'nada'))
    },
  )

  it('cannot tell by making a project whether it exists', async () => {
    const make = (name: string) => api.ask('POST', '/v1/projects', { token: api.tokens.stranger, body: { name } })
    const there = await make('secretive')
    const notThere = await make('unheard-of')
    expect(there.status).toBe(403)
    expect(comparable(there, 'secretive')).toEqual(comparable(notThere, 'unheard-of'))
  })
})

describe('a subject with a grant on one app', () => {
  it.each(ofApps)('cannot tell by %s whether another app exists', async (operation, record) => {
    const there = await ask(operation, record, api.tokens.guest, 'shop', 'other')
    const notThere = await ask(operation, record, api.tokens.guest, 'shop', 'nada')
    expect(there.status).toBe(404)
    expect(comparable(there, 'other')).toEqual(comparable(notThere, 'nada'))
  })

  it('sees the project, and does in its app what its role allows', async () => {
    expect((await api.ask('GET', '/v1/projects/shop', { token: api.tokens.guest })).status).toBe(200)
    const body = { manifest: helloManifest }
    expect((await api.ask('POST', `${appPath}/plans`, { token: api.tokens.guest, body })).status).toBe(200)
  })

  it('does not see the events of the whole project', async () => {
    expect((await api.ask('GET', '/v1/projects/shop/events', { token: api.tokens.guest })).status).toBe(403)
  })

  it('cannot deploy another app by naming it in the manifest', async () => {
    const body = { manifest: helloManifest.replace('name: hello', 'name: other') }
    const answer = await api.ask('POST', `${appPath}/deployments`, { token: api.tokens.guest, body })
    expect(answer).toMatchObject({ status: 422, body: { code: 'app-mismatch' } })
  })
})

describe('roles', () => {
  const ranked = ['viewer', 'operator', 'deployer', 'projectOwner'] as const satisfies readonly Person[]

  it.each(scoped)(
    '%s answers 403 to every role below the one it needs, and not to that one',
    async (operation, record) => {
      if (record.needs === 'public') throw new Error(`${operation} speaks of a project and is public`)
      const { role, reach } = actions[record.needs]
      const least = rank(role)
      for (const [index, person] of ranked.entries()) {
        const enough = index >= least && reach !== 'installation'
        // What destroys is only asked of those who must not.
        if (enough && (record.method === 'DELETE' || operation === 'deploy' || operation === 'stop')) continue
        const { status, body } = await ask(operation, record, api.tokens[person], 'shop')
        if (enough) expect(status, `${person}: ${JSON.stringify(body)}`).not.toBe(403)
        else expect({ status, code: body['code'] }, person).toEqual({ status: 403, code: 'forbidden' })
      }
    },
  )

  it('gives exec to operators, secrets to deployers, tokens to owners', () => {
    expect(actions['app.exec'].role).toBe('operator')
    expect(actions['secret.write'].role).toBe('deployer')
    expect(actions['token.manage'].role).toBe('owner')
    expect(actions['grant.manage'].role).toBe('owner')
  })
})

describe('grants', () => {
  const word = fc.constantFrom('shop', 'shopping', 'other', 'a', 'hello')
  const collection = fc.oneof(
    fc.constant('*'),
    word,
    fc.tuple(word, word).map((pair) => pair.join('/')),
  )
  const grant = fc.record({ role: fc.constantFrom(...roles), collection })
  const action = fc.constantFrom(...(Object.keys(actions) as Action[]))
  const order = { hidden: 0, forbidden: 1, allowed: 2 }

  it('never allow less when there are more of them', () => {
    fc.assert(
      fc.property(
        fc.array(grant),
        grant,
        action,
        word,
        word,
        (grants: readonly Grant[], more: Grant, name, project, app) => {
          const before = judge(grants, name, { project, app })
          const after = judge([...grants, more], name, { project, app })
          expect(order[after]).toBeGreaterThanOrEqual(order[before])
        },
      ),
    )
  })

  it('never allow anything in a project that none of them reaches', () => {
    fc.assert(
      fc.property(fc.array(grant), action, word, (grants: readonly Grant[], name, app) => {
        const elsewhere = grants.filter((item) => item.collection !== '*')
        const { reach } = actions[name]
        fc.pre(reach === 'project' || reach === 'inProject' || reach === 'app')
        expect(judge(elsewhere, name, { project: 'hidden', app })).toBe('hidden')
      }),
    )
  })

  it('are never given by who could not do themselves what they allow', () => {
    fc.assert(
      fc.property(
        fc.array(grant),
        grant,
        action,
        word,
        word,
        (own: readonly Grant[], given: Grant, name, project, app) => {
          fc.pre(mayGive(own, given))
          if (judge([given], name, { project, app }) === 'allowed') {
            expect(judge(own, name, { project, app })).toBe('allowed')
          }
        },
      ),
    )
  })

  it('do not confuse names that begin alike', () => {
    expect(covers('shop', 'shopping')).toBe(false)
    expect(covers('shop', 'shop/hello')).toBe(true)
    expect(covers('shop/hello', 'shop')).toBe(false)
  })
})

describe('tokens of an identity provider', () => {
  const verifier: TokenVerifier = {
    verify: (token) =>
      Promise.resolve(
        token === 'jwt-of-ann'
          ? { id: 'https://issuer.example#1', user: 'ann@example.com', groups: ['development'] }
          : token === 'jwt-expired'
            ? { id: 'https://issuer.example#1', user: 'ann@example.com', groups: [], expiresAtMs: 1 }
            : undefined,
      ),
  }

  it('get what was granted to the user and to their groups', async () => {
    const own = await testApi({ verifier })
    try {
      const { owner } = own.tokens
      await own.ask('POST', '/v1/grants', {
        token: owner,
        body: { subject: 'user:ann@example.com', role: 'viewer', collection: 'shop' },
      })
      await own.ask('POST', '/v1/grants', {
        token: owner,
        body: { subject: 'group:development', role: 'deployer', collection: 'other' },
      })
      const who = await own.ask('GET', '/v1/whoami', { token: 'jwt-of-ann' })
      expect(who.body).toMatchObject({
        subject: 'user:ann@example.com',
        grants: [
          { role: 'viewer', collection: 'shop' },
          { role: 'deployer', collection: 'other' },
        ],
      })
      expect((await own.ask('GET', '/v1/whoami', { token: 'jwt-expired' })).status).toBe(401)
      expect((await own.ask('GET', '/v1/whoami', { token: 'jwt-of-bob' })).status).toBe(401)
    } finally {
      await own.stop()
    }
  })

  it('are refused where there is none', async () => {
    expect((await api.ask('GET', '/v1/whoami', { token: 'jwt-of-ann' })).status).toBe(401)
  })
})
