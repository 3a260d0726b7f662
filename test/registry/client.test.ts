import { describe, expect, it } from 'vitest'
import { createRegistryClient } from '../../lib/registry/client.ts'
import type { RegistryDeps } from '../../lib/registry/client.ts'
import { mediaTypes } from '../../lib/registry/manifest.ts'
import type { ImageReference } from '../../lib/registry/reference.ts'
import { resolveDigest, resolveImage } from '../../lib/registry/resolve.ts'
import { nodeTransport } from '../../lib/registry/transport.ts'
import { manualClock } from '../support/clock.ts'
import type { ManualClock } from '../support/clock.ts'
import { collect, makeImage, makeIndex, raw } from './image.ts'
import { reply, serve } from './server.ts'

const image = await makeImage()
const named = (registry: string, rest: Partial<ImageReference> = { tag: '1' }): ImageReference => ({
  registry,
  repository: 'lab/app',
  ...rest,
})
const client = (clock: ManualClock = manualClock(), rest: Partial<RegistryDeps> = {}) =>
  createRegistryClient({ transport: nodeTransport(), clock, ...rest })
const manifestHeaders = { 'content-type': mediaTypes.ociManifest, 'docker-content-digest': image.manifest.digest }
const limited = { errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] }

describe('a registry that limits calls', () => {
  it('is asked again after the seconds it says', async () => {
    const clock = manualClock()
    const began = clock.nowMs()
    const server = await serve((_, answer) =>
      clock.nowMs() - began < 7000
        ? reply(answer, 429, { 'retry-after': '7' })
        : reply(answer, 200, manifestHeaders, image.manifest.bytes),
    )
    expect((await client(clock).manifest(named(server.host))).digest).toBe(image.manifest.digest)
    expect(clock.nowMs() - began).toBe(7000)
    expect(server.seen).toHaveLength(2)
  })

  it('is asked again after the date it says', async () => {
    const clock = manualClock()
    const until = clock.nowMs() + 5000
    const server = await serve((_, answer) =>
      clock.nowMs() < until
        ? reply(answer, 429, { 'retry-after': new Date(until).toUTCString() })
        : reply(answer, 200, manifestHeaders, image.manifest.bytes),
    )
    expect((await client(clock).manifest(named(server.host))).digest).toBe(image.manifest.digest)
  })

  it('is reported at once where it wants more time than there is', async () => {
    const clock = manualClock()
    const server = await serve((_, answer) => reply(answer, 429, { 'retry-after': '3600' }, JSON.stringify(limited)))
    await expect(
      client(clock).manifest(named(server.host), { deadlineMs: clock.nowMs() + 60_000 }),
    ).rejects.toMatchObject({
      code: 'registry-rate-limited',
      message: expect.stringMatching(/slow down.*3600 s/),
    })
    expect(server.seen).toHaveLength(1)
  })

  it('is reported at once where it does not say how long', async () => {
    const server = await serve((_, answer) => reply(answer, 429, {}, JSON.stringify(limited)))
    await expect(client().manifest(named(server.host))).rejects.toMatchObject({ code: 'registry-rate-limited' })
    expect(server.seen).toHaveLength(1)
  })
})

