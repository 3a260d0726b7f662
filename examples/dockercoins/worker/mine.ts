/** One unit of work: random bytes from rng, their hash from hasher, and a coin where it begins with a zero. */
import type { Redis } from '../shared/redis.ts'

export interface Mine {
  readonly rngUrl: string
  readonly hasherUrl: string
  readonly redis: Pick<Redis, 'call'>
  readonly signal: AbortSignal
}

const timeoutMs = 5_000

export async function mineOnce({ rngUrl, hasherUrl, redis, signal }: Mine): Promise<{ readonly isCoin: boolean }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const random = await ask(`${rngUrl}/32`, { signal: limit })
  const body = await random.bytes()
  const hash = await (await ask(`${hasherUrl}/`, { method: 'POST', body, signal: limit })).text()
  await redis.call('INCRBY', 'hashes', '1')
  const isCoin = hash.startsWith('0')
  if (isCoin) await redis.call('HSET', 'wallet', hash, Buffer.from(body).toString('hex'))
  return { isCoin }
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response
}
