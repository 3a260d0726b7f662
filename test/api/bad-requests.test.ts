import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { badAccessFields } from './bad/access-fields.ts'
import { badAddresses } from './bad/addresses.ts'
import { scale } from './bad/bad.ts'
import { badBodies } from './bad/bodies.ts'
import { badHeaders } from './bad/headers.ts'
import { badManifestFields } from './bad/manifest-fields.ts'
import { badQueries } from './bad/queries.ts'
import { appPath, deployHello, testApi } from './support.ts'
import type { TestApi } from './support.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
  await deployHello(api)
})
afterAll(() => api.stop())

const bad = [...badBodies, ...badManifestFields, ...badAccessFields, ...badQueries, ...badHeaders, ...badAddresses]

describe('a bad request', () => {
  it.each(bad)('of $name is told so with its place', async ({ method = 'POST', path, ask = {}, status, code, at }) => {
    const answer = await api.ask(method, path, { token: api.tokens.owner, ...ask })
    expect({ status: answer.status, code: answer.body['code'] }, JSON.stringify(answer.body)).toEqual({ status, code })
    if (at === undefined) return
    const problems = answer.body['problems'] as { code: string; pointer?: string; parameter?: string }[]
    expect(problems.map((problem) => problem.pointer ?? problem.parameter)).toContain(at)
  })

  it('is told all its problems at once, of query and body alike', async () => {
    const answer = await api.ask('POST', `${scale}?environment=A&colour=red`, {
      token: api.tokens.owner,
      body: { services: { web: -1, api: 'x' }, extra: 1 },
    })
    const problems = answer.body['problems'] as { code: string; pointer?: string; parameter?: string }[]
    expect(
      problems
        .map((problem) => `${problem.code} ${problem.pointer ?? problem.parameter ?? ''}`)
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual([
      'invalid-name environment',
      'out-of-range #/services/web',
      'unknown-key #/extra',
      'unknown-key colour',
      'wrong-type #/services/api',
    ])
  })

  it('names the methods that are possible', async () => {
    const answer = await api.ask('PUT', appPath, { token: api.tokens.owner })
    expect(answer.headers.get('allow')).toBe('GET, DELETE, HEAD')
  })

  it('never quotes what may be a secret', async () => {
    const value = 'unmistakable-value-43'
    const answers = await Promise.all([
      api.ask('PUT', `${appPath}/secrets/key`, { token: api.tokens.owner, body: { base64: `${value}!` } }),
      api.ask('PUT', `${appPath}/secrets/key`, { token: api.tokens.owner, body: { keys: { a: value } } }),
      api.ask('POST', `${appPath}/exec`, { token: api.tokens.owner, body: { service: value, command: [value, 1] } }),
    ])
    for (const answer of answers) {
      expect(answer.status).toBe(422)
      expect(JSON.stringify(answer.body)).not.toContain(value)
    }
  })

  it('leaves a write of it out of the audit of what was done', async () => {
    await api.ask('POST', scale, { token: api.tokens.operator, body: { services: { web: -7 } } })
    const audit = await api.ask('GET', '/v1/projects/shop/audit?limit=500', { token: api.tokens.projectOwner })
    expect(audit.body.items?.at(-1)).toMatchObject({ operation: 'scale', outcome: 'refused', code: 'out-of-range' })
  })
})
