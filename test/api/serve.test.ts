import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as Socket } from 'ws'
import { serveApi } from '../../lib/api/serve.ts'
import type { RunningServer } from '../../lib/api/serve.ts'
import { createClient } from '../../lib/client/client.ts'
import { ApiError } from '../../lib/client/errors.ts'
import { redeemTicket, issueTicket } from '../../lib/control/access/tickets.ts'
import { EscaleError } from '../../lib/core/errors.ts'
import type { Clock } from '../../lib/core/deps.ts'
import type { ExecRequest, ExecSession } from '../../lib/targets/target.ts'
import { appPath, deployHello, testApi } from './support.ts'
import type { TestApi } from './support.ts'

const app = { project: 'shop', app: 'hello' }
const key = { ...app, environment: 'default' }

interface FakeSession extends ExecSession {
  readonly request: ExecRequest
  readonly input: Buffer[]
  readonly sizes: [number, number][]
  readonly inputEnded: Promise<void>
  readonly closed: Promise<void>
  say(stream: 'stdout' | 'stderr', data: string | Uint8Array): void
  exit(code: number): void
}

function fakeSession(request: ExecRequest): FakeSession {
  const frames: { stream: 'stdout' | 'stderr'; data: Uint8Array }[] = []
  let wake = Promise.withResolvers<void>()
  let ended = false
  const exit = Promise.withResolvers<number>()
  const inputEnded = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const end = (code: number): void => {
    ended = true
    exit.resolve(code)
    wake.resolve()
  }
  const input: Buffer[] = []
  const sizes: [number, number][] = []
  return {
    request,
    input,
    sizes,
    inputEnded: inputEnded.promise,
    closed: closed.promise,
    output: (async function* () {
      for (;;) {
        yield* frames.splice(0)
        if (ended) return
        await wake.promise
        wake = Promise.withResolvers<void>()
      }
    })(),
    write: (data) => void input.push(Buffer.from(data)),
    endInput: () => inputEnded.resolve(),
    resize: async (columns, rows) => void sizes.push([columns, rows]),
    exitCode: exit.promise,
    close() {
      closed.resolve()
      end(137)
    },
    say(stream, data) {
      frames.push({ stream, data: typeof data === 'string' ? Buffer.from(data) : data })
      wake.resolve()
    },
    exit: end,
  }
}

let api: TestApi
let server: RunningServer
const opened: FakeSession[] = []
let refuse: EscaleError | undefined

beforeAll(async () => {
  api = await testApi(
    {},
    {
      openExec: (_actor, _key, request) => {
        if (refuse !== undefined) return Promise.reject(refuse)
        const session = fakeSession(request)
        opened.push(session)
        return Promise.resolve(session)
      },
    },
  )
  server = await serveApi({ api: api.options, port: 0 })
  await deployHello(api)
})
afterAll(async () => {
  await server.close(100)
  await api.stop()
})

const clientOf = (token: string, url = server.url) => createClient({ url, token })
const lastSession = async (count: number): Promise<FakeSession> => {
  await expect.poll(() => opened.length).toBe(count)
  return opened.at(-1)!
}

/** Opens a stream without the client, to send what a client never would. */
async function ticketUrl(): Promise<string> {
  const answer = await fetch(`${server.url}${appPath}/exec`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.operator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ service: 'web', command: ['sh'] }),
  })
  return ((await answer.json()) as { url: string }).url
}

const outcome = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(`status ${String(response.statusCode)}`))
    socket.on('open', () => resolve('open'))
    socket.on('error', (error) => resolve(error.message))
  })

