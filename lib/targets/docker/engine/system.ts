import { readFrames } from './frames.ts'
import type { Frame } from './frames.ts'
import { readJsonLines } from './ndjson.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { OpenStream, Transport } from './transport.ts'
import type { Filters } from './types/common.ts'
import type { DiskUsage, EngineEvent, EngineInfo, EngineVersion, Ping } from './types/system.ts'

/** Endless streams end by the caller's signal only, so they demand one. */
export interface StreamOptions {
  readonly signal: AbortSignal
  /** How long to wait for the stream to begin. */
  readonly timeoutMs?: number
}

export interface EventOptions extends StreamOptions {
  readonly filters?: Filters
  /** Epoch seconds, with fraction. */
  readonly since?: number
  readonly until?: number
}

export interface SystemApi {
  ping(options?: CallOptions): Promise<Ping>
  version(options?: CallOptions): Promise<EngineVersion>
  info(options?: CallOptions): Promise<EngineInfo>
  diskUsage(options?: CallOptions): Promise<DiskUsage>
  /** Resolves once the engine has subscribed us: what happens after that is in the stream. */
  events(options: EventOptions): Promise<AsyncIterable<EngineEvent>>
}

export function systemApi(transport: Transport): SystemApi {
  return {
    ping: (options = {}) => ping(transport, '/_ping', options),
    version: (options = {}) => transport.json({ method: 'GET', path: '/version', ...options }),
    info: (options = {}) => transport.json({ method: 'GET', path: '/info', ...options }),
    diskUsage: (options = {}) => transport.json({ method: 'GET', path: '/system/df', timeoutMs: 120_000, ...options }),
    events: async ({ filters, since, until, ...options }) => {
      const query = { filters: filterText(filters), since, until }
      return jsonStream<EngineEvent>(await transport.stream({ method: 'GET', path: '/events', query, ...options }))
    },
  }
}

export async function ping(transport: Transport, path: string, options: CallOptions): Promise<Ping> {
  const open = await transport.stream({ method: 'GET', path, ...options })
  open.response.resume()
  const header = (name: string): string | undefined => {
    const value = open.response.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  return {
    apiVersion: header('api-version') ?? '',
    osType: header('ostype') ?? '',
    builderVersion: header('builder-version'),
    swarm: header('swarm'),
  }
}

export async function* jsonStream<T>(open: OpenStream): AsyncGenerator<T> {
  try {
    yield* readJsonLines<T>(open.response as AsyncIterable<Buffer>)
  } catch (cause) {
    throw open.fail(cause)
  }
}

export async function* frameStream(open: OpenStream, terminal: boolean): AsyncGenerator<Frame> {
  try {
    yield* readFrames(open.response as AsyncIterable<Buffer>, terminal)
  } catch (cause) {
    throw open.fail(cause)
  }
}
