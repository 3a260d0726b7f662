import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasher } from '../../examples/dockercoins/hasher/hasher.ts'
import { rng } from '../../examples/dockercoins/rng/rng.ts'
import { createRedis, encodeCommand, parseReply } from '../../examples/dockercoins/shared/redis.ts'
import type { Reply } from '../../examples/dockercoins/shared/redis.ts'
import { webui } from '../../examples/dockercoins/webui/webui.ts'
import { mineOnce } from '../../examples/dockercoins/worker/mine.ts'
import { serve } from './serve.ts'

const publicFolder = new URL('../../examples/dockercoins/webui/public/', import.meta.url)

/** A store that knows what the example asks. */
function fakeRedis() {
  let hashes = 0
  const wallet = new Map<string, string>()
  const call = async (...[name = '', , first = '', second = '']: readonly string[]): Promise<Reply> => {
    switch (name) {
      case 'INCRBY':
        return (hashes += Number(first))
      case 'HSET':
        return wallet.set(first, second).size
      case 'HLEN':
        return wallet.size
      case 'GET':
        return hashes === 0 ? null : String(hashes)
      case 'PING':
        return 'PONG'
      default:
        throw new Error(`redis refused: ${name}`)
    }
  }
  return { call, wallet }
}

describe('rng', () => {
  it('answers as many random bytes as asked for, other ones each time', async () => {
    const { url } = await serve({ handle: rng(0) })
    const first = await (await fetch(`${url}/32`)).bytes()
    const second = await (await fetch(`${url}/32`)).bytes()
    expect(first).toHaveLength(32)
    expect(second).not.toEqual(first)
  })

  it('says who it is', async () => {
    const { url } = await serve({ handle: rng(0) })
    expect(await (await fetch(`${url}/`)).text()).toMatch(/^RNG running on \S+\n$/)
  })

  it.each([
    ['/many', 404],
    ['/-1', 404],
    ['/65537', 400],
    ['/1234567', 404],
  ])('refuses %s with %i', async (path, status) => {
    const { url } = await serve({ handle: rng(0) })
    expect((await fetch(`${url}${path}`)).status).toBe(status)
  })
})

describe('hasher', () => {
  it('answers the SHA-256 of whatever it is sent', async () => {
    const { url } = await serve({ handle: hasher(0) })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (body) => {
        const answer = await fetch(`${url}/`, { method: 'POST', body })
        expect(await answer.text()).toBe(createHash('sha256').update(body).digest('hex'))
      }),
      { numRuns: 20 },
    )
  })

  it('says who it is', async () => {
    const { url } = await serve({ handle: hasher(0) })
    expect(await (await fetch(`${url}/`)).text()).toMatch(/^HASHER running on \S+\n$/)
  })

  it('refuses more than a megabyte', async () => {
    const { url } = await serve({ handle: hasher(0) })
    expect((await fetch(`${url}/`, { method: 'POST', body: new Uint8Array(1_048_577) })).status).toBe(413)
  })
})

describe('worker', () => {
  it('counts every hash, and keeps those that begin with a zero', async () => {
    const redis = fakeRedis()
    const rngUrl = (await serve({ handle: rng(0) })).url
    const hasherUrl = (await serve({ handle: hasher(0) })).url
    const mine = { rngUrl, hasherUrl, redis, signal: new AbortController().signal }
    const results = []
    for (let round = 0; round < 60; round++) results.push(await mineOnce(mine))
    expect(await redis.call('GET', 'hashes')).toBe('60')
    expect(redis.wallet.size).toBe(results.filter(({ isCoin }) => isCoin).length)
    for (const [hash, bytes] of redis.wallet) {
      expect(hash).toBe(createHash('sha256').update(Buffer.from(bytes, 'hex')).digest('hex'))
      expect(hash.startsWith('0')).toBe(true)
    }
  })

  it('counts nothing where a service fails, and says which', async () => {
    const redis = fakeRedis()
    const rngUrl = (await serve({ handle: rng(0) })).url
    const broken = (await serve({ handle: (_request, response) => void response.writeHead(503).end() })).url
    const mine = { rngUrl, hasherUrl: broken, redis, signal: new AbortController().signal }
    await expect(mineOnce(mine)).rejects.toThrow(`${broken}/ answered 503`)
    expect(await redis.call('GET', 'hashes')).toBeNull()
  })
})

