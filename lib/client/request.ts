/** One request: address, headers, body, and an error with problems where the answer is none. */
import { ApiError, errorOf } from './errors.ts'

export interface Connection {
  /** Address of the server, e.g. `http://127.0.0.1:7440`. */
  readonly url: string
  readonly token?: string
  readonly fetch?: typeof fetch
}

export interface PlainInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
}

export function addressOf(base: string, path: string, input: PlainInput): URL {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ''))
  const address = new URL(`${base.replace(/\/+$/, '')}${filled}`)
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value === undefined) continue
    for (const item of Array.isArray(value) ? value : [value]) address.searchParams.append(name, String(item))
  }
  return address
}

/** Sends it; answers the response when it is a success. */
export async function send(
  connection: Connection,
  method: string,
  path: string,
  input: PlainInput,
  extra: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const isStream = input.body instanceof ReadableStream
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(connection.token !== undefined && { authorization: `Bearer ${connection.token}` }),
    ...(input.idempotencyKey !== undefined && { 'idempotency-key': input.idempotencyKey }),
    ...(input.body !== undefined && { 'content-type': isStream ? 'application/x-tar' : 'application/json' }),
    ...extra,
  }
  const address = addressOf(connection.url, path, input)
  let response: Response
  try {
    response = await (connection.fetch ?? fetch)(address, {
      method,
      headers,
      ...(input.body !== undefined && { body: isStream ? input.body : JSON.stringify(input.body) }),
      ...(isStream && { duplex: 'half' }),
      ...(input.signal !== undefined && { signal: input.signal }),
    } as RequestInit)
  } catch (error) {
    if (input.signal?.aborted === true) throw error
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new ApiError(0, { code: 'unreachable', detail: `${address.origin} does not answer: ${why}` }, error)
  }
  if (!response.ok) throw await errorOf(response)
  return response
}
