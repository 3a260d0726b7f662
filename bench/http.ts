/** Asks one address as often as it can for a while, over a few kept connections. */
import { Agent, request } from 'node:http'

export interface HttpResult {
  readonly requestsPerSecond: number
  readonly p95Ms: number
  readonly failed: number
}

export interface HttpTarget {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

export async function hammer(target: HttpTarget, count: number, connections: number): Promise<HttpResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let failed = 0
  let left = count
  const startMs = performance.now()
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const sentMs = performance.now()
      const status = await get(target, agent)
      if (status !== 200) failed++
      times.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const tookMs = performance.now() - startMs
  agent.destroy()
  times.sort((a, b) => a - b)
  return {
    requestsPerSecond: (count / tookMs) * 1000,
    p95Ms: times[Math.floor(times.length * 0.95)] ?? Number.NaN,
    failed,
  }
}

function get(target: HttpTarget, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(target.url, { agent, headers: { ...target.headers } }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end()
  })
}