describe('exec', () => {
  it('carries input, output of both kinds, size and exit status', async () => {
    const count = opened.length + 1
    const stream = await clientOf(api.tokens.operator).exec(app, { service: 'web', command: ['cat', '-n'], tty: true })
    const session = await lastSession(count)
    expect(session.request).toEqual({ unit: 'web', command: ['cat', '-n'], tty: true })
    stream.resize(120, 40)
    stream.write(Buffer.from('héllo'))
    stream.write(Uint8Array.of(0, 255, 10))
    stream.endInput()
    await session.inputEnded
    expect(Buffer.concat(session.input)).toEqual(Buffer.from([...Buffer.from('héllo'), 0, 255, 10]))
    expect(session.sizes).toEqual([[120, 40]])
    session.say('stdout', 'out')
    session.say('stderr', Uint8Array.of(1, 2, 0))
    session.exit(3)
    const received: [string, Buffer][] = []
    for await (const { stream: name, data } of stream.output) received.push([name, Buffer.from(data)])
    expect(received).toEqual([
      ['stdout', Buffer.from('out')],
      ['stderr', Buffer.from([1, 2, 0])],
    ])
    expect(await stream.exitCode).toBe(3)
  })

  it('carries a megabyte unharmed', async () => {
    const count = opened.length + 1
    const stream = await clientOf(api.tokens.operator).exec(app, { service: 'web', command: ['dump'] })
    const session = await lastSession(count)
    const chunk = Buffer.alloc(65_536, 'x')
    for (let sent = 0; sent < 16; sent += 1) session.say('stdout', chunk)
    session.exit(0)
    let size = 0
    for await (const { data } of stream.output) size += data.length
    expect(size).toBe(1_048_576)
  })

  it('ends the command when the caller goes', async () => {
    const count = opened.length + 1
    const stream = await clientOf(api.tokens.operator).exec(app, { service: 'web', command: ['sleep'] })
    const session = await lastSession(count)
    stream.close()
    await session.closed
    await expect(stream.exitCode).rejects.toThrow(ApiError)
  })

  it('says why a command could not be run', async () => {
    refuse = new EscaleError('not-found', 'no running instance of web')
    try {
      const stream = await clientOf(api.tokens.operator).exec(app, { service: 'web', command: ['sh'] })
      await expect(stream.exitCode).rejects.toMatchObject({ code: 'not-found', message: 'no running instance of web' })
    } finally {
      refuse = undefined
    }
  })

  it('opens once for a ticket', async () => {
    const url = await ticketUrl()
    const first = new Socket(url)
    expect(await outcome(first)).toBe('open')
    const second = new Socket(url)
    expect(await outcome(second)).toBe('status 404')
    first.close()
  })

  it.each([
    ['a ticket that nobody gave', '/v1/exec/tkt_aaaaaaaaaaaaaaaaaaaaaaaaaa'],
    ['no ticket', '/v1/exec/'],
    ['another address', '/v1/projects'],
  ])('does not open for %s', async (_, path) => {
    expect(await outcome(new Socket(`${server.url.replace('http', 'ws')}${path}`))).toBe('status 404')
  })

  it.each([
    ['a frame of no known channel', Buffer.of(9, 1)],
    ['an empty frame', Buffer.alloc(0)],
    ['a size that is none', Buffer.concat([Buffer.of(4), Buffer.from('{"columns": -1, "rows": 2}')])],
    ['a size that is no JSON', Buffer.concat([Buffer.of(4), Buffer.from('{')])],
  ])('ends at %s', async (_, data) => {
    const socket = new Socket(await ticketUrl())
    await outcome(socket)
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.send(data)
    expect(await closed).toBe(1003)
  })

  it('points tickets where the edge says that streams run', async () => {
    const own = await testApi({ execUrl: 'wss://streams.example.com/' })
    try {
      await deployHello(own)
      const answer = await own.ask('POST', `${appPath}/exec`, {
        token: own.tokens.operator,
        body: { service: 'web', command: ['sh'] },
      })
      expect(String(answer.body['url'])).toMatch(/^wss:\/\/streams\.example\.com\/v1\/exec\/tkt_[a-z2-7]{26}$/)
      const lifeMs = Date.parse(String(answer.body['expiresAt'])) - own.deps.clock.nowMs()
      expect(lifeMs).toBeLessThanOrEqual(60_000)
    } finally {
      await own.stop()
    }
  })
})

