import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LogReader, decodeCursor, encodeCursor, startOfLogs } from '../../lib/api/logs.ts'
import { withHeartbeat } from '../../lib/api/sse.ts'
import type { ServerSentEvent } from '../../lib/api/route.ts'
import { readServerSentEvents } from '../../lib/client/sse.ts'
import { recordAppEvents } from '../../lib/control/events.ts'
import type { Clock } from '../../lib/core/deps.ts'
import type { LogLine, LogQuery } from '../../lib/targets/target.ts'
import fc from 'fast-check'
import { appPath, deployHello, fastClock, testApi } from './support.ts'
import type { TestApi } from './support.ts'

const key = { project: 'shop', app: 'hello', environment: 'default' }

const line = (atMs: number, text: string, instance = 'i1'): LogLine => ({
  atMs,
  unit: 'web',
  instance,
  stream: 'stdout',
  text,
})

/** A log that grows while it is followed. */
function growingLog() {
  const lines: LogLine[] = []
  const waiting = new Set<() => void>()
  return {
    add(...more: readonly LogLine[]) {
      lines.push(...more)
      for (const wake of waiting) wake()
    },
    async *read(_key: unknown, query: LogQuery): AsyncGenerator<LogLine> {
      const first = lines.filter((item) => item.atMs >= (query.sinceMs ?? 0))
      let next = lines.length
      yield* query.tail === undefined ? first : first.slice(first.length - query.tail)
      while (query.follow && !query.signal.aborted) {
        if (next < lines.length) {
          yield lines[next]!
          next += 1
          continue
        }
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
          query.signal.addEventListener('abort', () => resolve())
        })
        waiting.clear()
      }
    },
  }
}

const log = growingLog()
let api: TestApi
beforeAll(async () => {
  api = await testApi({}, { readLogs: (appKey, query) => log.read(appKey, query) })
  await deployHello(api)
})
afterAll(() => api.stop())

const tell = (reason: string) => recordAppEvents(api.deps, key, [{ type: 'instance.ready', actor: 'system', reason }])

const events = (query: string) => api.ask('GET', `${appPath}/events?${query}`, { token: api.tokens.viewer })

async function lastSeq(): Promise<number> {
  return Number((await events('limit=500')).body['next'])
}

function open(path: string, headers: Readonly<Record<string, string>> = {}, app = api.app) {
  const stop = new AbortController()
  const response = app.request(path, {
    headers: { authorization: `Bearer ${api.tokens.viewer}`, accept: 'text/event-stream', ...headers },
    signal: stop.signal,
  })
  return { response: Promise.resolve(response), stop: () => stop.abort() }
}

/** The first `count` events of a stream. */
async function take(path: string, count: number, headers: Readonly<Record<string, string>> = {}) {
  const { response, stop } = open(path, headers)
  const received = []
  const opened = await response
  expect(opened.headers.get('content-type')).toBe('text/event-stream')
  for await (const event of readServerSentEvents(opened)) {
    received.push(event)
    if (received.length === count) break
  }
  stop()
  return received
}

describe('events', () => {
  it('are read by cursor, without gaps or doubles', async () => {
    const all = (await events('limit=500')).body.items ?? []
    expect(all.length).toBeGreaterThan(2)
    const paged = []
    for (let after = 0; paged.length < all.length;) {
      const page = await events(`after=${String(after)}&limit=1`)
      paged.push(...(page.body.items ?? []))
      after = Number(page.body['next'])
    }
    expect(paged).toEqual(all)
  })

  it('are waited for, and a new one ends the wait', async () => {
    const after = await lastSeq()
    const waiting = events(`after=${String(after)}&wait=20`)
    await tell('woken')
    const { body } = await waiting
    expect(body).toMatchObject({ items: [{ seq: after + 1, reason: 'woken' }], next: after + 1 })
  })

  it('answer nothing new when the wait is over, with the same cursor', async () => {
    const after = await lastSeq()
    expect((await events(`after=${String(after)}&wait=1`)).body).toEqual({ items: [], next: after })
  })

  it('of the project hold those of its apps', async () => {
    const { body } = await api.ask('GET', '/v1/projects/shop/events?limit=500', { token: api.tokens.viewer })
    const types = body.items?.map((item) => item['type'])
    expect(types).toContain('project.created')
    expect(types).toContain('deployment.succeeded')
  })

  it('come as server-sent events with their number as id', async () => {
    const [first, second] = await take(`${appPath}/events`, 2)
    expect(first).toMatchObject({ id: '1' })
    expect(second).toMatchObject({ id: '2' })
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ seq: 1, type: first?.event })
  })

  it('go on after Last-Event-ID, whatever the address says', async () => {
    const [next] = await take(`${appPath}/events?after=0`, 1, { 'last-event-id': '2' })
    expect(next?.id).toBe('3')
  })

  it('come while the stream is open', async () => {
    const after = await lastSeq()
    const streamed = take(`${appPath}/events?after=${String(after)}`, 1)
    await tell('live')
    expect(JSON.parse((await streamed)[0]?.data ?? '')).toMatchObject({ reason: 'live', seq: after + 1 })
  })

  it('are missed by nobody who comes back again and again', async () => {
    const after = await lastSeq()
    const seen: string[] = []
    let id = String(after)
    for (const reason of ['a', 'b', 'c']) {
      await tell(`${reason}1`)
      await tell(`${reason}2`)
      // Only one of the two is taken before the connection breaks.
      const [event] = await take(`${appPath}/events`, 1, { 'last-event-id': id })
      seen.push(String((JSON.parse(event?.data ?? '') as { reason: string }).reason))
      id = event?.id ?? ''
    }
    for (const event of await take(`${appPath}/events`, 3, { 'last-event-id': id })) {
      seen.push(String((JSON.parse(event.data) as { reason: string }).reason))
    }
    expect(seen).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
  })

  it('are pages where the edge cannot stream', async () => {
    const own = await testApi({ streaming: false })
    try {
      const answer = await own.ask('GET', '/v1/projects/shop/events', {
        token: own.tokens.viewer,
        headers: { accept: 'text/event-stream' },
      })
      expect(answer.body).toMatchObject({ items: [{ type: 'project.created' }], next: 1 })
    } finally {
      await own.stop()
    }
  })

  it('end when the server closes', async () => {
    const closing = new AbortController()
    const own = await testApi({ closing: closing.signal })
    try {
      const response = await own.app.request('/v1/projects/shop/events', {
        headers: { authorization: `Bearer ${own.tokens.viewer}`, accept: 'text/event-stream' },
      })
      const received = []
      for await (const event of readServerSentEvents(response)) {
        received.push(event.event)
        closing.abort()
      }
      expect(received).toEqual(['project.created'])
    } finally {
      await own.stop()
    }
  })
})

