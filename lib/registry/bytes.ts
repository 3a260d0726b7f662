/** Bytes that must fit into memory. */
import { EscaleError } from '../core/errors.ts'

export async function readAll(content: AsyncIterable<Uint8Array>, maxBytes: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of content) {
    size += chunk.byteLength
    if (size > maxBytes) throw new EscaleError('too-large', `${what} is larger than the ${maxBytes} bytes allowed`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Runs `work` for each item, a few at a time; the first failure ends it. */
export async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  let failed = false
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      if (failed) return
      await work(item).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, lane)
  // All have to end before the failure is told: no work may go on behind the caller's back.
  const failure = (await Promise.allSettled(lanes)).find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}
