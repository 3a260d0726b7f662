/** A small load generator: a bounded rate of HTTP requests, over kept and over fresh connections, with every failure counted. */
import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

export interface LoadTarget {
  readonly address: string
  readonly port: number
  /** Sent as `Host`; by default the address itself. */
  readonly host?: string
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface LoadOptions extends LoadTarget {
  readonly requestsPerSecond: number
  /** `mixed`: every second request opens a connection of its own. */
  readonly connections: 'kept' | 'fresh' | 'mixed'
  /** Requests under way at most; beyond it the rate gives way, so that a stall does not pile up. */
  readonly maxInFlight?: number
  readonly timeoutMs?: number
}

export interface LoadResult {
  readonly requests: number
  readonly ok: number
  /** What went wrong, by its text: `status 503`, `ECONNRESET` … */
  readonly failures: Readonly<Record<string, number>>
  /** Answers by their body, trimmed and cut at 40 characters. */
  readonly bodies: Readonly<Record<string, number>>
  readonly slowestMs: number
}

export interface Load {
  stop(): Promise<LoadResult>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

class Tally {
  requests = 0
  ok = 0
  slowestMs = 0
  readonly failures: Record<string, number> = {}
  readonly bodies: Record<string, number> = {}

  async count(answer: Promise<Answer>): Promise<void> {
    const startedMs = performance.now()
    this.requests++
    try {
      const { status, body } = await answer
      if (status >= 200 && status < 400) this.ok++
      else this.add(this.failures, `status ${status}`)
      this.add(this.bodies, body.trim().slice(0, 40))
    } catch (error) {
      this.add(this.failures, error instanceof Error && 'code' in error ? String(error.code) : String(error))
    }
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs)
  }

  result(): LoadResult {
    const { requests, ok, failures, bodies, slowestMs } = this
    return { requests, ok, failures, bodies, slowestMs: Math.round(slowestMs) }
  }

  private add(counts: Record<string, number>, key: string): void {
    counts[key] = (counts[key] ?? 0) + 1
  }
}

/** One request; `agent` undefined opens a connection for it alone. */
export function ask(
  target: LoadTarget,
  options: { readonly agent?: Agent; readonly timeoutMs?: number } = {},
): Promise<Answer> {
  const { address, port, host = address, path = '/', method = 'GET' } = target
  const { agent, timeoutMs = 10_000 } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: address, port, path, method, agent: agent ?? false, headers: { ...target.headers, host } },
      (response: IncomingMessage) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString('utf8'),
          }),
        )
      },
    )
    sent.setTimeout(timeoutMs, () =>
      sent.destroy(Object.assign(new Error('no answer in time'), { code: 'no answer in time' })),
    )
    sent.on('error', reject)
    sent.end()
  })
}

/** Begins at once and goes on until it is stopped. */
export function startLoad(options: LoadOptions): Load {
  const { requestsPerSecond, connections, maxInFlight = 64, timeoutMs } = options
  const tally = new Tally()
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const underWay = new Set<Promise<void>>()
  const startedMs = performance.now()
  let due = 0
  const timer = setInterval(() => {
    const wanted = ((performance.now() - startedMs) / 1000) * requestsPerSecond
    for (; due < wanted && underWay.size < maxInFlight; due++) {
      const kept = connections === 'kept' || (connections === 'mixed' && due % 2 === 0)
      const one = tally.count(
        ask(options, { ...(kept ? { agent } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
      )
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
  }, 5)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underWay)
      agent.destroy()
      return tally.result()
    },
  }
}

/** Sends `count` requests over a few kept connections, as fast as they are answered. */
export async function sendMany(target: LoadTarget, count: number, connections = 8): Promise<LoadResult> {
  const tally = new Tally()
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let left = count
  const work = async (): Promise<void> => {
    while (left-- > 0) await tally.count(ask(target, { agent }))
  }
  await Promise.all(Array.from({ length: connections }, work))
  agent.destroy()
  return tally.result()
}
