/** Tokens, and grants to users and groups. Owners see and give what their own grants cover, nothing more. */
import { EscaleError } from '../../core/errors.ts'
import { parseTime } from '../../core/time.ts'
import { mayGive } from '../../control/access/grants.ts'
import type { Grant } from '../../control/access/grants.ts'
import type { Principal } from '../../control/access/principal.ts'
import { getGrant, giveGrant, listGrants, takeGrant } from '../../control/access/subjects.ts'
import { getToken, issueToken, listTokens, revokeToken } from '../../control/access/tokens.ts'
import { refuseRequest } from '../answer.ts'
import { grantView, tokenView } from '../present/access.ts'
import { requestProblem } from '../present/problems.ts'
import { route } from '../route.ts'
import { createTokenBody, giveGrantBody, givenGrant, newToken, token } from '../schemas/access.ts'
import { installationPageQuery, pageOf } from '../schemas/common.ts'

const defaultLifeMs = 90 * 24 * 3_600_000

const rules = (principal: Principal, grants: readonly Grant[]): boolean =>
  grants.every((grant) => mayGive(principal.grants, grant))

const noToken = (id: string): EscaleError =>
  new EscaleError('not-found', `There is no token ${JSON.stringify(id)}, or it may not be seen.`)

const noGrant = (id: string): EscaleError =>
  new EscaleError('not-found', `There is no grant ${JSON.stringify(id)}, or it may not be seen.`)

const exceeds = (principal: Principal, grants: readonly Grant[], pointer: (index: number) => string) =>
  grants.flatMap((grant, index) =>
    mayGive(principal.grants, grant)
      ? []
      : [
          requestProblem(
            'grant-exceeds',
            `Only an owner of \`${grant.collection}\` may give the role ${grant.role} on it.`,
            {
              pointer: pointer(index),
            },
          ),
        ],
  )

function expiryOf(text: string | null | undefined, nowMs: number): number | undefined {
  if (text === null) return undefined
  if (text === undefined) return nowMs + defaultLifeMs
  const timeMs = parseTime(text)
  if (timeMs === undefined) {
    refuseRequest([
      requestProblem('invalid-format', `\`expiresAt\` is no time: ${JSON.stringify(text)}.`, {
        pointer: '#/expiresAt',
      }),
    ])
  } else if (timeMs <= nowMs) {
    refuseRequest([
      requestProblem('out-of-range', `\`expiresAt\` must lie in the future, not at ${text}.`, {
        pointer: '#/expiresAt',
      }),
    ])
  }
  return timeMs
}

export const tokenRoutes = {
  listTokens: route({
    method: 'GET',
    path: '/v1/tokens',
    summary: 'Tokens within what the caller owns',
    tag: 'tokens',
    needs: 'token.manage',
    query: installationPageQuery,
    status: 200,
    answer: pageOf(token),
    async handler({ deps, query, principal }) {
      const page = await listTokens(deps, query)
      const items = page.items.filter((item) => rules(principal, item.grants)).map(tokenView)
      return { body: { items, ...(page.next !== undefined && { next: page.next }) } }
    },
  }),
  createToken: route({
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Make a token; it is shown this once',
    tag: 'tokens',
    needs: 'token.manage',
    body: createTokenBody,
    status: 201,
    answer: newToken,
    write: { repeat: 'never' },
    async handler({ deps, actor, principal, body, note }) {
      note({ resource: `token:${body.name}` })
      refuseRequest(exceeds(principal, body.grants, (index) => `#/grants/${String(index)}`))
      const expiresAtMs = expiryOf(body.expiresAt, deps.clock.nowMs())
      const issued = await issueToken(deps, actor, {
        name: body.name,
        grants: body.grants,
        ...(expiresAtMs !== undefined && { expiresAtMs }),
      })
      const view = tokenView(issued.record)
      note({
        after: { id: view.id, grants: body.grants.map((grant) => ({ ...grant })), expiresAt: view.expiresAt ?? null },
      })
      return { body: { ...view, token: issued.token }, location: `/v1/tokens/${view.id}` }
    },
  }),
  getToken: route({
    method: 'GET',
    path: '/v1/tokens/{token}',
    summary: 'One token, without its value',
    tag: 'tokens',
    needs: 'token.manage',
    status: 200,
    answer: token,
    refusals: [404],
    async handler({ deps, params, principal }) {
      const record = await getToken(deps, params.token)
      if (record === undefined || !rules(principal, record.grants)) throw noToken(params.token)
      return { body: tokenView(record) }
    },
  }),
  revokeToken: route({
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    summary: 'Revoke a token, at once',
    tag: 'tokens',
    needs: 'token.manage',
    status: 204,
    refusals: [404],
    write: { repeat: 'continue' },
    async handler({ deps, params, principal, note }) {
      note({ resource: `token:${params.token}` })
      const record = await getToken(deps, params.token)
      if (record === undefined || !rules(principal, record.grants)) throw noToken(params.token)
      await revokeToken(deps, params.token)
      note({ before: { name: record.name, grants: record.grants.map((grant) => ({ ...grant })) } })
      return { body: undefined }
    },
  }),
  listGrants: route({
    method: 'GET',
    path: '/v1/grants',
    summary: 'Grants to users and groups within what the caller owns',
    tag: 'grants',
    needs: 'grant.manage',
    query: installationPageQuery,
    status: 200,
    answer: pageOf(givenGrant),
    async handler({ deps, query, principal }) {
      const page = await listGrants(deps, query)
      const items = page.items.filter((item) => mayGive(principal.grants, item)).map(grantView)
      return { body: { items, ...(page.next !== undefined && { next: page.next }) } }
    },
  }),
  giveGrant: route({
    method: 'POST',
    path: '/v1/grants',
    summary: 'Give a user or group a role on a collection; giving it twice is giving it once',
    tag: 'grants',
    needs: 'grant.manage',
    body: giveGrantBody,
    status: 201,
    answer: givenGrant,
    write: { repeat: 'continue' },
    async handler({ deps, actor, principal, body, note }) {
      note({ resource: body.subject })
      refuseRequest(exceeds(principal, [body], () => '#/collection'))
      const { record, isNew } = await giveGrant(deps, actor, body.subject, {
        role: body.role,
        collection: body.collection,
      })
      const facts = { subject: record.subject, role: record.role, collection: record.collection }
      note(isNew ? { after: facts } : { before: facts, after: facts })
      return { body: grantView(record), location: `/v1/grants/${record.id}` }
    },
  }),
  takeGrant: route({
    method: 'DELETE',
    path: '/v1/grants/{grant}',
    summary: 'Take a grant back',
    tag: 'grants',
    needs: 'grant.manage',
    status: 204,
    refusals: [404],
    write: { repeat: 'continue' },
    async handler({ deps, params, principal, note }) {
      note({ resource: params.grant })
      const record = await getGrant(deps, params.grant)
      if (record === undefined || !mayGive(principal.grants, record)) throw noGrant(params.grant)
      await takeGrant(deps, record)
      note({ before: { subject: record.subject, role: record.role, collection: record.collection } })
      return { body: undefined }
    },
  }),
}
