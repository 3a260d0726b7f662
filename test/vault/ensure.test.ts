import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Secret, SecretSource } from '../../lib/model/unit.ts'
import { ensureSecrets } from '../../lib/vault/ensure.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'
import { secretPath, singleValue } from '../../lib/vault/secrets.ts'
import type { SourceAnswer, SourceReaders } from '../../lib/vault/sources.ts'
import type { SecretValue } from '../../lib/vault/vault.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

const app = { project: 'shop', environment: 'production', app: 'web' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const keyedValue = (keys: Record<string, string>): SecretValue => ({
  kind: 'keyed',
  keys: Object.fromEntries(Object.entries(keys).map(([key, text]) => [key, bytes(text)])),
})

function subject(sources: SourceReaders = {}) {
  const random = seededRandom()
  const vault = memoryVault({ clock: manualClock(), random })
  const ensure = (secrets: Record<string, SecretSource>, dryRun = false) =>
    ensureSecrets({
      vault,
      app,
      secrets: Object.entries(secrets).map(([name, source]): Secret => ({ name, source })),
      random,
      sources,
      dryRun,
    })
  return {
    vault,
    ensure,
    set: (name: string, value: string | SecretValue) =>
      vault.put(secretPath(app, name), typeof value === 'string' ? singleValue(value) : value, 'set'),
    /** Text of a single value, entries of a keyed one. */
    text: async (name: string) => {
      const found = await vault.read(secretPath(app, name))
      if (found === undefined) return undefined
      const decode = (data: Uint8Array): string => Buffer.from(data).toString()
      if (found.value.kind === 'single') return decode(found.value.data)
      return Object.fromEntries(Object.entries(found.value.keys).map(([key, data]) => [key, decode(data)]))
    },
    versions: async (name: string) => (await vault.versions(secretPath(app, name))).map(({ version }) => version),
  }
}

const generate: SecretSource = { kind: 'generate', length: 24 }
const fromStore: SecretSource = { kind: 'from', from: 'store:' }
const url: SecretSource = { kind: 'join', parts: ['postgres://app:', { secret: 'pass' }, '@db/shop'] }

describe('generated secrets', () => {
  it('are made once and kept', async () => {
    const { ensure, text, vault } = subject()
    const first = await ensure({ pass: generate })
    expect(await text('pass')).toMatch(/^[A-Za-z0-9]{24}$/)
    expect((await vault.current(secretPath(app, 'pass')))?.origin).toBe('generated')
    expect(first).toEqual({
      versions: { pass: (await vault.current(secretPath(app, 'pass')))?.version },
      pending: [],
      problems: [],
    })
    expect(await ensure({ pass: { kind: 'generate', length: 50 } })).toEqual(first)
  })

  it('keep a value that a person has set', async () => {
    const { ensure, set } = subject()
    const { version } = await set('pass', 'mine')
    expect((await ensure({ pass: generate })).versions).toEqual({ pass: version })
  })

  it('agree on one value when two make it at once', async () => {
    const { ensure, vault } = subject()
    await Promise.all([ensure({ pass: generate }), ensure({ pass: generate })])
    expect((await ensure({ pass: generate })).versions['pass']).toBe(
      (await vault.current(secretPath(app, 'pass')))?.version,
    )
  })
})

describe('secrets of the store', () => {
  it('are pinned in their current version', async () => {
    const { ensure, set } = subject()
    await set('key', 'old')
    const { version } = await set('key', 'new')
    expect(await ensure({ key: fromStore })).toEqual({ versions: { key: version }, pending: [], problems: [] })
  })

  it('are a problem with the command that sets them where they have no value', async () => {
    const { ensure } = subject()
    const { versions, problems } = await ensure({ key: fromStore })
    expect(versions).toEqual({})
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'secret-missing',
        path: 'secrets.key',
        fix: expect.stringContaining('escale secrets set key'),
      }),
    ])
  })

  it('need each of their keys, and tell each that is missing', async () => {
    const { ensure, set } = subject()
    const source: SecretSource = {
      kind: 'keys',
      keys: { 'tls.crt': { from: 'store:' }, 'tls.key': { from: 'store:' } },
    }
    expect((await ensure({ tls: source })).problems.map(({ path }) => path)).toEqual([
      'secrets.tls.keys."tls.crt"',
      'secrets.tls.keys."tls.key"',
    ])
    await set('tls', keyedValue({ 'tls.crt': 'c' }))
    expect((await ensure({ tls: source })).problems).toEqual([
      expect.objectContaining({ code: 'secret-missing', fix: expect.stringContaining('tls.key') }),
    ])
    const { version } = await set('tls', keyedValue({ 'tls.crt': 'c', 'tls.key': 'k' }))
    expect(await ensure({ tls: source })).toEqual({ versions: { tls: version }, pending: [], problems: [] })
  })

  it('are not another secret’s', async () => {
    const { ensure } = subject()
    expect((await ensure({ key: { kind: 'from', from: 'store:other' } })).problems).toEqual([
      expect.objectContaining({ code: 'invalid-format', path: 'secrets.key' }),
    ])
  })
})

