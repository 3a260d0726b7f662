/** One call of the engine's API, and what of it goes over the wire. */
import type { ClientRequest } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Endpoint } from './endpoint.ts'
import type { Filters } from './types/common.ts'

export interface CallOptions {
  /** The whole call must end within this time; for endless streams it bounds the wait for the answer's head. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** A list repeats the parameter. */
export type QueryValue = string | number | boolean | readonly string[] | undefined
export type Body = { readonly json: unknown } | { readonly bytes: Uint8Array } | { readonly stream: Readable }

export interface Call extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT'
  /** Path without version prefix and query. */
  readonly path: string
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
}

export const defaultTimeoutMs = 30_000
/** For calls that move images. */
export const transferTimeoutMs = 15 * 60_000

export const callText = (call: Pick<Call, 'method' | 'path'>): string => `${call.method} ${call.path}`

export function writeBody(request: ClientRequest, body: Body | undefined): void {
  if (body === undefined) request.end()
  else if ('json' in body) request.end(JSON.stringify(body.json))
  else if ('bytes' in body) request.end(body.bytes)
  else {
    // A source that fails must fail the call; a request that fails first reports by itself.
    pipeline(body.stream, request).catch((cause: unknown) =>
      request.destroy(cause instanceof Error ? cause : new Error(String(cause))),
    )
  }
}

export function headersOf(endpoint: Endpoint, call: Call): Record<string, string | number> {
  // A socket has no name of its own; with TLS the name is what the certificate is checked against.
  const host: Record<string, string> = endpoint.kind === 'socket' ? { Host: 'docker' } : {}
  return { ...host, ...bodyHeaders(call), ...call.headers }
}

function bodyHeaders(call: Call): Record<string, string | number> {
  const { body } = call
  if (body === undefined) return call.method === 'POST' ? { 'Content-Length': 0 } : {}
  if ('json' in body)
    return { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(JSON.stringify(body.json)) }
  if ('bytes' in body) return { 'Content-Type': 'application/x-tar', 'Content-Length': body.bytes.byteLength }
  return { 'Content-Type': 'application/x-tar' }
}

export function queryText(query: Call['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

export const filterText = (filters: Filters | undefined): string | undefined =>
  filters === undefined ? undefined : JSON.stringify(filters)
