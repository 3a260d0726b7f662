/** Logs in where a registry asks for it: Basic, or tokens for scopes, kept until they expire. */
import type { Clock } from '../core/deps.ts'
import { EscaleError } from '../core/errors.ts'
import { parseChallenges } from './challenge.ts'
import type { Challenge } from './challenge.ts'
import { refusal } from './failure.ts'
import { mayVisit } from './hosts.ts'
import type { Endpoint } from './hosts.ts'
import { parseObject, textOf } from './json.ts'
import { mergeScopes } from './scope.ts'
import type { HttpRequest, HttpResponse } from './transport.ts'
import { readAll } from './bytes.ts'

export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token, as `docker login` keeps for some registries; exchanged for access tokens. */
  | { readonly kind: 'identityToken'; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: 'bearerToken'; readonly token: string }

/** Credentials for a host; `undefined` where there are none. Asked anew for each login, so that they may change. */
export type Credentials = (host: string) => Promise<Credential | undefined>

export interface Authorizer {
  /** The `Authorization` to begin with: what the host asked for before, or nothing. */
  current(endpoint: Endpoint, scopes: readonly string[]): string | undefined
  /** The `Authorization` that answers a 401; `undefined` where nothing at hand could. */
  answer(endpoint: Endpoint, scopes: readonly string[], refused: Refused): Promise<string | undefined>
  has(endpoint: Endpoint): Promise<boolean>
}

export interface Refused {
  /** What was sent. */
  readonly authorization: string | undefined
  /** `WWW-Authenticate` of the answer. */
  readonly challenge: string
  readonly signal: AbortSignal
}

export interface AuthorizerDeps {
  readonly credentials: Credentials
  readonly clock: Clock
  /** One request without login, failures of the connection already coded. */
  readonly send: (endpoint: Endpoint, request: Omit<HttpRequest, 'ca'>) => Promise<HttpResponse>
}

interface Token {
  readonly authorization: string
  readonly expiresAtMs: number
}

const maxTokenBytes = 1024 * 1024
/** What the specification says of tokens that name no lifetime. */
const defaultLifetimeS = 60

export function createAuthorizer({ credentials, clock, send }: AuthorizerDeps): Authorizer {
  const tokens = new Map<string, Token>()
  const pending = new Map<string, Promise<Token>>()
  /** Hosts that asked for Basic, and what satisfied them. */
  const basic = new Map<string, string>()
  const keyOf = (endpoint: Endpoint, scopes: readonly string[]): string =>
    [endpoint.address, ...mergeScopes(scopes)].join(' ')

  async function token(
    endpoint: Endpoint,
    scopes: readonly string[],
    challenge: Challenge,
    signal: AbortSignal,
  ): Promise<Token> {
    const key = keyOf(endpoint, scopes)
    const running = pending.get(key)
    if (running !== undefined)
      return running.catch((error: unknown) => {
        // Who asked first may have given up; that is no answer to this call.
        if (error instanceof EscaleError) throw error
        signal.throwIfAborted()
        return token(endpoint, scopes, challenge, signal)
      })
    const wanted = mergeScopes([
      ...scopes,
      ...(challenge.params['scope'] ?? '').split(' ').filter((scope) => scope !== ''),
    ])
    const fetched = credentials(endpoint.address)
      .then((credential) => fetchToken(endpoint, challenge, wanted, credential, signal))
      .then((found) => {
        tokens.set(key, found)
        return found
      })
      .finally(() => pending.delete(key))
    pending.set(key, fetched)
    return fetched
  }

  async function fetchToken(
    endpoint: Endpoint,
    { params }: Challenge,
    scopes: readonly string[],
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<Token> {
    if (credential?.kind === 'bearerToken')
      return { authorization: `Bearer ${credential.token}`, expiresAtMs: clock.nowMs() }
    const realm = URL.canParse(params['realm'] ?? '') ? new URL(params['realm'] ?? '') : undefined
    if (realm === undefined)
      throw new EscaleError(
        'registry-refused',
        `${endpoint.registry} asks for a token but does not say where one is had (realm "${params['realm'] ?? ''}")`,
      )
    mayVisit(realm, endpoint)
    const response = await send(endpoint, { ...tokenRequest(realm, params['service'], scopes, credential), signal })
    if (response.status !== 200)
      throw await refusal(response, {
        registry: endpoint.registry,
        subject: `a token for ${scopes.join(' ') || 'the registry'}`,
        withCredentials: credential !== undefined,
        writing: false,
      })
    const body = parseObject(
      await readAll(response.body, maxTokenBytes, 'the token answer'),
      'registry-refused',
      `the answer of ${realm.host}`,
    )
    const text = textOf(body['token']) ?? textOf(body['access_token'])
    if (text === undefined || text === '')
      throw new EscaleError('registry-refused', `${realm.host} answered without a token`)
    const lifetimeS = typeof body['expires_in'] === 'number' ? body['expires_in'] : defaultLifetimeS
    // A token must outlast the call it is sent with.
    const marginS = Math.min(10, lifetimeS / 5)
    return { authorization: `Bearer ${text}`, expiresAtMs: clock.nowMs() + (lifetimeS - marginS) * 1000 }
  }

  const current = (endpoint: Endpoint, scopes: readonly string[]): string | undefined => {
    const key = keyOf(endpoint, scopes)
    const known = tokens.get(key)
    if (known !== undefined && known.expiresAtMs > clock.nowMs()) return known.authorization
    tokens.delete(key)
    return basic.get(endpoint.address)
  }

  return {
    current,
    async answer(endpoint, scopes, { authorization: sent, challenge, signal }) {
      // Another call may have logged in while this one was under way.
      const known = current(endpoint, scopes)
      if (known !== undefined && known !== sent) return known
      const challenges = parseChallenges(challenge)
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
      if (bearer !== undefined) {
        tokens.delete(keyOf(endpoint, scopes))
        return (await token(endpoint, scopes, bearer, signal)).authorization
      }
      basic.delete(endpoint.address)
      if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined
      const credential = await credentials(endpoint.address)
      if (credential === undefined) return undefined
      const authorization =
        credential.kind === 'password'
          ? basicOf(credential.username, credential.password)
          : `Bearer ${credential.token}`
      basic.set(endpoint.address, authorization)
      return authorization
    },
    has: async (endpoint) => (await credentials(endpoint.address)) !== undefined,
  }
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credential: Credential | undefined,
): Omit<HttpRequest, 'ca' | 'signal'> {
  if (credential?.kind === 'identityToken') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'escale',
      refresh_token: credential.token,
      scope: scopes.join(' '),
    })
    if (service !== undefined) form.set('service', service)
    return {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
    }
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  if (credential?.kind !== 'password') return { method: 'GET', url, headers: {} }
  url.searchParams.set('account', credential.username)
  return { method: 'GET', url, headers: { authorization: basicOf(credential.username, credential.password) } }
}

const basicOf = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
