/** One call to a registry: login, redirects, waiting when told to, and failures by their meaning. */
import type { Clock } from '../core/deps.ts'
import { EscaleError } from '../core/errors.ts'
import { createAuthorizer } from './auth.ts'
import type { Credentials } from './auth.ts'
import { connectionFailure, refusal } from './failure.ts'
import { endpointOf, mayVisit } from './hosts.ts'
import type { Endpoint, Hosts } from './hosts.ts'
import type { HttpRequest, HttpResponse, Method, Transport } from './transport.ts'

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Epoch milliseconds after which the call is given up; a default applies where it is absent. */
  readonly deadlineMs?: number
}

export interface RegistryCall {
  readonly method: Method
  readonly registry: string
  /** Path with query below the registry's root, or a whole address that the registry gave. */
  readonly target: string | URL
  readonly headers?: Readonly<Record<string, string>>
  /** Made anew for each attempt. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>
  readonly scopes: readonly string[]
  /** The statuses that are answers; any other is a failure. */
  readonly expect: readonly number[]
  /** What is asked for, as it reads in a sentence. */
  readonly subject: string
  readonly writing?: boolean
  readonly options: CallOptions
  readonly timeoutMs: number
}

export interface Answer extends HttpResponse {
  /** Where the answer came from, after redirects. */
  readonly url: URL
}

export type SendToRegistry = (call: RegistryCall) => Promise<Answer>

export interface RequestDeps {
  readonly transport: Transport
  readonly clock: Clock
  readonly credentials: Credentials
  readonly hosts: Hosts
}

const maxRedirects = 5
const minWaitMs = 1000

export function createSender({ transport, clock, credentials, hosts }: RequestDeps): SendToRegistry {
  const authorizer = createAuthorizer({
    credentials,
    clock,
    send: (endpoint, request) => once(endpoint, request, `a token of ${request.url.host}`, request.url.host),
  })

  async function once(
    endpoint: Endpoint,
    request: Omit<HttpRequest, 'ca'>,
    subject: string,
    host: string,
  ): Promise<HttpResponse> {
    try {
      return await transport(endpoint.ca === undefined ? request : { ...request, ca: endpoint.ca })
    } catch (error) {
      request.signal.throwIfAborted()
      throw connectionFailure(error, host, subject)
    }
  }

  async function attempt(
    call: RegistryCall,
    endpoint: Endpoint,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    let url = typeof call.target === 'string' ? new URL(call.target, endpoint.base) : call.target
    for (let redirects = 0; ; redirects += 1) {
      mayVisit(url, endpoint)
      // Stores that blobs are redirected to must not see the registry's credentials, and refuse requests that bear them.
      const login: Record<string, string> =
        authorization !== undefined && url.origin === endpoint.base.origin ? { authorization } : {}
      const body = call.body?.()
      const request = {
        method: call.method,
        url,
        headers: { ...call.headers, ...login },
        signal,
        ...(body === undefined ? {} : { body }),
      }
      const response = await once(endpoint, request, call.subject, url.host)
      const location = response.headers['location']
      const redirected = [301, 302, 303, 307, 308].includes(response.status) && !call.expect.includes(response.status)
      if (!redirected || location === undefined || (call.method !== 'GET' && call.method !== 'HEAD'))
        return { ...response, url }
      response.discard()
      if (redirects >= maxRedirects || !URL.canParse(location, url.href))
        throw new EscaleError(
          'registry-refused',
          `${call.registry} redirects ${call.subject} without end or to nowhere ("${location}")`,
        )
      url = new URL(location, url)
    }
  }

  async function send(call: RegistryCall): Promise<Answer> {
    const endpoint = endpointOf(call.registry, hosts)
    const deadlineMs = call.options.deadlineMs ?? clock.nowMs() + call.timeoutMs
    const signal = boundedSignal(call.options.signal, deadlineMs - clock.nowMs())
    let authorization = authorizer.current(endpoint, call.scopes)
    let loggedIn = false
    for (;;) {
      const response = await attempt(call, endpoint, authorization, signal)
      if (call.expect.includes(response.status)) return { ...response, body: guarded(response.body, call, signal) }
      if (response.status === 401 && !loggedIn) {
        const challenge = response.headers['www-authenticate'] ?? ''
        const next = await authorizer.answer(endpoint, call.scopes, { authorization, challenge, signal })
        if (next !== undefined) {
          response.discard()
          authorization = next
          loggedIn = true
          continue
        }
      }
      const waitMs = response.status === 429 ? retryAfterMs(response.headers['retry-after'], clock.nowMs()) : undefined
      if (waitMs !== undefined && clock.nowMs() + waitMs < deadlineMs) {
        response.discard()
        await clock.sleep(waitMs, signal)
        signal.throwIfAborted()
        continue
      }
      const asked = {
        registry: call.registry,
        subject: call.subject,
        withCredentials: await authorizer.has(endpoint),
        writing: call.writing ?? false,
      }
      const failure = await refusal(response, asked)
      if (waitMs === undefined) throw failure
      throw new EscaleError(
        failure.code,
        `${failure.message}; it asks to wait ${Math.ceil(waitMs / 1000)} s, which is beyond the deadline of this call`,
      )
    }
  }

  return async (call) => {
    try {
      return await send(call)
    } catch (error) {
      throw deadlinePassed(error, call)
    }
  }
}

function boundedSignal(signal: AbortSignal | undefined, remainingMs: number): AbortSignal {
  const limit = AbortSignal.timeout(Math.max(0, Math.min(remainingMs, 2 ** 31 - 1)))
  return signal === undefined ? limit : AbortSignal.any([signal, limit])
}

/** Our own limit is told as a coded error; who aborts knows why, and gets the reason back. */
const deadlinePassed = (error: unknown, call: RegistryCall): unknown =>
  error instanceof Error && error.name === 'TimeoutError' && !(call.options.signal?.aborted ?? false)
    ? new EscaleError(
        'timed-out',
        `${call.registry} did not answer for ${call.subject} before the deadline; try again, or allow more time`,
        { cause: error },
      )
    : error

async function* guarded(
  body: AsyncIterable<Uint8Array>,
  call: RegistryCall,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body
  } catch (error) {
    throw deadlinePassed(signal.aborted ? signal.reason : connectionFailure(error, call.registry, call.subject), call)
  }
}

/** `Retry-After`: seconds or a date. Never less than a second, so that nobody makes us hurry in circles. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined
  if (/^\d+$/.test(header.trim())) return Math.max(minWaitMs, Number(header) * 1000)
  const dateMs = Date.parse(header)
  return Number.isNaN(dateMs) ? undefined : Math.max(minWaitMs, dateMs - nowMs)
}
