import { createServer as createHttpServer } from 'node:http'
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { closedPort, type Ended, finish, folder, listen } from './lab.ts'

const ready = (probe: string, timeoutMs = 5000): Promise<Ended> =>
  finish(['check', '--state', folder(), '--ready', probe, '--timeout', String(timeoutMs)])

const SERVING = 1
const NOT_SERVING = 2

const message = (body: readonly number[]): Buffer => {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(body.length, 1)
  return Buffer.concat([prefix, Buffer.from(body)])
}
const health = (status: number): Buffer => message([0x08, status])

interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

type Respond = (stream: ServerHttp2Stream, request: Request) => void

function serve(respond: Respond): Http2Server {
  const server = createServer()
  server.on('sessionError', () => undefined)
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => respond(stream, { headers, body: Buffer.concat(chunks) }))
  })
  return server
}

/** As grpc servers answer: headers, message, trailers. */
const answer =
  (body: Buffer, trailers: Record<string, string> = { 'grpc-status': '0' }): Respond =>
  (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end(body)
  }

const trailersOnly =
  (headers: Record<string, string | number>): Respond =>
  (stream) =>
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { endStream: true })

const checking = async (respond: Respond, service?: string): Promise<Ended> =>
  ready(`grpc:${await listen(serve(respond))}${service === undefined ? '' : `/${service}`}`)

describe('grpc', () => {
  it('is healthy when the server says SERVING', async () => {
    expect(await checking(answer(health(SERVING)))).toEqual({ code: 0, stdout: 'ready\n', stderr: '' })
  })

  it.each([
    [0, 'UNKNOWN'],
    [NOT_SERVING, 'NOT_SERVING'],
    [3, 'SERVICE_UNKNOWN'],
    [99, 'serving status 99'],
  ])('is unhealthy at status %d and says %s', async (status, name) => {
    const ended = await checking(answer(health(status)))
    expect(ended.code).toBe(1)
    expect(ended.stdout).toMatch(new RegExp(`^ready: grpc :\\d+/: ${name}\\n$`))
  })

  it('takes an empty message for UNKNOWN', async () => {
    expect((await checking(answer(message([])))).stdout).toContain(': UNKNOWN')
  })

  it('asks for the health of the whole server with an empty request', async () => {
    const requests: Request[] = []
    await checking((stream, request) => (requests.push(request), answer(health(SERVING))(stream, request)))
    expect(requests[0]?.headers).toMatchObject({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      ':scheme': 'http',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    expect(requests[0]?.headers[':authority']).toMatch(/^localhost:\d+$/)
    expect(requests[0]?.body).toEqual(message([]))
  })

  it.each(['shop.v1.Cart', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(200)])(
    'asks for one service: %s',
    async (service) => {
      const requests: Request[] = []
      const ended = await checking(
        (stream, request) => (requests.push(request), answer(health(SERVING))(stream, request)),
        service,
      )
      expect(ended.code).toBe(0)
      const length = service.length < 128 ? [service.length] : [(service.length & 0x7f) | 0x80, service.length >> 7]
      expect(requests[0]?.body).toEqual(message([0x0a, ...length, ...Buffer.from(service)]))
    },
  )

  it('is unhealthy when a service is unknown, which comes as trailers only', async () => {
    const ended = await checking(trailersOnly({ 'grpc-status': '5', 'grpc-message': 'unknown service' }), 'no.Such')
    expect(ended.code).toBe(1)
    expect(ended.stdout).toMatch(/^ready: grpc :\d+\/no\.Such: grpc-status 5 unknown service\n$/)
  })

  it('is unhealthy when the server has no health service', async () => {
    expect((await checking(trailersOnly({ 'grpc-status': '12' }))).stdout).toContain('grpc-status 12')
  })

  it('is unhealthy when SERVING is followed by an error in the trailers', async () => {
    expect(
      (await checking(answer(health(SERVING), { 'grpc-status': '14', 'grpc-message': 'going' }))).stdout,
    ).toContain('grpc-status 14 going')
  })

  it('is unhealthy at another HTTP status, whatever else is said', async () => {
    expect((await checking(trailersOnly({ ':status': 503, 'grpc-status': '0' }))).stdout).toContain('HTTP status 503')
  })

  it('is unhealthy when no grpc-status comes', async () => {
    expect((await checking(trailersOnly({}))).stdout).toContain('no grpc-status')
  })

  it('is unhealthy when the message is missing', async () => {
    expect((await checking(trailersOnly({ 'grpc-status': '0' }))).stdout).toContain('no health answer')
  })

  it('passes over fields it does not know', async () => {
    const unknown = [0x12, 3, 1, 2, 3, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4, 0x28, 0x80, 0x01]
    expect((await checking(answer(message([...unknown, 0x08, SERVING])))).code).toBe(0)
  })

  it.each([
    ['cut off', [0x08]],
    ['a group', [0x0b]],
    ['a string beyond the end', [0x12, 200, 1]],
    ['a number without end', Array.from({ length: 12 }, () => 0xff)],
  ])('is unhealthy when the message is malformed: %s', async (_name, body) => {
    expect(await checking(answer(message(body)))).toMatchObject({ code: 1 })
  })

  it('reads headers of any kind of coding', async () => {
    const more = { 'x-huffman': 'abcdefghijklmnopqrstuvwxyz', 'x-plain': '\\^~|{}<>@#$%&', 'x-long': 'y'.repeat(3000) }
    const respond: Respond = (stream) => {
      stream.respond(
        { ':status': 200, ...more, server: 'a', date: 'Thu, 01 Jan 1970 00:00:00 GMT' },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ ...more, 'grpc-message': 'q~^ö'.slice(0, 3), 'grpc-status': '7' }),
      )
      stream.end(health(SERVING))
    }
    expect((await checking(respond)).stdout).toContain('grpc-status 7 q~^')
  })

  it('reads headers that go on in CONTINUATION frames', async () => {
    const long = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`x-${index}`, '\\'.repeat(2000)]))
    expect((await checking(answer(health(SERVING), { ...long, 'grpc-status': '0' }))).code).toBe(0)
  })

  it('answers pings before it gets its answer', async () => {
    const respond: Respond = (stream, request) => {
      stream.session?.ping((error: Error | null) => {
        answer(health(error === null ? SERVING : NOT_SERVING))(stream, request)
      })
    }
    expect((await checking(respond)).code).toBe(0)
  })

  it('is unhealthy when the stream is reset', async () => {
    expect((await checking((stream) => stream.close(8))).stdout).toMatch(/reset the stream, code 8|closed before/)
  })

  it('is unhealthy when no answer comes in time', async () => {
    const port = await listen(serve(() => undefined))
    expect(await ready(`grpc:${port}`, 200)).toMatchObject({ code: 1 })
  })

  it('is unhealthy when the server speaks HTTP/1 only', async () => {
    const ended = await ready(`grpc:${await listen(createHttpServer())}`)
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('no HTTP/2')
  })

  it('is unhealthy when nothing listens', async () => {
    const port = await closedPort(createTcpServer())
    expect((await ready(`grpc:${port}`)).stdout).toContain('Connection refused')
  })
})
