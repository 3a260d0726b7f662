import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { closedPort, type Ended, finish, folder, listen } from './lab.ts'

/** One check that was never ready before. */
const ready = (probe: string, timeoutMs = 5000, more: readonly string[] = []): Promise<Ended> =>
  finish(['check', '--state', folder(), '--ready', probe, '--timeout', String(timeoutMs), ...more])

const raw = (answer: (socket: Socket) => void): Server =>
  createTcpServer((socket) => void socket.once('data', () => answer(socket)))

const saying = (text: string): Server => raw((socket) => void socket.end(text))

describe('http', () => {
  it.each([200, 204, 299, 301, 399])('is healthy at status %d', async (status) => {
    const port = await listen(createServer((_request, response) => void response.writeHead(status).end()))
    expect(await ready(`http:${port}/`)).toEqual({ code: 0, stdout: 'ready\n', stderr: '' })
  })

  it.each([400, 404, 500, 503])('is unhealthy at status %d and says it', async (status) => {
    const port = await listen(
      createServer((_request, response) => void response.writeHead(status).end('x'.repeat(5000))),
    )
    expect(await ready(`http:${port}/up`)).toEqual({
      code: 1,
      stdout: `ready: http :${port}/up answered ${status}\n`,
      stderr: '',
    })
  })

  it('asks for the path with its query, says its host and that it closes', async () => {
    const seen: { url?: string; method?: string; headers?: IncomingHttpHeaders } = {}
    const server = createServer((request, response) => {
      Object.assign(seen, { url: request.url, method: request.method, headers: request.headers })
      response.end()
    })
    const port = await listen(server)
    expect((await ready(`http:${port}/a%20b?c=d`)).code).toBe(0)
    expect(seen).toMatchObject({ url: '/a%20b?c=d', method: 'GET' })
    expect(seen.headers).toMatchObject({ host: `localhost:${port}`, connection: 'close' })
  })

  it('sends headers of the user, also another Host', async () => {
    const seen: IncomingHttpHeaders = {}
    const port = await listen(
      createServer((request, response) => void (Object.assign(seen, request.headers), response.end())),
    )
    const more = ['--header', 'Host: shop.example.com', '--header', 'X-Probe: 1', '--header', 'user-agent: mine']
    expect((await ready(`http:${port}/`, 5000, more)).code).toBe(0)
    expect(seen).toMatchObject({ host: 'shop.example.com', 'x-probe': '1', 'user-agent': 'mine' })
  })

  it('reads a large answer without breaking the connection', async () => {
    const errors: unknown[] = []
    const server = createServer((request, response) => {
      request.socket.on('error', (error) => errors.push(error))
      response.end('x'.repeat(60_000))
    })
    expect((await ready(`http:${await listen(server)}/`)).code).toBe(0)
    expect(errors).toEqual([])
  })

  it('passes over interim answers', async () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    expect((await ready(`http:${await listen(saying(`${interim}HTTP/1.1 204 No Content\r\n\r\n`))}/`)).code).toBe(0)
    const port = await listen(saying(`${interim}HTTP/1.1 500 Broken\r\n\r\n`))
    expect((await ready(`http:${port}/`)).stdout).toContain('answered 500')
  })

  it('reads a status that comes byte by byte', async () => {
    const server = raw((socket) => {
      const bytes = 'HTTP/1.0 200 OK\r\n\r\n'.split('')
      const next = (): void => {
        const byte = bytes.shift()
        if (byte === undefined) socket.end()
        else socket.write(byte, () => setImmediate(next))
      }
      next()
    })
    expect((await ready(`http:${await listen(server)}/`)).code).toBe(0)
  })

  it('does not wait for a server that keeps the connection open', async () => {
    const port = await listen(raw((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n')))
    expect((await ready(`http:${port}/`, 60_000)).code).toBe(0)
  })

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n', 'no HTTP/1 answer'],
    ['a status that is no number', 'HTTP/1.1 2x0 OK\r\n\r\n', 'no HTTP/1 answer'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching\r\n\r\n', 'no HTTP/1 answer'],
    ['nothing', '', 'closed before a status came'],
    ['half a status line', 'HTTP/1.1 2', 'closed before a status came'],
    ['an endless interim answer', `HTTP/1.1 100 ${'x'.repeat(20_000)}`, 'no final status'],
  ])('is unhealthy when the answer is %s', async (_name, answer, why) => {
    const ended = await ready(`http:${await listen(saying(answer))}/`)
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain(why)
  })

  it('is unhealthy when nothing listens', async () => {
    const port = await closedPort(createServer())
    expect((await ready(`http:${port}/`)).stdout).toBe(`ready: http :${port}/: port ${port}: Connection refused\n`)
  })

  it('is unhealthy when no answer comes in time', async () => {
    const ended = await ready(`http:${await listen(raw(() => {}))}/`, 200)
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('timed out waiting for the answer')
  })

  it('is unhealthy when a status does not come in time, however busily bytes do', async () => {
    const server = raw((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const ended = await ready(`http:${await listen(server)}/`, 300)
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('timed out')
  })
})

describe('where a server may listen', () => {
  const answering = (): Server => createServer((_request, response) => void response.end())
  const others = Object.values(networkInterfaces()).flatMap((list = []) => list)

  it.skipIf(!others.some((one) => one.address === '::1'))('is on the IPv6 loopback', async () => {
    expect((await ready(`http:${await listen(answering(), '::1')}/`)).code).toBe(0)
  })

  const own = others.find((one) => one.family === 'IPv4' && !one.internal)?.address
  it.skipIf(own === undefined)('is on another address of the container alone', async () => {
    expect((await ready(`http:${await listen(answering(), own)}/`)).code).toBe(0)
  })
})

describe('tcp', () => {
  it('is healthy when something listens', async () => {
    expect((await ready(`tcp:${await listen(createTcpServer())}`)).code).toBe(0)
  })

  it('is unhealthy when nothing does', async () => {
    const port = await closedPort(createTcpServer())
    expect(await ready(`tcp:${port}`)).toMatchObject({ code: 1, stdout: `ready: port ${port}: Connection refused\n` })
  })
})
