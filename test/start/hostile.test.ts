/** A server in a container may be anything. The helper must end by itself, by its timeout, with 0 or 1, on one printable line. */
import { createServer, type Server } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Ended, finish, folder, listen } from './lab.ts'

const answering = (bytes: Uint8Array): Server =>
  createServer((socket) => {
    socket.on('data', () => undefined)
    socket.end(bytes)
  })

async function probe(kind: 'http' | 'grpc', bytes: Uint8Array): Promise<Ended> {
  const server = answering(bytes)
  const port = await listen(server)
  const ended = await finish([
    'check',
    '--state',
    folder(),
    '--ready',
    kind === 'http' ? `http:${port}/` : `grpc:${port}`,
    '--timeout',
    '2000',
  ])
  server.close()
  return ended
}

function expectSane(ended: Ended): void {
  expect([0, 1]).toContain(ended.code)
  expect(ended.stdout).toMatch(/^[ -~]*\n$/)
  expect(ended.stderr).toBe('')
}

const runs = { numRuns: 150 }
const testLimitMs = 60_000

const u24 = (value: number): number[] => [(value >> 16) & 255, (value >> 8) & 255, value & 255]
const frame = (
  type: number,
  flags: number,
  stream: number,
  payload: readonly number[],
  length = payload.length,
): number[] => [...u24(length), type, flags, 0, 0, 0, stream, ...payload]

/** Frames that are nearly right: known types, our stream, payloads that look like header blocks and messages. */
const nearlyHeaders = fc.array(
  fc.oneof(
    fc.constantFrom([0x88], [0x8e], [0xbe], [0xff], [0x20], [0x3f, 0xff], [0x00], [0x40], [0x7f], [0x0f]),
    fc.constant([0x40, 11, ...Buffer.from('grpc-status'), 1, 48]),
    fc.constant([0x00, 12, ...Buffer.from('grpc-message'), 3, 7, 27, 10]),
    fc
      .tuple(fc.constantFrom(0x00, 0x10, 0x40), fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 20 }))
      .map(([first, length, bytes]) => [first, length, ...bytes]),
  ),
  { maxLength: 6 },
)
const payload = fc.oneof(
  nearlyHeaders.map((parts) => parts.flat()),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => [...bytes]),
  fc.constant([0, 0, 0, 0, 2, 8, 1]),
)
const frames = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 10 }),
      fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 0x2d), fc.integer({ min: 0, max: 255 })),
      fc.constantFrom(0, 1, 1, 1, 2),
      payload,
      fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 70_000 }) },
      ),
    ),
    { maxLength: 8 },
  )
  .map(
    (list) =>
      new Uint8Array(list.flatMap(([type, flags, stream, bytes, length]) => frame(type, flags, stream, bytes, length))),
  )

const lines = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'HTTP/1.1 200 OK',
        'HTTP/1.1 100',
        'HTTP/1.0 ',
        'HTTP/1.1 99 x',
        '\r\n',
        '\n',
        '\r',
        ': ',
        'Content-Length: 9',
      ),
      fc.string({ maxLength: 12, unit: 'binary' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

describe('hostile answers', () => {
  it('http: survives any bytes', { timeout: testLimitMs }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(lines, fc.uint8Array({ maxLength: 200 })), async (bytes) =>
        expectSane(await probe('http', bytes)),
      ),
      runs,
    )
  })

  it('grpc: survives any bytes', { timeout: testLimitMs }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => expectSane(await probe('grpc', bytes))),
      { numRuns: 50 },
    )
  })

  it('grpc: survives frames that are nearly right', { timeout: testLimitMs }, async () => {
    await fc.assert(
      fc.asyncProperty(frames, async (bytes) => expectSane(await probe('grpc', bytes))),
      runs,
    )
  })

  it('grpc: is healthy only where SERVING and grpc-status 0 were said', { timeout: testLimitMs }, async () => {
    const status = fc.integer({ min: 0, max: 3 })
    await fc.assert(
      fc.asyncProperty(status, status, fc.boolean(), async (serving, grpcStatus, ended) => {
        const bytes = [
          ...frame(4, 0, 0, []),
          ...frame(1, 4, 1, [0x88]),
          ...frame(0, 0, 1, [0, 0, 0, 0, 2, 8, serving]),
          ...(ended ? frame(1, 5, 1, [0x40, 11, ...Buffer.from('grpc-status'), 1, 48 + grpcStatus]) : []),
        ]
        const { code } = await probe('grpc', new Uint8Array(bytes))
        expect(code).toBe(serving === 1 && grpcStatus === 0 && ended ? 0 : 1)
      }),
      { numRuns: 40 },
    )
  })

  it('shows a hostile grpc-message as printable text only', async () => {
    const name = [...Buffer.from('grpc-message')]
    const text = [...Buffer.from('a\n\u001b[31mred\u0000')]
    const status = [0x40, 11, ...Buffer.from('grpc-status'), 1, 50]
    const block = [0x88, ...status, 0x40, name.length, ...name, text.length, ...text]
    const ended = await probe('grpc', new Uint8Array(frame(1, 5, 1, block)))
    expect(ended.stdout).toMatch(/: grpc-status 2 a\?\?\[31mred\?\n$/)
  })
})