describe('joined secrets', () => {
  it('are made of their parts, whatever the order in which they are named', async () => {
    const { ensure, text, vault } = subject()
    const { versions, problems } = await ensure({ url, pass: generate })
    expect(problems).toEqual([])
    const pass = await text('pass')
    expect(typeof pass === 'string' && (await text('url')) === `postgres://app:${pass}@db/shop`).toBe(true)
    expect((await vault.current(secretPath(app, 'url')))?.origin).toBe('joined')
    expect(Object.keys(versions).toSorted()).toEqual(['pass', 'url'])
  })

  it('are made anew when a part has changed, and only then', async () => {
    const { ensure, set, text, versions } = subject()
    await set('pass', 'one')
    const first = await ensure({ pass: fromStore, url })
    expect(await ensure({ pass: fromStore, url })).toEqual(first)
    await set('pass', 'one')
    expect((await ensure({ pass: fromStore, url })).versions['url']).toBe(first.versions['url'])
    await set('pass', 'two')
    const second = await ensure({ pass: fromStore, url })
    expect(second.versions['url']).not.toBe(first.versions['url'])
    expect(await text('url')).toBe('postgres://app:two@db/shop')
    await ensure({ pass: fromStore, url: { kind: 'join', parts: ['x', { secret: 'pass' }] } })
    expect(await text('url')).toBe('xtwo')
    expect(await versions('url')).toHaveLength(3)
  })

  it('take one key of a keyed secret, and other joined ones', async () => {
    const { ensure, set, text } = subject()
    await set('db', keyedValue({ user: 'u', pass: 'p' }))
    const { problems } = await ensure({
      outer: { kind: 'join', parts: [{ secret: 'inner' }, '!'] },
      inner: { kind: 'join', parts: [{ secret: 'db', key: 'user' }, ':', { secret: 'db', key: 'pass' }] },
      db: { kind: 'keys', keys: { user: { from: 'store:' }, pass: { from: 'store:' } } },
    })
    expect(problems).toEqual([])
    expect(await text('outer')).toBe('u:p!')
  })

  it('have a new value everywhere along a chain when the first changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 4 }), async (values) => {
        const { ensure, set, text, versions } = subject()
        const secrets = {
          c: { kind: 'join', parts: [{ secret: 'b' }, '.c'] },
          b: { kind: 'join', parts: [{ secret: 'a' }, '.b'] },
          a: fromStore,
        } as const
        let changes = 0
        for (const [index, value] of values.entries()) {
          if (index === 0 || value !== values[index - 1]) changes++
          await set('a', value)
          await ensure(secrets)
          expect(await text('c')).toBe(`${value}.b.c`)
        }
        expect(await versions('c')).toHaveLength(changes)
      }),
      { numRuns: 20 },
    )
  })

  it('tell a missing part once, and are not made', async () => {
    const { ensure, versions } = subject()
    const { problems } = await ensure({ url, pass: fromStore })
    expect(problems).toEqual([expect.objectContaining({ code: 'secret-missing', path: 'secrets.pass' })])
    expect(await versions('url')).toEqual([])
  })

  it('tell an unknown secret, an unknown key and a whole keyed one', async () => {
    const { ensure, set } = subject()
    await set('db', keyedValue({ user: 'u' }))
    await set('one', 'single')
    const { problems } = await ensure({
      a: { kind: 'join', parts: ['x', { secret: 'none' }] },
      b: { kind: 'join', parts: [{ secret: 'db', key: 'none' }] },
      c: { kind: 'join', parts: [{ secret: 'db' }] },
      d: { kind: 'join', parts: [{ secret: 'one', key: 'k' }] },
      db: fromStore,
      one: fromStore,
    })
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ['unknown-reference', 'secrets.a.join.1'],
      ['unknown-reference', 'secrets.b.join.0'],
      ['unknown-reference', 'secrets.c.join.0'],
      ['unknown-reference', 'secrets.d.join.0'],
    ])
  })

  it('tell a cycle, once', async () => {
    const { ensure } = subject()
    const { versions, problems } = await ensure({
      a: { kind: 'join', parts: [{ secret: 'b' }] },
      b: { kind: 'join', parts: [{ secret: 'c' }] },
      c: { kind: 'join', parts: [{ secret: 'a' }] },
      self: { kind: 'join', parts: [{ secret: 'self' }] },
    })
    expect(versions).toEqual({})
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ['dependency-cycle', 'secrets.c.join.0'],
      ['dependency-cycle', 'secrets.self.join.0'],
    ])
  })

  it('are a problem beyond 64 kB', async () => {
    const { ensure, set } = subject()
    await set('pass', 'x'.repeat(40_000))
    const { problems } = await ensure({
      pass: fromStore,
      url: { kind: 'join', parts: [{ secret: 'pass' }, { secret: 'pass' }] },
    })
    expect(problems).toEqual([expect.objectContaining({ code: 'too-large', path: 'secrets.url' })])
  })
})

