/** The page that shows how fast coins are mined, and the numbers behind it. */
import { readFile } from 'node:fs/promises'
import type { Redis } from '../shared/redis.ts'
import { send } from '../shared/service.ts'
import type { Handle } from '../shared/service.ts'

const types = {
  '/index.html': 'text/html; charset=utf-8',
  '/page.css': 'text/css',
  '/page.js': 'text/javascript',
} as const

export interface Webui {
  readonly handle: Handle
  readonly isHealthy: () => Promise<boolean>
}

export function webui(redis: Pick<Redis, 'call'>, folder: URL): Webui {
  const numbers = async (): Promise<string> => {
    const [coins, hashes] = await Promise.all([redis.call('HLEN', 'wallet'), redis.call('GET', 'hashes')])
    return JSON.stringify({ coins: Number(coins), hashes: Number(hashes ?? 0), now: Date.now() / 1000 })
  }
  return {
    async handle({ method, url = '/' }, response) {
      const path = url.split('?', 1)[0] ?? '/'
      response.setHeader('content-security-policy', "default-src 'self'; frame-ancestors 'none'")
      response.setHeader('x-content-type-options', 'nosniff')
      if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'only GET is answered\n')
      if (path === '/') {
        response.setHeader('location', '/index.html')
        return send(response, 302, 'text/plain', 'see /index.html\n')
      }
      if (path === '/json') {
        response.setHeader('cache-control', 'no-store')
        return send(response, 200, 'application/json', await numbers())
      }
      if (!isFile(path)) return send(response, 404, 'text/plain', 'there is no such page\n')
      send(response, 200, types[path], await readFile(new URL(`.${path}`, folder)))
    },
    isHealthy: async () => {
      try {
        return (await redis.call('PING')) === 'PONG'
      } catch {
        // Whatever the reason, without redis there are no numbers to show; the requests' own failures are logged.
        return false
      }
    },
  }
}

const isFile = (path: string): path is keyof typeof types => Object.hasOwn(types, path)
