/** The way to a server: one request, one streamed answer. No redirects, no retries, no cookies. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getCACertificates } from 'node:tls'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'

export interface HttpRequest {
  readonly method: Method
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
  /** Certificates in PEM accepted besides the system's. */
  readonly ca?: string
}

export interface HttpResponse {
  readonly status: number
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: AsyncIterable<Uint8Array>
  /** Gives up the rest of the body. */
  discard(): void
}

/** Rejects when no answer comes; an answer of any status resolves. */
export type Transport = (request: HttpRequest) => Promise<HttpResponse>

export interface NodeTransportOptions {
  /** A connection on which nothing moves for so long is given up. */
  readonly stallTimeoutMs?: number
  readonly userAgent?: string
}

const defaultStallTimeoutMs = 60_000
const maxSockets = 16

export function nodeTransport({
  stallTimeoutMs = defaultStallTimeoutMs,
  userAgent = 'escale',
}: NodeTransportOptions = {}): Transport {
  const http = new HttpAgent({ keepAlive: true, maxSockets })
  const https = new HttpsAgent({ keepAlive: true, maxSockets })
  return ({ method, url, headers, body, signal, ca }) =>
    new Promise((resolve, reject) => {
      const length = body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {}
      const common = { method, signal, headers: { 'user-agent': userAgent, ...length, ...headers } }
      const secure = url.protocol === 'https:'
      const outgoing = secure
        ? httpsRequest(url, {
            ...common,
            agent: https,
            ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
          })
        : httpRequest(url, { ...common, agent: http })
      outgoing.setTimeout(stallTimeoutMs, () =>
        outgoing.destroy(new Error(`nothing came or went for ${stallTimeoutMs / 1000} s`)),
      )
      let answered = false
      outgoing.once('response', (incoming) => {
        answered = true
        // A server may answer, and refuse, before it has read the whole body.
        resolve(responseOf(incoming))
      })
      outgoing.on('error', reject)
      if (body === undefined || body instanceof Uint8Array) {
        outgoing.end(body)
        return
      }
      pipeline(Readable.from(body, { objectMode: false }), outgoing).catch((error: unknown) => {
        if (!answered) reject(error)
      })
    })
}

function responseOf(incoming: IncomingMessage): HttpResponse {
  const headers = Object.entries(incoming.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value] as const,
  )
  return {
    status: incoming.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body: incoming as AsyncIterable<Uint8Array>,
    // Short rests are read to their end, so that the connection can be used again.
    discard: () => void incoming.resume().on('error', () => incoming.destroy()),
  }
}