describe('secrets of other sources', () => {
  const answering = (answers: Record<string, SourceAnswer>): SourceReaders => ({
    ssm: async ({ name }) => answers[name] ?? { kind: 'missing', why: 'there is no such parameter' },
  })

  it('are pinned outside where the target reads them there', async () => {
    const { ensure, versions } = subject(answering({ key: { kind: 'pinned', version: '7' } }))
    const result = await ensure({ stripe: { kind: 'from', from: 'ssm:key' } })
    expect(result).toEqual({ versions: { stripe: 'ssm:7' }, pending: [], problems: [] })
    expect(await versions('stripe')).toEqual([])
  })

  it('are copied into the vault, anew only when they have changed', async () => {
    const answers: Record<string, SourceAnswer> = { key: { kind: 'copy', value: singleValue('one') } }
    const { ensure, vault, versions, text } = subject(answering(answers))
    const secrets = { stripe: { kind: 'from', from: 'ssm:key' } } as const
    const first = await ensure(secrets)
    expect((await vault.current(secretPath(app, 'stripe')))?.origin).toBe('copied')
    expect(await ensure(secrets)).toEqual(first)
    answers['key'] = { kind: 'copy', value: singleValue('two') }
    await ensure(secrets)
    expect(await text('stripe')).toBe('two')
    expect(await versions('stripe')).toHaveLength(2)
  })

  it('stand beside keys that were set', async () => {
    const { ensure, set, text, versions } = subject(
      answering({ crt: { kind: 'copy', value: singleValue('cert') }, ca: { kind: 'pinned', version: '2' } }),
    )
    await set('tls', keyedValue({ key: 'k', old: 'o' }))
    const source: SecretSource = {
      kind: 'keys',
      keys: { crt: { from: 'ssm:crt' }, ca: { from: 'ssm:ca' }, key: { from: 'store:' } },
    }
    const first = await ensure({ tls: source })
    expect(first.problems).toEqual([])
    expect(first.versions).toEqual({ tls: (await versions('tls'))[1], 'tls#ca': 'ssm:2' })
    expect(await text('tls')).toEqual({ key: 'k', old: 'o', crt: 'cert' })
    expect(await ensure({ tls: source })).toEqual(first)
  })

  it('need nothing of the vault where every key stays outside', async () => {
    const { ensure } = subject(answering({ a: { kind: 'pinned', version: '1' } }))
    expect((await ensure({ tls: { kind: 'keys', keys: { a: { from: 'ssm:a' } } } })).versions).toEqual({
      'tls#a': 'ssm:1',
    })
  })

  it('are a problem where they have no value, or nobody can read them here', async () => {
    const { ensure } = subject(answering({}))
    const { problems } = await ensure({
      a: { kind: 'from', from: 'ssm:none' },
      b: { kind: 'from', from: 'kubernetes:x/y' },
      c: { kind: 'from', from: 'toString:x' },
      d: { kind: 'keys', keys: { k: { from: 'ssm:none' } } },
    })
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ['secret-missing', 'secrets.a'],
      ['backend-cannot', 'secrets.b'],
      ['backend-cannot', 'secrets.c'],
      ['secret-missing', 'secrets.d.keys.k'],
    ])
    expect(problems.every(({ fix }) => fix !== undefined)).toBe(true)
  })

  it('cannot be joined from while they stay outside', async () => {
    const { ensure } = subject(answering({ key: { kind: 'pinned', version: '7' } }))
    const { problems } = await ensure({ pass: { kind: 'from', from: 'ssm:key' }, url })
    expect(problems).toEqual([expect.objectContaining({ code: 'backend-cannot', path: 'secrets.url.join.1' })])
  })

  it('need a single value for one key', async () => {
    const { ensure } = subject(answering({ all: { kind: 'copy', value: keyedValue({ a: 'hunter2' }) } }))
    const { problems } = await ensure({ tls: { kind: 'keys', keys: { k: { from: 'ssm:all' } } } })
    expect(problems).toEqual([expect.objectContaining({ code: 'invalid-format', path: 'secrets.tls.keys.k' })])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})

