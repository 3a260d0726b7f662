/** The contract of the vault, for every implementation: call it with a name and a factory of empty vaults. */
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Random } from '../../lib/core/deps.ts'
import type { SecretValue, SecretVersion, Vault } from '../../lib/vault/vault.ts'
import { maxSecretBytes } from '../../lib/vault/vault.ts'
import type { ManualClock } from '../support/clock.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

export interface VaultSubject {
  readonly vault: Vault
  readonly dispose?: () => Promise<void>
}

export type VaultFactory = (deps: { readonly clock: ManualClock; readonly random: Random }) => Promise<VaultSubject>

const path = 'shop/production/web/db-pass'
const single = (text: string): SecretValue => ({ kind: 'single', data: new TextEncoder().encode(text) })
const keyed = (keys: Record<string, string>): SecretValue => ({
  kind: 'keyed',
  keys: Object.fromEntries(Object.entries(keys).map(([key, text]) => [key, new TextEncoder().encode(text)])),
})

export function vaultContract(name: string, factory: VaultFactory): void {
  async function opened(): Promise<{ readonly vault: Vault; readonly clock: ManualClock }> {
    const clock = manualClock()
    const { vault, dispose } = await factory({ clock, random: seededRandom() })
    if (dispose !== undefined) onTestFinished(dispose)
    return { vault, clock }
  }

  describe(`the ${name} vault`, () => {
    it('knows nothing at first', async () => {
      const { vault } = await opened()
      expect(await vault.read(path)).toBeUndefined()
      expect(await vault.current(path)).toBeUndefined()
      expect(await vault.versions(path)).toEqual([])
      expect(await vault.list('')).toEqual([])
      await vault.remove(path)
      await vault.remove(path, ['none'])
    })

    it('keeps what is put, with time and origin', async () => {
      const { vault, clock } = await opened()
      const version = await vault.put(path, single('hunter2'), 'set')
      expect(version).toEqual({
        version: expect.stringMatching(/^[a-z0-9]{20,}$/i),
        createdAtMs: clock.nowMs(),
        origin: 'set',
      })
      expect(await vault.read(path)).toEqual({ version, value: single('hunter2') })
      expect(await vault.current(path)).toEqual(version)
    })

    it('keeps keyed values, whatever their keys are called', async () => {
      const { vault } = await opened()
      const value = keyed({ 'tls.crt': 'cert', 'tls.key': '', ключ: 'x' })
      const odd: SecretValue = {
        kind: 'keyed',
        keys: Object.fromEntries([
          ['__proto__', Uint8Array.of(1)],
          ['constructor', Uint8Array.of(2)],
        ]),
      }
      await vault.put(path, value, 'set')
      await vault.put(`${path}2`, odd, 'set')
      expect((await vault.read(path))?.value).toEqual(value)
      const read = (await vault.read(`${path}2`))?.value
      expect(read?.kind === 'keyed' && Object.entries(read.keys)).toEqual([
        ['__proto__', Uint8Array.of(1)],
        ['constructor', Uint8Array.of(2)],
      ])
    })

    it('keeps any bytes as they are', async () => {
      const { vault } = await opened()
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (data) => {
          const { version } = await vault.put(path, { kind: 'single', data }, 'set')
          const found = await vault.read(path, version)
          expect(found?.value.kind === 'single' && Array.from(found.value.data)).toEqual(Array.from(data))
        }),
        { numRuns: 30 },
      )
    })

    it('makes the newest version current and keeps the older ones, oldest first', async () => {
      const { vault, clock } = await opened()
      const put: SecretVersion[] = []
      for (const text of ['one', 'two', 'three']) {
        put.push(await vault.put(path, single(text), 'set'))
        // Not the clock but the order of puts decides.
        clock.advance(-1000)
      }
      expect(await vault.versions(path)).toEqual(put)
      expect(await vault.current(path)).toEqual(put[2])
      expect((await vault.read(path, put[0]?.version))?.value).toEqual(single('one'))
      expect((await vault.read(path, put[1]?.version))?.value).toEqual(single('two'))
      expect(new Set(put.map(({ version }) => version)).size).toBe(3)
    })

    it('makes a new version even of the same value', async () => {
      const { vault } = await opened()
      const first = await vault.put(path, single('same'), 'set')
      const second = await vault.put(path, single('same'), 'generated')
      expect(second.version).not.toBe(first.version)
      expect(await vault.versions(path)).toHaveLength(2)
    })

    it('answers undefined for a version of another secret, or one that is none', async () => {
      const { vault } = await opened()
      const { version } = await vault.put(path, single('a'), 'set')
      await vault.put(`${path}2`, single('b'), 'set')
      expect(await vault.read(`${path}2`, version)).toBeUndefined()
      expect(await vault.read(path, '')).toBeUndefined()
      expect(await vault.read(path, '../../vault.json')).toBeUndefined()
    })

    it('shares no bytes with callers', async () => {
      const { vault } = await opened()
      const data = Uint8Array.of(1, 2, 3)
      await vault.put(path, { kind: 'single', data }, 'set')
      data[0] = 9
      const found = await vault.read(path)
      if (found?.value.kind === 'single') found.value.data[1] = 9
      expect((await vault.read(path))?.value).toEqual({ kind: 'single', data: Uint8Array.of(1, 2, 3) })
      const key = await vault.installKey()
      key.fill(0)
      expect(await vault.installKey()).not.toEqual(key)
    })

    it('lists paths by prefix, sorted', async () => {
      const { vault } = await opened()
      for (const one of ['p/e/web/b', 'p/e/web/a', 'p/e/web2/c', 'q/e/web/a']) await vault.put(one, single('x'), 'set')
      await vault.put('p/e/web/a', single('y'), 'set')
      expect(await vault.list('p/e/web/')).toEqual(['p/e/web/a', 'p/e/web/b'])
      expect(await vault.list('p/')).toEqual(['p/e/web/a', 'p/e/web/b', 'p/e/web2/c'])
      expect(await vault.list('')).toHaveLength(4)
      expect(await vault.list('p/e/web/zzz')).toEqual([])
    })

    it('removes single versions; without the newest the one before is current', async () => {
      const { vault } = await opened()
      const one = await vault.put(path, single('one'), 'set')
      const two = await vault.put(path, single('two'), 'set')
      const three = await vault.put(path, single('three'), 'set')
      await vault.remove(path, [one.version, three.version, 'never'])
      expect(await vault.versions(path)).toEqual([two])
      expect((await vault.read(path))?.value).toEqual(single('two'))
      expect(await vault.read(path, three.version)).toBeUndefined()
      const four = await vault.put(path, single('four'), 'set')
      expect(await vault.versions(path)).toEqual([two, four])
      await vault.remove(path, [])
      expect(await vault.versions(path)).toEqual([two, four])
    })

    it('removes a whole secret, and no other', async () => {
      const { vault } = await opened()
      const { version } = await vault.put(path, single('one'), 'set')
      await vault.put(`${path}2`, single('two'), 'set')
      await vault.remove(path)
      expect(await vault.read(path)).toBeUndefined()
      expect(await vault.read(path, version)).toBeUndefined()
      expect(await vault.list('')).toEqual([`${path}2`])
      const again = await vault.put(path, single('three'), 'set')
      expect(await vault.versions(path)).toEqual([again])
    })

    it('forgets a secret whose last version is removed', async () => {
      const { vault } = await opened()
      const { version } = await vault.put(path, single('one'), 'set')
      await vault.remove(path, [version])
      expect(await vault.list('')).toEqual([])
      expect(await vault.current(path)).toBeUndefined()
    })

    it('keeps every one of many puts at once', async () => {
      const { vault } = await opened()
      const put = await Promise.all(
        Array.from({ length: 12 }, (_, index) => vault.put(path, single(`v${index}`), 'set')),
      )
      const versions = await vault.versions(path)
      expect(versions.map(({ version }) => version).sort()).toEqual(put.map(({ version }) => version).sort())
      expect(await vault.current(path)).toEqual(versions.at(-1))
      for (const [index, { version }] of put.entries()) {
        expect((await vault.read(path, version))?.value).toEqual(single(`v${index}`))
      }
    })

    it('puts and removes one secret at once without an error', async () => {
      const { vault } = await opened()
      for (let round = 0; round < 10; round++) {
        await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            index % 2 === 0 ? vault.put(path, single(`v${index}`), 'set') : vault.remove(path),
          ),
        )
      }
      const { version } = await vault.put(path, single('last'), 'set')
      expect(await vault.current(path)).toMatchObject({ version })
    })

    it('takes 64 kB over all keys and not one byte more', async () => {
      const { vault } = await opened()
      const half = new Uint8Array(maxSecretBytes / 2)
      await vault.put(path, { kind: 'keyed', keys: { a: half, b: half } }, 'set')
      const over: SecretValue = { kind: 'keyed', keys: { a: half, b: half, c: Uint8Array.of(1) } }
      await expect(vault.put(path, over, 'set')).rejects.toMatchObject({ code: 'too-large' })
      const whole: SecretValue = { kind: 'single', data: new Uint8Array(maxSecretBytes + 1) }
      await expect(vault.put(path, whole, 'set')).rejects.toMatchObject({ code: 'too-large' })
      expect(await vault.versions(path)).toHaveLength(1)
    })

    it.each(['', '/', 'a//b', '/a', 'a/', 'a b', 'a\nb', 'ä', `${'a/'.repeat(300)}a`])(
      'refuses the path %j',
      async (wrong) => {
        const { vault } = await opened()
        await expect(vault.put(wrong, single('hunter2'), 'set')).rejects.toMatchObject({ code: 'usage' })
        for (const call of [vault.read(wrong), vault.current(wrong), vault.versions(wrong), vault.remove(wrong)]) {
          await expect(call).rejects.toMatchObject({ code: 'usage' })
        }
      },
    )

    it.each(['', 'a/b', 'a\u0000'])('refuses a key called %j', async (key) => {
      const { vault } = await opened()
      await expect(vault.put(path, keyed({ [key]: 'x' }), 'set')).rejects.toMatchObject({ code: 'usage' })
    })

    it('tells no value in an error', async () => {
      const { vault } = await opened()
      const secret = 'hunter2'.repeat(20_000)
      for (const put of [vault.put(path, single(secret), 'set'), vault.put('a b', single('hunter2'), 'set')]) {
        const error: unknown = await put.catch((cause: unknown) => cause)
        expect(error).toBeInstanceOf(Error)
        expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('hunter2')
      }
    })

    it('has one key of the installation, of 32 bytes', async () => {
      const { vault } = await opened()
      const key = await vault.installKey()
      expect(key.byteLength).toBe(32)
      expect(await vault.installKey()).toEqual(key)
    })

    it('answers any sequence of puts and removals as a list would', async () => {
      const { vault } = await opened()
      let run = 0
      const move = fc.oneof(
        { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), text: fc.string({ maxLength: 5 }) }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat(4) }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(move, { maxLength: 10 }), async (moves) => {
          const own = `model/secret${run++}`
          let model: { readonly version: string; readonly text: string }[] = []
          for (const one of moves) {
            if (one.kind === 'put') {
              const { version } = await vault.put(own, single(one.text), 'set')
              model.push({ version, text: one.text })
            } else if (one.kind === 'remove') {
              const gone = model[one.at]?.version ?? 'none'
              await vault.remove(own, [gone])
              model = model.filter(({ version }) => version !== gone)
            } else {
              await vault.remove(own)
              model = []
            }
            expect((await vault.versions(own)).map(({ version }) => version)).toEqual(
              model.map(({ version }) => version),
            )
            const last = model.at(-1)
            expect((await vault.read(own))?.value).toEqual(last && single(last.text))
            expect((await vault.list(own)).includes(own)).toBe(last !== undefined)
          }
        }),
        { numRuns: 20 },
      )
    })
  })
}
