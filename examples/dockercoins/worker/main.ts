import { setTimeout as sleep } from 'node:timers/promises'
import { jsonLog, textOf } from '../shared/log.ts'
import { createRedis } from '../shared/redis.ts'
import { mineOnce } from './mine.ts'

const { RNG_URL = 'http://rng', HASHER_URL = 'http://hasher', REDIS_HOST = 'redis' } = process.env
const log = jsonLog('worker')
const redis = createRedis(REDIS_HOST)
const ended = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log('info', 'stopping', { signal })
    ended.abort()
    redis.close()
  })
}

log('info', 'mining')
let hashes = 0
let coins = 0
let toldMs = Date.now()
while (!ended.signal.aborted) {
  try {
    const { isCoin } = await mineOnce({ rngUrl: RNG_URL, hasherUrl: HASHER_URL, redis, signal: ended.signal })
    hashes += 1
    coins += isCoin ? 1 : 0
  } catch (error) {
    if (ended.signal.aborted) break
    log('warn', 'no hash this time; once more in a second', { error: textOf(error) })
    await sleep(1_000, undefined, { signal: ended.signal }).catch(() => undefined)
  }
  if (Date.now() - toldMs >= 5_000) {
    log('info', 'mined', { hashes, coins })
    toldMs = Date.now()
  }
}
log('info', 'stopped', { hashes, coins })
// A look-up of a name that is gone too would hold the process for seconds.
process.exit()