describe('a dry run', () => {
  it('writes nothing and tells what would get a version', async () => {
    const { ensure, set, vault } = subject({ ssm: async () => ({ kind: 'copy', value: singleValue('x') }) })
    await set('key', 'v')
    const secrets = { url, pass: generate, key: fromStore, copy: { kind: 'from', from: 'ssm:x' } } as const
    const { versions, pending, problems } = await ensure(secrets, true)
    expect(problems).toEqual([])
    expect(Object.keys(versions)).toEqual(['key'])
    expect(pending.toSorted()).toEqual(['copy', 'pass', 'url'])
    expect(await vault.list('')).toEqual([secretPath(app, 'key')])
    const real = await ensure(secrets)
    expect(await ensure(secrets, true)).toEqual(real)
  })

  it('tells the same problems', async () => {
    const { ensure } = subject()
    const secrets = { a: fromStore, b: { kind: 'join', parts: [{ secret: 'none' }] } } as const
    expect((await ensure(secrets, true)).problems).toEqual((await ensure(secrets)).problems)
  })
})

describe('no problem', () => {
  it('quotes a value', async () => {
    const { ensure, set } = subject({ ssm: async () => ({ kind: 'copy', value: singleValue('hunter2') }) })
    await set('big', 'hunter2'.repeat(9000))
    await set('keyed', keyedValue({ k: 'hunter2' }))
    const { problems } = await ensure({
      big: fromStore,
      keyed: fromStore,
      copy: { kind: 'from', from: 'ssm:x' },
      a: { kind: 'join', parts: [{ secret: 'big' }, { secret: 'big' }] },
      b: { kind: 'join', parts: [{ secret: 'keyed' }] },
      c: { kind: 'join', parts: [{ secret: 'copy', key: 'k' }] },
    })
    expect(problems).toHaveLength(3)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})
