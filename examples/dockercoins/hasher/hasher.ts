/** Hashes, slowly: `POST /` answers the SHA-256 of the body in hex after about a tenth of a second. */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../shared/service.ts'
import type { Handle } from '../shared/service.ts'

const mostBytes = 1_048_576

export const hasher =
  (delayMs: number): Handle =>
  async (request, response) => {
    const { method, url } = request
    if (url !== '/') return send(response, 404, 'text/plain', 'there is nothing but /\n')
    if (method === 'GET') return send(response, 200, 'text/plain', `HASHER running on ${hostname()}\n`)
    if (method !== 'POST') return send(response, 405, 'text/plain', 'only GET and POST are answered\n')
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > mostBytes) {
        response.setHeader('connection', 'close')
        return send(response, 413, 'text/plain', `at most ${mostBytes} bytes at once\n`)
      }
      hash.update(piece)
    }
    await sleep(delayMs)
    send(response, 200, 'text/plain', hash.digest('hex'))
  }
