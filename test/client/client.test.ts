import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { serveApi } from '../../lib/api/serve.ts'
import type { RunningServer } from '../../lib/api/serve.ts'
import { createClient } from '../../lib/client/client.ts'
import type { Client } from '../../lib/client/client.ts'
import { ApiError } from '../../lib/client/errors.ts'
import { operations } from '../../lib/client/operations.ts'
import { readServerSentEvents } from '../../lib/client/sse.ts'
import type { Answer, Deployment, Input } from '../../lib/client/types.ts'
import { routes } from '../../lib/api/routes/table.ts'
import { recordAppEvents } from '../../lib/control/events.ts'
import { helloManifest, testApi } from '../api/support.ts'
import type { TestApi } from '../api/support.ts'

const app = { project: 'shop', app: 'hello' }
let api: TestApi
let server: RunningServer
let client: Client

beforeAll(async () => {
  api = await testApi()
  server = await serveApi({ api: api.options, port: 0 })
  client = createClient({
    url: server.url,
    token: api.tokens.projectOwner,
    sleep: (ms, signal) => api.deps.clock.sleep(ms, signal),
  })
})
afterAll(async () => {
  await server.close(100)
  await api.stop()
})

describe('the client', () => {
  it('knows the method and address of every route', () => {
    const table = Object.fromEntries(
      Object.entries(routes).map(([name, record]) => [name, [record.method, record.path]]),
    )
    expect(operations).toEqual(table)
  })

  it('deploys and follows until the end', async () => {
    const started = await client.call('deploy', {
      params: app,
      body: { manifest: helloManifest },
      idempotencyKey: 'one',
    })
    const again = await client.call('deploy', { params: app, body: { manifest: helloManifest }, idempotencyKey: 'one' })
    expect(again.id).toBe(started.id)
    const states: string[] = []
    for await (const deployment of client.followDeployment(app, started.id)) states.push(deployment.state)
    expect(states.at(-1)).toBe('succeeded')
    expect(states.filter((state) => state === 'succeeded').length).toBe(1)
  })

  it('gives answers the types of the routes', async () => {
    const { items } = await client.call('listApps', { params: { project: 'shop' } })
    expectTypeOf(items[0]!.name).toEqualTypeOf<string>()
    expect(items.map((item) => item.name)).toEqual(['hello'])
    expectTypeOf<Answer<'removeProject'>>().toEqualTypeOf<undefined>()
    expectTypeOf<Deployment['state']>().toExtend<string>()
  })

  it('asks for what a route needs and for nothing else', () => {
    expectTypeOf<Input<'getRelease'>['params']>().toEqualTypeOf<{
      readonly project: string
      readonly app: string
      readonly release: string
    }>()
    expectTypeOf<Input<'version'>>().not.toHaveProperty('params')
    // @ts-expect-error a deployment needs a manifest
    const without: Input<'deploy'> = { params: app, body: {} }
    // @ts-expect-error volumes need a cluster
    const noCluster: Input<'listVolumes'> = { params: { project: 'shop' } }
    // @ts-expect-error there is no such field
    const unknownField: Input<'scale'> = { params: app, body: { services: {}, colour: 'red' } }
    expect([without, noCluster, unknownField].length).toBe(3)
  })

  it('lets numbers and flags of a query be what they are', async () => {
    const page = await client.call('readEvents', { params: app, query: { limit: 1, after: 0 } })
    expect(page.next).toBe(1)
    const logs = await client.call('readLogs', { params: app, query: { follow: false, tail: 1 } })
    expect(logs.items.length).toBeGreaterThan(0)
  })

  it('throws problems as what they are', async () => {
    const error = await client
      .call('scale', { params: app, body: { services: { web: -1 } } })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 422, code: 'out-of-range', problems: [{ pointer: '#/services/web' }] })
    expect((error as ApiError).traceId).toMatch(/^[0-9a-f]{32}$/)
  })

  it('says that a server does not answer', async () => {
    const nowhere = createClient({ url: 'http://127.0.0.1:1' })
    await expect(nowhere.call('health')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  })

  it('says that what answers is no Escale server', async () => {
    const other = createClient({
      url: server.url,
      fetch: () => Promise.resolve(new Response('<html>', { status: 404 })),
    })
    await expect(other.call('health')).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('is this an Escale server'),
    })
  })

  it('repeats a parameter that may stand several times', async () => {
    const asked: string[] = []
    const spy = createClient({
      url: `${server.url}/`,
      fetch: (input) => {
        asked.push(new Request(input).url)
        return Promise.resolve(new Response(null, { status: 204 }))
      },
    })
    await spy.call('removeApp', { params: app, query: { deleteVolume: ['a', 'b'] } })
    expect(asked).toEqual([`${server.url}/v1/projects/shop/apps/hello?deleteVolume=a&deleteVolume=b`])
  })

  it('keeps names in an address from being more than names', async () => {
    const answer = client.call('getApp', { params: { project: 'shop', app: '../../clusters' } })
    await expect(answer).rejects.toMatchObject({ status: 404 })
  })

  it('iterates over events, and over those to come', async () => {
    const { next } = await client.call('readEvents', { params: app, query: { limit: 500 } })
    const stop = new AbortController()
    const seen: string[] = []
    const reading = (async () => {
      for await (const event of client.events(app, { after: next, signal: stop.signal })) {
        seen.push(event.reason ?? '')
        if (seen.length === 2) break
      }
    })()
    const tell = (reason: string) =>
      recordAppEvents(api.deps, { ...app, environment: 'default' }, [
        { type: 'instance.ready', actor: 'system', reason },
      ])
    await tell('first')
    await tell('second')
    await reading
    stop.abort()
    expect(seen).toEqual(['first', 'second'])
  })

  it('goes on with events when the server comes back', async () => {
    let calls = 0
    const shaky = createClient({
      url: server.url,
      token: api.tokens.viewer,
      sleep: (ms, signal) => api.deps.clock.sleep(ms, signal),
      fetch: (...given) => {
        calls += 1
        return calls % 2 === 1 ? Promise.reject(new TypeError('fetch failed')) : fetch(...given)
      },
    })
    const seen: number[] = []
    for await (const event of shaky.events(app, { after: 0 })) {
      seen.push(event.seq)
      if (seen.length === 3) break
    }
    expect(seen).toEqual([1, 2, 3])
  })

  it('does not repeat a write', async () => {
    let calls = 0
    const dead = createClient({
      url: server.url,
      fetch: () => {
        calls += 1
        return Promise.reject(new TypeError('fetch failed'))
      },
    })
    await expect(dead.call('restart', { params: app })).rejects.toMatchObject({ code: 'unreachable' })
    expect(calls).toBe(1)
  })

  it('iterates over the lines of a log to its end', async () => {
    const texts: string[] = []
    for await (const line of client.logs(app)) texts.push(line.text)
    expect(texts.some((text) => text.startsWith('web'))).toBe(true)
  })

  it('follows a log over connections that break, without losing or doubling a line', async () => {
    const chunks = [
      'retry: 1000\n\nid: c1\nevent: log\ndata: {"text":"a"}\n\n: alive\n\nid: c2\nevent: log\nda',
      'ta: {"text":"b"}\n\n',
    ]
    const asked: string[] = []
    const broken = createClient({
      url: server.url,
      sleep: () => Promise.resolve(),
      fetch: (input) => {
        asked.push(new URL(new Request(input).url).searchParams.get('after') ?? '')
        if (asked.length === 3) {
          return Promise.resolve(Response.json({ items: [{ text: 'd' }], next: 'c4' }))
        }
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            const parts = asked.length === 1 ? chunks : ['id: c3\nevent: log\ndata: {"text":"c"}\n\n']
            for (const part of parts) controller.enqueue(Buffer.from(part))
            if (asked.length === 2) controller.close()
          },
          pull(controller) {
            if (asked.length === 1) controller.error(new TypeError('terminated'))
          },
        })
        return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
      },
    })
    const texts: string[] = []
    for await (const line of broken.logs(app, { follow: true })) {
      texts.push(line.text)
      if (texts.length === 4) break
    }
    expect(texts).toEqual(['a', 'b', 'c', 'd'])
    expect(asked).toEqual(['', 'c2', 'c3'])
  })
})

describe('server-sent events', () => {
  it('are read whole, however they are cut into pieces', async () => {
    const text = 'id: 1\nevent: a\ndata: é1\n\n: alive\n\ndata: two\ndata: lines\n\n'
    const bytes = Buffer.from(text)
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
          controller.close()
        },
      })
      const events = []
      for await (const event of readServerSentEvents(new Response(body))) events.push(event)
      expect(events).toEqual([
        { id: '1', event: 'a', data: 'é1' },
        { id: '1', event: 'message', data: 'two\nlines' },
      ])
    }
  })
})
