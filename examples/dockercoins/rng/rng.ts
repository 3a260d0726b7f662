/** Random bytes, slowly: `GET /32` answers 32 of them after about a tenth of a second. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../shared/service.ts'
import type { Handle } from '../shared/service.ts'

const mostBytes = 65_536

export const rng =
  (delayMs: number): Handle =>
  async ({ method, url = '/' }, response) => {
    if (method !== 'GET') return send(response, 405, 'text/plain', 'only GET is answered\n')
    if (url === '/') return send(response, 200, 'text/plain', `RNG running on ${hostname()}\n`)
    const count = /^\/(\d{1,6})$/.exec(url)?.[1]
    if (count === undefined) return send(response, 404, 'text/plain', 'ask for /<number of bytes>\n')
    if (Number(count) > mostBytes) return send(response, 400, 'text/plain', `at most ${mostBytes} bytes at once\n`)
    await sleep(delayMs)
    send(response, 200, 'application/octet-stream', randomBytes(Number(count)))
  }
