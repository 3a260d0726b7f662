import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJsonLines } from '../../lib/targets/docker/engine/ndjson.ts'

async function* byteChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Buffer, size: number): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of readJsonLines<unknown>(byteChunks(bytes, size))) values.push(value)
  return values
}

describe('lines of JSON', () => {
  it('give the same values in chunks of any size, with either line end and characters cut in two', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ status: fc.string({ unit: 'grapheme' }), n: fc.integer() }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('\n', '\r\n'),
        async (values, size, end) => {
          const text = values.map((value) => JSON.stringify(value) + end).join('')
          expect(await read(Buffer.from(text), size)).toEqual(values)
        },
      ),
    )
  })

  it('pass over blank lines and take a last line without end', async () => {
    expect(await read(Buffer.from('\n{"a":1}\r\n\r\n{"b":2}'), 5)).toEqual([{ a: 1 }, { b: 2 }])
  })

  it('fail on text that is no JSON', async () => {
    await expect(read(Buffer.from('<html>\n'), 100)).rejects.toThrow(SyntaxError)
  })
})