describe('webui', () => {
  it('answers the numbers', async () => {
    const redis = fakeRedis()
    await redis.call('INCRBY', 'hashes', '7')
    await redis.call('HSET', 'wallet', '00ff', 'aa')
    const { url } = await serve(webui(redis, publicFolder))
    const answer = await fetch(`${url}/json`)
    expect(await answer.json()).toEqual({ coins: 1, hashes: 7, now: expect.any(Number) })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('leads to the page, which asks nobody else for anything', async () => {
    const { url } = await serve(webui(fakeRedis(), publicFolder))
    const answer = await fetch(`${url}/`)
    expect(answer.url).toBe(`${url}/index.html`)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
    const page = await answer.text()
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//)
    for (const [, file] of page.matchAll(/(?:src|href)="([a-z.]+\.(?:css|js))"/g))
      expect((await fetch(`${url}/${file}`)).status).toBe(200)
  })

  it('gives nothing beside its own files', async () => {
    const { url } = await serve(webui(fakeRedis(), publicFolder))
    for (const path of ['/../main.ts', '/%2e%2e/main.ts', '/main.ts', '/toString'])
      expect((await fetch(`${url}${path}`)).status).toBe(404)
  })

  it('is unhealthy without its store', async () => {
    const { url } = await serve(webui({ call: () => Promise.reject(new Error('gone')) }, publicFolder))
    expect((await fetch(`${url}/healthz`)).status).toBe(503)
  })
})

describe('a service that is told to stop', () => {
  it('answers what is under way, and takes nothing new', async () => {
    const entered = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const { url, service } = await serve({
      handle: async (_request, response) => {
        entered.resolve()
        await goOn.promise
        response.end('done')
      },
    })
    const underWay = fetch(`${url}/`)
    await entered.promise
    const stopped = service.stop()
    await expect(fetch(`${url}/`)).rejects.toThrow('fetch failed')
    goOn.resolve()
    expect(await (await underWay).text()).toBe('done')
    await stopped
  })
})

describe("redis' protocol", () => {
  it('is written as arrays of texts, counted in bytes', () => {
    expect(encodeCommand(['SET', 'käse', ''])).toBe('*3\r\n$3\r\nSET\r\n$5\r\nkäse\r\n$0\r\n\r\n')
  })

  it('is read wherever it is cut', () => {
    const whole = Buffer.from(':12\r\n+OK\r\n$5\r\nkäse\r\n$-1\r\n-ERR no\r\n')
    const read = (bytes: Buffer): unknown[] => {
      const replies: unknown[] = []
      let rest = bytes
      for (let next = parseReply(rest); next !== undefined; next = parseReply(rest)) {
        replies.push(next.reply instanceof Error ? next.reply.message : next.reply)
        rest = rest.subarray(next.bytes)
      }
      return replies
    }
    const all = [12, 'OK', 'käse', null, 'redis refused: ERR no']
    expect(read(whole)).toEqual(all)
    for (let cut = 0; cut < whole.length; cut++)
      expect(all.slice(0, read(whole.subarray(0, cut)).length)).toEqual(read(whole.subarray(0, cut)))
  })

  it('fails what waits when the connection breaks, and connects anew for the next', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('data', () => (sockets.length === 1 ? socket.destroy() : socket.write('+PONG\r\n')))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const redis = createRedis('127.0.0.1', (server.address() as AddressInfo).port)
    onTestFinished(() => {
      redis.close()
      server.close()
    })
    await expect(redis.call('PING')).rejects.toThrow()
    expect(await redis.call('PING')).toBe('PONG')
  })
})