describe('a stream', () => {
  const never = (signal: AbortSignal): AsyncIterable<ServerSentEvent> => ({
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ done: true, value: undefined }))),
    }),
  })

  it('is kept alive while nothing happens, and closed before fifteen minutes', async () => {
    let nowMs = 0
    const clock: Clock = {
      nowMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms
      },
    }
    const stop = new AbortController()
    let beats = 0
    for await (const item of withHeartbeat(never(stop.signal), clock, stop.signal)) {
      expect(item).toBe('heartbeat')
      beats += 1
    }
    stop.abort()
    expect(nowMs).toBe(14 * 60_000)
    expect(beats).toBe(56)
  })

  it('passes a failure of its source on', async () => {
    const broken = async function* (): AsyncGenerator<ServerSentEvent> {
      yield { event: 'a', data: null }
      throw new Error('broken')
    }
    const received: unknown[] = []
    const read = async (): Promise<void> => {
      for await (const item of withHeartbeat(broken(), fastClock(), new AbortController().signal)) received.push(item)
    }
    await expect(read()).rejects.toThrow('broken')
    expect(received.length).toBe(1)
  })
})

describe('logs', () => {
  const logs = (query: string) => api.ask('GET', `${appPath}/logs?${query}`, { token: api.tokens.viewer })
  const textsOf = (items: readonly Record<string, unknown>[] | undefined) => items?.map((item) => item['text'])

  it('are read by cursor: lines of one millisecond, of several instances and late ones come once each', async () => {
    log.add(line(1_000, 'a'), line(1_000, 'b'), line(1_000, 'c', 'i2'))
    const first = await logs('limit=2')
    expect(textsOf(first.body.items)).toEqual(['a', 'b'])
    log.add(line(1_000, 'd'), line(999, 'late', 'i3'), line(1_001, 'e'))
    const second = await logs(`after=${String(first.body['next'])}`)
    expect(textsOf(second.body.items)).toEqual(['c', 'd', 'late', 'e'])
    const third = await logs(`after=${String(second.body['next'])}`)
    expect(third.body.items).toEqual([])
    expect(third.body['next']).toBe(second.body['next'])
  })

  it('are waited for, and a new line ends the wait', async () => {
    const { body } = await logs('')
    const waiting = logs(`after=${String(body['next'])}&wait=20`)
    log.add(line(2_000, 'woken'))
    expect(textsOf((await waiting).body.items)).toEqual(['woken'])
  })

  it('answer nothing new when the wait is over', async () => {
    const { body } = await logs('')
    const over = await logs(`after=${String(body['next'])}&wait=1`)
    expect(over.body).toEqual({ items: [], next: body['next'] })
  })

  it('hold the newest lines alone where a tail is asked for', async () => {
    log.add(line(2_500, 'last but one'), line(2_501, 'last'))
    expect(textsOf((await logs('tail=2')).body.items)).toEqual(['last but one', 'last'])
  })

  it('come as server-sent events, and go on after Last-Event-ID', async () => {
    const [first] = await take(`${appPath}/logs?follow=true`, 1, { accept: '*/*' })
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ text: 'a', at: '1970-01-01T00:00:01.000Z' })
    const [second] = await take(`${appPath}/logs`, 1, { 'last-event-id': first?.id ?? '' })
    expect(JSON.parse(second?.data ?? '')).toMatchObject({ text: 'b' })
  })

  it('come while the stream is open', async () => {
    const { body } = await logs('')
    const streamed = take(`${appPath}/logs?after=${String(body['next'])}`, 1)
    log.add(line(3_000, 'live'))
    expect(JSON.parse((await streamed)[0]?.data ?? '')).toMatchObject({ text: 'live' })
  })

  it('are each given once, wherever the reader is cut off', () => {
    const lines = fc
      .array(fc.tuple(fc.integer({ min: 10_000, max: 10_020 }), fc.constantFrom('i1', 'i2', 'i3')), { maxLength: 30 })
      .map((items) =>
        items.sort(([a], [b]) => a - b).map(([atMs, instance], index) => line(atMs, String(index), instance)),
      )
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 40, maxLength: 40 }), (all, sizes) => {
        const given: string[] = []
        let cursor = encodeCursor(startOfLogs)
        for (const size of sizes) {
          const reader = new LogReader(decodeCursor(cursor))
          const page: string[] = []
          for (const item of all) {
            if (page.length < size && reader.take(item)) page.push(item.text)
          }
          given.push(...page)
          cursor = encodeCursor(reader.cursor())
        }
        expect(given).toEqual(all.map((item) => item.text))
      }),
    )
  })
})