describe('what a registry answers', () => {
  it('asks for the current forms of manifests and never for schema 1', async () => {
    const server = await serve((_, answer) =>
      reply(answer, 200, { ...manifestHeaders, 'content-length': String(image.manifest.bytes.byteLength) }),
    )
    await client().head(named(server.host))
    const accept = server.seen[0]?.headers.accept ?? ''
    expect(accept.split(', ').sort()).toEqual(
      [mediaTypes.dockerList, mediaTypes.dockerManifest, mediaTypes.ociIndex, mediaTypes.ociManifest].sort(),
    )
  })

  it('reads the manifest where a HEAD does not tell the digest', async () => {
    const server = await serve(({ method }, answer) =>
      reply(answer, 200, { 'content-type': mediaTypes.ociManifest }, method === 'HEAD' ? '' : image.manifest.bytes),
    )
    expect(await resolveDigest(client(), named(server.host))).toBe(image.manifest.digest)
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  })

  it.each([
    ['the digest in the name', { digest: image.manifest.digest }, {}],
    ['the digest the registry itself announces', { tag: '1' }, { 'docker-content-digest': image.manifest.digest }],
  ])('is refused where the bytes are not those of %s', async (_, version, headers) => {
    const server = await serve((__, answer) =>
      reply(answer, 200, { 'content-type': mediaTypes.ociManifest, ...headers }, `${image.manifest.bytes.toString()} `),
    )
    await expect(client().manifest(named(server.host, version))).rejects.toMatchObject({ code: 'digest-mismatch' })
  })

  it('is refused where it is schema 1', async () => {
    const server = await serve((_, answer) =>
      reply(answer, 200, { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' }, '{}'),
    )
    await expect(client().manifest(named(server.host))).rejects.toMatchObject({ code: 'image-unsupported' })
  })

  it('is refused where index and manifest are mixed', async () => {
    const mixed = raw({ schemaVersion: 2, manifests: [], layers: [], config: {} }, mediaTypes.ociIndex)
    const server = await serve((_, answer) => reply(answer, 200, { 'content-type': mixed.mediaType }, mixed.bytes))
    await expect(resolveImage(client(), named(server.host), { os: 'linux', arch: 'amd64' })).rejects.toMatchObject({
      code: 'image-unsupported',
    })
  })

  it.each([
    [401, 'registry-unauthorized'],
    [403, 'registry-forbidden'],
    [404, 'image-not-found'],
    [500, 'registry-refused'],
    [302, 'registry-refused'],
  ])('%d becomes %s', async (status, code) => {
    const server = await serve((_, answer) => reply(answer, status, {}, '<html>'))
    await expect(client().manifest(named(server.host))).rejects.toMatchObject({ code })
  })

  it('offers what an index has where the platform is missing', async () => {
    const index = makeIndex([
      { image, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { image, platform: { os: 'unknown', architecture: 'unknown' } },
    ])
    const server = await serve((_, answer) => reply(answer, 200, { 'content-type': index.mediaType }, index.bytes))
    await expect(resolveImage(client(), named(server.host), { os: 'linux', arch: 'amd64' })).rejects.toMatchObject({
      code: 'image-platform',
      message: expect.stringContaining('it has linux/arm64/v8:'),
    })
  })

  it('is waited for no longer than the deadline', async () => {
    const clock = manualClock()
    const server = await serve(() => undefined)
    await expect(client(clock).manifest(named(server.host), { deadlineMs: clock.nowMs() + 50 })).rejects.toMatchObject({
      code: 'timed-out',
    })
  })

  it('is missed where nobody listens', async () => {
    await expect(client().manifest(named('127.0.0.1:1'))).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('is missed where the connection breaks within a blob', async () => {
    const server = await serve((_, answer) => {
      answer.writeHead(200, { 'content-length': '100' })
      answer.write('half')
      setTimeout(() => answer.destroy(), 10)
    })
    await expect(
      collect(client().blob(named(server.host), { digest: image.config.digest, size: 100 })),
    ).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('has to be encrypted beyond loopback', async () => {
    const asked: string[] = []
    const transport: RegistryDeps['transport'] = async ({ url }) => {
      asked.push(url.origin)
      throw new Error('stop')
    }
    for (const registry of ['docker.io', 'ghcr.io', 'plain.example:5000', 'localhost:5000', '[::1]:5000'])
      await client(manualClock(), { transport, hosts: { 'plain.example:5000': { scheme: 'http' } } })
        .head(named(registry))
        .catch(() => undefined)
    expect(asked).toEqual([
      'https://registry-1.docker.io',
      'https://ghcr.io',
      'http://plain.example:5000',
      'http://localhost:5000',
      'http://[::1]:5000',
    ])
  })
})

describe('redirects', () => {
  const login = async () => ({ kind: 'password', username: 'ada', password: 'pw' }) as const

  it('of blobs do not take the credentials to another host', async () => {
    const store = await serve((_, answer) => reply(answer, 200, {}, image.blobs.get(image.config.digest)))
    const server = await serve(({ headers }, answer) =>
      headers.authorization === undefined
        ? reply(answer, 401, { 'www-authenticate': 'Basic realm="x"' })
        : reply(answer, 307, { location: `http://${store.host}/signed?x=1` }),
    )
    await collect(client(manualClock(), { credentials: login }).blob(named(server.host), image.config))
    expect(server.seen.at(-1)?.headers.authorization).toMatch(/^Basic /)
    expect(store.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/signed?x=1', undefined]])
  })

  it('without end are given up', async () => {
    const server = await serve((_, answer) => reply(answer, 307, { location: '/again' }))
    await expect(client().manifest(named(server.host))).rejects.toMatchObject({ code: 'registry-refused' })
    expect(server.seen.length).toBeLessThan(10)
  })

  it('do not lead out of encryption', async () => {
    const transport: RegistryDeps['transport'] = async () => ({
      status: 307,
      headers: { location: 'http://elsewhere.example/blob' },
      body: (async function* () {})(),
      discard: () => undefined,
    })
    await expect(
      collect(client(manualClock(), { transport }).blob(named('ghcr.io'), image.config)),
    ).rejects.toMatchObject({ code: 'registry-untrusted' })
  })
})

describe('lists of tags', () => {
  const tagsOf = async (host: string) => {
    const tags: string[] = []
    for await (const tag of client().tags(named(host))) tags.push(tag)
    return tags
  }

  it('are followed from page to page', async () => {
    const server = await serve(({ url }, answer) => {
      const last = /last=(\w)/.exec(url)?.[1]
      const page = last === undefined ? ['a', 'b'] : last === 'b' ? ['c'] : []
      const link: Record<string, string> =
        last === undefined ? { link: '</v2/lab/app/tags/list?n=2&last=b>; rel="next"' } : {}
      reply(answer, 200, link, JSON.stringify({ name: 'lab/app', tags: page }))
    })
    expect(await tagsOf(server.host)).toEqual(['a', 'b', 'c'])
  })

  it('are empty where the registry says null', async () => {
    const server = await serve((_, answer) => reply(answer, 200, {}, '{"name":"lab/app","tags":null}'))
    expect(await tagsOf(server.host)).toEqual([])
  })

  it('that go round in circles are given up', async () => {
    const server = await serve((_, answer) =>
      reply(answer, 200, { link: '</v2/lab/app/tags/list?last=a>; rel=next' }, '{"tags":["a"]}'),
    )
    await expect(tagsOf(server.host)).rejects.toMatchObject({ code: 'registry-refused' })
  })

  it('that go on at another host are given up', async () => {
    const server = await serve((_, answer) =>
      reply(answer, 200, { link: '<http://127.0.0.2:9/x>; rel="next"' }, '{"tags":["a"]}'),
    )
    await expect(tagsOf(server.host)).rejects.toMatchObject({ code: 'registry-refused' })
  })
})

describe('tokens', () => {
  it('are asked for anew when they have expired', async () => {
    const clock = manualClock()
    let given = 0
    const server = await serve(({ url, headers }, answer) => {
      if (url.startsWith('/token'))
        return reply(answer, 200, {}, JSON.stringify({ access_token: `t${(given += 1)}`, expires_in: 100 }))
      if (headers.authorization !== `Bearer t${given}` || given === 0)
        return reply(answer, 401, { 'www-authenticate': `Bearer realm="http://${headers.host}/token",service="s"` })
      reply(answer, 200, manifestHeaders, image.manifest.bytes)
    })
    const one = client(clock)
    await one.manifest(named(server.host))
    await one.manifest(named(server.host))
    expect(given).toBe(1)
    clock.advance(95_000)
    await one.manifest(named(server.host))
    expect(given).toBe(2)
    expect(server.seen.filter(({ url }) => url.startsWith('/token'))[0]?.url).toBe(
      '/token?service=s&scope=repository%3Alab%2Fapp%3Apull',
    )
  })

  it('are asked for once by calls at the same time', async () => {
    let given = 0
    const server = await serve(({ url, headers }, answer) => {
      if (url.startsWith('/token')) return reply(answer, 200, {}, JSON.stringify({ token: `t${(given += 1)}` }))
      if (headers.authorization === undefined)
        return reply(answer, 401, { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` })
      reply(answer, 200, manifestHeaders, image.manifest.bytes)
    })
    const one = client()
    await Promise.all([1, 2, 3, 4].map(() => one.manifest(named(server.host))))
    expect(given).toBe(1)
  })

  it('that another call has got meanwhile are used', async () => {
    let given = 0
    const late: (() => void)[] = []
    const server = await serve(({ url, headers }, answer) => {
      if (url.startsWith('/token')) return reply(answer, 200, {}, JSON.stringify({ token: `t${(given += 1)}` }))
      if (headers.authorization !== undefined) return reply(answer, 200, manifestHeaders, image.manifest.bytes)
      late.push(() => reply(answer, 401, { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` }))
      if (late.length === 2) late[0]?.()
    })
    const one = client()
    const calls = [one.manifest(named(server.host)), one.manifest(named(server.host))]
    await Promise.race(calls)
    late[1]?.()
    await Promise.all(calls)
    expect(given).toBe(1)
  })

  it('come from an identity token where that is what there is', async () => {
    const server = await serve(({ method, url, headers }, answer) => {
      if (url === '/token' && method === 'POST') return reply(answer, 200, {}, JSON.stringify({ access_token: 'a' }))
      if (headers.authorization === 'Bearer a') return reply(answer, 200, manifestHeaders, image.manifest.bytes)
      reply(answer, 401, { 'www-authenticate': `Bearer realm="http://${headers.host}/token",service="s"` })
    })
    const credentials = async () => ({ kind: 'identityToken', token: 'refresh' }) as const
    expect((await client(manualClock(), { credentials }).manifest(named(server.host))).digest).toBe(
      image.manifest.digest,
    )
  })

  it('are not asked for at an address without encryption, nor is a password sent there', async () => {
    const asked: string[] = []
    const transport: RegistryDeps['transport'] = async ({ url }) => {
      asked.push(url.href)
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="http://evil.example/token"' },
        body: (async function* () {})(),
        discard: () => undefined,
      }
    }
    const credentials = async () => ({ kind: 'password', username: 'ada', password: 'pw' }) as const
    await expect(client(manualClock(), { transport, credentials }).manifest(named('ghcr.io'))).rejects.toMatchObject({
      code: 'registry-untrusted',
    })
    expect(asked.some((url) => url.includes('evil'))).toBe(false)
  })

  it('that do not help are reported once', async () => {
    const server = await serve(({ url, headers }, answer) =>
      url.startsWith('/token')
        ? reply(answer, 200, {}, '{"token":"useless"}')
        : reply(answer, 401, { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` }),
    )
    await expect(client().manifest(named(server.host))).rejects.toMatchObject({ code: 'registry-unauthorized' })
    expect(server.seen).toHaveLength(3)
  })
})
