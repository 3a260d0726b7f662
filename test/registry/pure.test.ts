import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from '../../lib/registry/challenge.ts'
import { choosePlatform, formatPlatform, parsePlatform } from '../../lib/registry/platform.ts'
import type { Platform } from '../../lib/registry/platform.ts'
import { retryAfterMs } from '../../lib/registry/request.ts'
import { mergeScopes } from '../../lib/registry/scope.ts'
import { nextPage } from '../../lib/registry/tags.ts'
import { checked, digestOf } from '../../lib/registry/digest.ts'
import { collect } from './image.ts'

const at = (text: string): Platform => {
  const platform = parsePlatform(text)
  if (platform === undefined) throw new Error(text)
  return platform
}

describe('challenges', () => {
  it.each([
    ['Basic realm="a b"', [{ scheme: 'basic', params: { realm: 'a b' } }]],
    [
      'Bearer realm="https://x/t?a=1,2",service=s,scope="repository:a/b:pull,push"',
      [{ scheme: 'bearer', params: { realm: 'https://x/t?a=1,2', service: 's', scope: 'repository:a/b:pull,push' } }],
    ],
    [
      'Negotiate, Basic realm="x", Bearer Realm = "q\\"q"',
      [
        { scheme: 'negotiate', params: {} },
        { scheme: 'basic', params: { realm: 'x' } },
        { scheme: 'bearer', params: { realm: 'q"q' } },
      ],
    ],
    ['', []],
  ])('%s is read', (header, wanted) => expect(parseChallenges(header)).toEqual(wanted))

  it('end on any input', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseChallenges(text))))
  })
})

describe('platforms', () => {
  it.each([
    ['linux/arm/v7', ['linux/arm/v6', 'linux/arm/v7', 'linux/arm64'], 'linux/arm/v7'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm/v6', ['linux/arm/v7'], undefined],
    ['linux/arm64', ['linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/aarch64', ['linux/arm64'], 'linux/arm64'],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
    ['linux/amd64', ['linux/amd64/v2'], undefined],
    ['linux/amd64', ['windows/amd64'], undefined],
  ])('%s takes of %j the image for %s', (wanted, offered, chosen) => {
    const found = choosePlatform(
      offered.map((text) => ({ platform: at(text) })),
      at(wanted),
    )
    expect(found === undefined ? undefined : formatPlatform(found.platform)).toBe(chosen)
  })

  it.each(['linux', '', 'linux/', '/amd64', 'a/b/c/d', 'linux/arm/'])('%j is none', (text) =>
    expect(parsePlatform(text)).toBeUndefined(),
  )
})

describe('headers', () => {
  it.each([
    ['5', 5000],
    ['0', 1000],
    [undefined, undefined],
    ['soon', undefined],
    [new Date(9000).toUTCString(), 8000],
  ])('Retry-After %s', (header, wanted) => expect(retryAfterMs(header, 1000)).toBe(wanted))

  it('Link names the next page beside others', () => {
    const from = new URL('http://r/v2/x/tags/list')
    expect(nextPage('</first>; rel="first", </v2/x/tags/list?last=b>; title="a,b"; rel=next', from)?.href).toBe(
      'http://r/v2/x/tags/list?last=b',
    )
    expect(nextPage('</x>; rel="prev"', from)).toBeUndefined()
  })

  it('scopes of one repository become one', () => {
    expect(mergeScopes(['repository:b:pull', 'repository:a:pull', 'repository:a:push,pull'])).toEqual([
      'repository:a:pull,push',
      'repository:b:pull',
    ])
  })
})

describe('checked content', () => {
  async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let from = 0; from < bytes.byteLength; from += size) yield bytes.subarray(from, from + size)
  }

  it('passes what keeps its digest, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 64 }), async (bytes, size) => {
        const passed = await collect(
          checked(pieces(bytes, size), { digest: digestOf(bytes), size: bytes.byteLength }, 'x'),
        )
        expect(Buffer.compare(passed, bytes)).toBe(0)
      }),
    )
  })

  it('never passes all bytes of what does not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 64 }),
        async (bytes, size) => {
          let passed = 0
          const reading = (async () => {
            for await (const chunk of checked(
              pieces(bytes, size),
              { digest: digestOf(Buffer.from('else')), size: bytes.byteLength },
              'x',
            ))
              passed += chunk.byteLength
          })()
          await expect(reading).rejects.toMatchObject({ code: 'digest-mismatch' })
          expect(passed).toBeLessThan(bytes.byteLength)
        },
      ),
    )
  })
})