describe('a ticket', () => {
  it('is worth nothing after a minute, and its record goes', async () => {
    let nowMs = 1_000_000
    const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined }
    const deps = { store: api.deps.store, random: api.deps.random, clock }
    const ticket = { subject: 'token:x', traceId: 't', key, request: { unit: 'web', command: ['sh'], tty: false } }
    const { ticket: first } = await issueTicket(deps, ticket)
    const { ticket: second } = await issueTicket(deps, ticket)
    nowMs += 59_999
    expect(await redeemTicket(deps, first)).toMatchObject({ subject: 'token:x' })
    nowMs += 1
    expect(await redeemTicket(deps, second)).toBeUndefined()
    await issueTicket(deps, ticket)
    nowMs += 60_000
    await issueTicket(deps, ticket)
    expect((await api.deps.store.list('ticket', 'exec')).items.length).toBe(1)
  })

  it('stands in the store as a hash alone', async () => {
    const url = await ticketUrl()
    const ticket = url.slice(url.lastIndexOf('/') + 1)
    expect(JSON.stringify(await api.deps.store.list('ticket', 'exec'))).not.toContain(ticket)
  })
})

describe('the server', () => {
  it('says which port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
    const { port } = other.address() as AddressInfo
    await expect(serveApi({ api: api.options, port })).rejects.toMatchObject({ code: 'in-use' })
    await new Promise((resolve) => other.close(resolve))
  })

  it('closes although somebody waits, and tells them what there is', async () => {
    const own = await serveApi({ api: api.options, port: 0 })
    const headers = { authorization: `Bearer ${api.tokens.viewer}` }
    const all = (await (await fetch(`${own.url}${appPath}/events?limit=500`, { headers })).json()) as { next: number }
    const waiting = fetch(`${own.url}${appPath}/events?after=${String(all.next)}&wait=20`, { headers })
    const streaming = await fetch(`${own.url}${appPath}/events`, {
      headers: { ...headers, accept: 'text/event-stream' },
    })
    const streamed = streaming.text()
    const closed = own.close()
    expect(await (await waiting).json()).toEqual({ items: [], next: all.next })
    expect(await streamed).toContain('deployment.succeeded')
    await closed
    await expect(fetch(`${own.url}/healthz`)).rejects.toThrow()
  })

  it('stops working for a caller who has gone', async () => {
    const aborted = Promise.withResolvers<void>()
    const own = await testApi(
      {},
      {
        readEvents: (_scope, query) =>
          new Promise((resolve) => {
            query.signal.addEventListener('abort', () => {
              aborted.resolve()
              resolve({ items: [], next: 0 })
            })
          }),
      },
    )
    const running = await serveApi({ api: own.options, port: 0 })
    const caller = new AbortController()
    const asked = fetch(`${running.url}/v1/projects/shop/events?wait=20`, {
      headers: { authorization: `Bearer ${own.tokens.viewer}` },
      signal: caller.signal,
    })
    setTimeout(() => caller.abort(), 100)
    await expect(asked).rejects.toThrow()
    await aborted.promise
    await running.close(100)
    await own.stop()
  })

  it('answers headers that are too long as it answers everything', async () => {
    const response = await fetch(`${server.url}/v1/projects?after=${'a'.repeat(40_000)}`)
    expect(response.status).toBe(431)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'headers-too-large', status: 431 })
  })

  it('answers what is no HTTP as no HTTP', async () => {
    const socket = connect(server.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.write('nonsense\r\n\r\n')
    await new Promise((resolve) => socket.on('close', resolve))
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 .*"code":"usage"/s)
  })

  it('refuses a body over the limit that does not say how large it is', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 20; n += 1) controller.enqueue(Buffer.alloc(20_000, ' '))
        controller.close()
      },
    })
    const response = await fetch(`${server.url}${appPath}/scale`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.operator}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ code: 'request-too-large' })
  })
})
