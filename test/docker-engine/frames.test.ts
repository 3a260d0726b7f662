import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameDecoder, encodeFrame, readFrames } from '../../lib/targets/docker/engine/frames.ts'
import type { Frame } from '../../lib/targets/docker/engine/frames.ts'

const frame = fc.record<Frame>({
  stream: fc.constantFrom('stdout', 'stderr', 'system'),
  data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
})

/** Cuts bytes at any places, empty chunks included. */
const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const marks = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return marks.slice(1).map((end, index) => bytes.subarray(marks[index], end))
}

async function* chunks(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts
}

async function all(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const kept: Frame[] = []
  for await (const one of frames) kept.push(one)
  return kept
}

const plain = (frames: readonly Frame[]): unknown => frames.map(({ stream, data }) => [stream, data.toString('hex')])

describe('frames', () => {
  it('come out the same however the connection cuts its chunks', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 30 }), (frames, places) => {
        const decoder = createFrameDecoder()
        const out = cut(Buffer.concat(frames.map(encodeFrame)), places).flatMap((chunk) => decoder.push(chunk))
        expect(plain(out)).toEqual(plain(frames))
        expect(decoder.pending()).toBe(0)
      }),
    )
  })

  it('come out whole when each byte arrives alone', () => {
    const decoder = createFrameDecoder()
    const bytes = encodeFrame({ stream: 'stderr', data: Buffer.from('slow') })
    const out = [...bytes].flatMap((byte) => decoder.push(Buffer.from([byte])))
    expect(plain(out)).toEqual([['stderr', Buffer.from('slow').toString('hex')]])
  })

  it('refuse output that is not framed', () => {
    expect(() => createFrameDecoder().push(Buffer.from('hello, world'))).toThrow(/not framed/)
  })

  it('that are cut off at the end of the stream are an error', async () => {
    const bytes = encodeFrame({ stream: 'stdout', data: Buffer.from('abcdef') })
    await expect(all(readFrames(chunks([bytes.subarray(0, 11)]), false))).rejects.toThrow(/inside a frame \(11 bytes/)
  })

  it('do not exist with a terminal: all is stdout as it came', async () => {
    const out = await all(readFrames(chunks([Buffer.from('a'), Buffer.from('b')]), true))
    expect(plain(out)).toEqual([
      ['stdout', '61'],
      ['stdout', '62'],
    ])
  })
})
