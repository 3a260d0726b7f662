/**
 * The framing of output without a terminal: 8 bytes of head (stream, three zeros, length as 32 bit big endian), then the data.
 * Chunks of the connection end anywhere; frames come out whole.
 */
export type FrameStream = 'stdin' | 'stdout' | 'stderr' | 'system'

export interface Frame {
  readonly stream: FrameStream
  readonly data: Buffer
}

export interface FrameDecoder {
  push(chunk: Buffer): Frame[]
  /** Bytes of a frame that has not come whole; more than none at the end of a stream means that it was cut. */
  pending(): number
}

const streams: readonly FrameStream[] = ['stdin', 'stdout', 'stderr', 'system']
const headBytes = 8

export function createFrameDecoder(): FrameDecoder {
  let parts: Buffer[] = []
  let held = 0
  let need = headBytes
  return {
    push(chunk) {
      parts.push(chunk)
      held += chunk.length
      if (held < need) return []
      // Joined only when at least one frame is there, so that a large frame in small chunks stays linear.
      const bytes = parts.length === 1 ? chunk : Buffer.concat(parts)
      const frames: Frame[] = []
      let at = 0
      need = headBytes
      while (bytes.length - at >= headBytes) {
        const { stream, length } = readHead(bytes, at)
        if (bytes.length - at - headBytes < length) {
          need = headBytes + length
          break
        }
        frames.push({ stream, data: bytes.subarray(at + headBytes, at + headBytes + length) })
        at += headBytes + length
      }
      parts = at === bytes.length ? [] : [bytes.subarray(at)]
      held = bytes.length - at
      return frames
    },
    pending: () => held,
  }
}

function readHead(bytes: Buffer, at: number): { stream: FrameStream; length: number } {
  const stream = streams[bytes[at] ?? -1]
  if (stream === undefined || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0)
    throw new Error(
      `the engine's output is not framed: a head reads ${bytes.subarray(at, at + headBytes).toString('hex')}`,
    )
  return { stream, length: bytes.readUInt32BE(at + 4) }
}

export function encodeFrame(frame: Frame): Buffer {
  const head = Buffer.alloc(headBytes)
  head[0] = streams.indexOf(frame.stream)
  head.writeUInt32BE(frame.data.length, 4)
  return Buffer.concat([head, frame.data])
}

/** Frames of a connection; with a terminal there is no framing and all is stdout. */
export async function* readFrames(source: AsyncIterable<Buffer>, terminal: boolean): AsyncGenerator<Frame> {
  if (terminal) {
    for await (const data of source) yield { stream: 'stdout', data }
    return
  }
  const decoder = createFrameDecoder()
  for await (const chunk of source) yield* decoder.push(chunk)
  if (decoder.pending() > 0)
    throw new Error(`the engine's output ends inside a frame (${decoder.pending()} bytes of it came)`)
}
