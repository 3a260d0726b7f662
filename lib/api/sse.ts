/** Server-sent events over any source: resumable by `Last-Event-ID`, kept alive, closed in time (ruling B10). */
import type { Clock } from '../core/deps.ts'
import { securityHeaders } from './answer.ts'
import type { ServerSentEvent } from './route.ts'

export const heartbeatMs = 15_000
/** Below the fifteen minutes that a function may run. */
export const longestMs = 14 * 60_000

export function encodeEvent(event: ServerSentEvent | 'heartbeat'): string {
  if (event === 'heartbeat') return ': alive\n\n'
  const id = event.id === undefined ? '' : `id: ${event.id}\n`
  // JSON holds no line feeds, so one data line is enough.
  return `${id}event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
}

/** Passes `source` on, with a heartbeat whenever it was silent, until it or the time ends. */
export async function* withHeartbeat(
  source: AsyncIterable<ServerSentEvent | 'heartbeat'>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent | 'heartbeat'> {
  const iterator = source[Symbol.asyncIterator]()
  const endMs = clock.nowMs() + longestMs
  let pending = iterator.next()
  try {
    while (!signal.aborted && clock.nowMs() < endMs) {
      const silence = new AbortController()
      const stop = (): void => silence.abort()
      signal.addEventListener('abort', stop)
      const waitMs = Math.min(heartbeatMs, endMs - clock.nowMs())
      const silent = clock.sleep(waitMs, silence.signal).then(() => 'silent' as const)
      const next = await Promise.race([pending, silent])
      stop()
      signal.removeEventListener('abort', stop)
      if (next === 'silent') {
        if (!signal.aborted) yield 'heartbeat'
        continue
      }
      if (next.done === true) return
      yield next.value
      pending = iterator.next()
    }
  } finally {
    // Nobody listens any more: how the source ends, now or when its read returns, is of no interest.
    pending.catch(() => undefined)
    iterator.return?.().catch(() => undefined)
  }
}

export function eventStream(
  source: AsyncIterable<ServerSentEvent | 'heartbeat'>,
  options: { readonly traceId: string; readonly stop: () => void; readonly failed: (error: unknown) => void },
): Response {
  const encoder = new TextEncoder()
  const iterator = source[Symbol.asyncIterator]()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode('retry: 1000\n\n')),
    async pull(controller) {
      try {
        const next = await iterator.next()
        if (next.done === true) {
          options.stop()
          controller.close()
        } else controller.enqueue(encoder.encode(encodeEvent(next.value)))
      } catch (error) {
        // The headers are long gone: the stream ends, and the client resumes where it was.
        options.failed(error)
        options.stop()
        controller.close()
      }
    },
    cancel() {
      options.stop()
    },
  })
  return new Response(body, {
    status: 200,
    headers: {
      ...securityHeaders,
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
      'x-trace-id': options.traceId,
    },
  })
}
