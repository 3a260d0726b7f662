import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Random } from '../../lib/core/deps.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'
import {
  generateValue,
  joinParts,
  missingVersions,
  pick,
  revealPinned,
  sameValue,
  secretName,
  secretPath,
  secretPrefix,
  singleValue,
} from '../../lib/vault/secrets.ts'
import { parseReference } from '../../lib/vault/sources.ts'
import type { SecretValue } from '../../lib/vault/vault.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

const app = { project: 'shop', environment: 'production', app: 'web' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const keyed: SecretValue = { kind: 'keyed', keys: { user: bytes('app'), pass: bytes('hunter2') } }

describe('paths of secrets', () => {
  it('are project, environment, app and name', () => {
    expect(secretPath(app, 'db-pass')).toBe('shop/production/web/db-pass')
    expect(secretPath(app, 'db-pass').startsWith(secretPrefix(app))).toBe(true)
    expect(secretName(secretPath(app, 'db-pass'))).toBe('db-pass')
  })

  it('of one app are not under the prefix of another whose name begins alike', () => {
    expect(secretPath({ ...app, app: 'web2' }, 'x').startsWith(secretPrefix(app))).toBe(false)
  })
})

describe('generated values', () => {
  it('are letters and digits of the length asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.string(), (length, seed) => {
        expect(generateValue(length, seededRandom(seed))).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`))
      }),
    )
  })

  it('use each character equally often when each byte comes equally often', () => {
    let next = 0
    const everyByte: Random = { bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 256) }
    const counts = new Map<string, number>()
    for (const character of generateValue(62 * 400, everyByte)) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect([...counts.values()]).toEqual(Array.from({ length: 62 }, () => 400))
  })

  it('differ from each other', () => {
    const random = seededRandom()
    expect(new Set(Array.from({ length: 100 }, () => generateValue(32, random))).size).toBe(100)
  })
})

describe('values', () => {
  it('are joined byte by byte', () => {
    expect(joinParts(['postgres://app:', Uint8Array.of(0xff, 0x00), '@db'])).toEqual(
      Uint8Array.from([...bytes('postgres://app:'), 0xff, 0x00, ...bytes('@db')]),
    )
    expect(joinParts([])).toEqual(new Uint8Array())
  })

  it('are the same where kind, keys and bytes are', () => {
    expect(sameValue(singleValue('a'), singleValue(bytes('a')))).toBe(true)
    expect(sameValue(singleValue('a'), singleValue('b'))).toBe(false)
    expect(sameValue(keyed, { kind: 'keyed', keys: { pass: bytes('hunter2'), user: bytes('app') } })).toBe(true)
    expect(sameValue(keyed, { kind: 'keyed', keys: { user: bytes('app') } })).toBe(false)
    expect(sameValue(keyed, { kind: 'keyed', keys: { user: bytes('app'), pass: bytes('x') } })).toBe(false)
    expect(sameValue(keyed, singleValue('a'))).toBe(false)
  })

  it('are picked whole or by key', () => {
    expect(pick(singleValue('a'), undefined)).toEqual(Buffer.from('a'))
    expect(pick(singleValue('a'), 'k')).toBeUndefined()
    expect(pick(keyed, 'user')).toEqual(bytes('app'))
    expect(pick(keyed, undefined)).toBeUndefined()
    expect(pick(keyed, 'toString')).toBeUndefined()
  })
})

describe('references to sources', () => {
  it.each([
    ['store:', { scheme: 'store', name: '' }],
    ['ssm:/shop/db', { scheme: 'ssm', name: '/shop/db' }],
    ['secretsmanager:shop/stripe#key', { scheme: 'secretsmanager', name: 'shop/stripe', key: 'key' }],
    ['secretsmanager:arn:aws:x#', { scheme: 'secretsmanager', name: 'arn:aws:x', key: '' }],
    ['plain', { scheme: '', name: 'plain' }],
  ])('%s', (text, parts) => {
    expect(parseReference(text)).toEqual({ text, ...parts })
  })
})

describe('what a release has pinned', () => {
  async function subject() {
    const vault = memoryVault({ clock: manualClock(), random: seededRandom() })
    const old = await vault.put(secretPath(app, 'db'), singleValue('old'), 'set')
    await vault.put(secretPath(app, 'db'), singleValue('new'), 'set')
    const tls = await vault.put(secretPath(app, 'tls'), keyed, 'set')
    const versions = { db: old.version, tls: tls.version, stripe: 'ssm:3' }
    return { vault, versions, reveal: revealPinned(vault, app, versions) }
  }

  it('is read in that version, whole or by key', async () => {
    const { reveal } = await subject()
    expect(Buffer.from(await reveal('db')).toString()).toBe('old')
    expect(Buffer.from(await reveal('tls', 'pass')).toString()).toBe('hunter2')
  })

  it('is an error without a value where it cannot be read', async () => {
    const { vault, versions, reveal } = await subject()
    await vault.remove(secretPath(app, 'db'), [versions.db])
    const calls = [
      reveal('db'),
      reveal('tls'),
      reveal('tls', 'none'),
      reveal('unknown'),
      reveal('stripe'),
      reveal('toString'),
    ]
    for (const call of calls) {
      const error: unknown = await call.catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'secret-missing' })
      expect(String(error)).not.toMatch(/hunter2|new/)
    }
  })

  it('is missing where its version was removed', async () => {
    const { vault, versions } = await subject()
    expect(await missingVersions(vault, app, versions)).toEqual([])
    await vault.remove(secretPath(app, 'db'), [versions.db])
    await vault.remove(secretPath(app, 'tls'))
    expect(await missingVersions(vault, app, versions)).toEqual(['db', 'tls'])
  })
})
