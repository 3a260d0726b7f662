import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeFirst } from '../../lib/vault/file/disk.ts'
import { openFileVault } from '../../lib/vault/file/file.ts'
import type { FileVaultOptions } from '../../lib/vault/file/file.ts'
import { singleValue } from '../../lib/vault/secrets.ts'
import { vaultContract } from '../conformance/vault.ts'
import { manualClock } from '../support/clock.ts'
import { temporaryFolder } from '../support/folder.ts'
import { seededRandom } from '../support/random.ts'

const path = 'shop/production/web/db-pass'
/** Far too cheap for a real passphrase. */
const scryptCost = { N: 2, r: 1, p: 1 }

const open = (folder: string, options: Partial<FileVaultOptions> = {}) =>
  openFileVault({ folder, clock: manualClock(), random: seededRandom(), ...options })

const allFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const versionFiles = (folder: string): string[] => allFiles(folder).filter((file) => !file.endsWith('vault.json'))

describe('a vault in a folder', () => {
  it('keeps secrets and the installation key over a restart', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const first = await open(folder)
    const version = await first.put(path, singleValue('hunter2'), 'generated')
    const second = await open(folder, { random: seededRandom('other') })
    expect(await second.read(path)).toEqual({
      version,
      value: { kind: 'single', data: new TextEncoder().encode('hunter2') },
    })
    expect(await second.installKey()).toEqual(await first.installKey())
  })

  it('lets nobody but its owner near, and keeps the key beside the folder', async () => {
    const folder = join(temporaryFolder(), 'deep', 'vault')
    await (await open(folder)).put(path, singleValue('hunter2'), 'set')
    expect(statSync(`${folder}.key`).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const file of allFiles(folder)) expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(
      allFiles(folder).some((file) => readFileSync(file).includes(readFileSync(`${folder}.key`).subarray(0, 64))),
    ).toBe(false)
  })

  it('reveals neither value nor path nor key in any name or byte', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const vault = await open(folder)
    await vault.put(path, { kind: 'keyed', keys: { 'tls.key': new TextEncoder().encode('hunter2') } }, 'set')
    const words = [
      'hunter2',
      Buffer.from('hunter2').toString('base64').slice(0, 8),
      'tls.key',
      'db-pass',
      'shop',
      'production',
    ]
    for (const file of allFiles(folder)) {
      const text = `${file.slice(folder.length)} ${readFileSync(file).toString('latin1')}`
      for (const word of words) expect(text).not.toContain(word)
    }
  })

  it('calls a secret the same for ever, and differently in another vault', async () => {
    const base = temporaryFolder()
    const names = async (folder: string, seed: string): Promise<string[]> => {
      const vault = await open(join(base, folder), { random: seededRandom(seed) })
      await vault.put(path, singleValue('a'), 'set')
      await vault.put(path, singleValue('b'), 'set')
      await vault.remove(path)
      await vault.put(path, singleValue('c'), 'set')
      return readdirSync(join(base, folder)).filter((name) => name !== 'vault.json')
    }
    const one = await names('one', 'one')
    expect(one).toHaveLength(1)
    expect(await names('two', 'two')).not.toEqual(one)
  })

  it('never seals the same value to the same bytes', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const vault = await open(folder)
    await vault.put(path, singleValue('same'), 'set')
    await vault.put(path, singleValue('same'), 'set')
    const [one, two] = versionFiles(folder).map((file) => readFileSync(file).toString('hex'))
    expect(one).not.toBe(two)
  })

  it('leaves nothing behind when a secret is removed', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const vault = await open(folder)
    await vault.put(path, singleValue('hunter2'), 'set')
    const secretFolder = join(folder, readdirSync(folder).find((name) => name !== 'vault.json') ?? '')
    // What a crash leaves: written aside and never moved into place.
    writeFileSync(join(secretFolder, 'tmp-00'), 'half')
    expect(await vault.versions(path)).toHaveLength(1)
    await vault.remove(path)
    expect(readdirSync(folder)).toEqual(['vault.json'])
  })
})

describe('a file that is written first', () => {
  it('is the first one’s for ever, and nothing is left beside it', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'key')
    expect(await writeFirst(file, Buffer.from('one'), seededRandom('one'))).toBe(true)
    expect(await writeFirst(file, Buffer.from('two'), seededRandom('two'))).toBe(false)
    expect(readFileSync(file).toString()).toBe('one')
    expect(readdirSync(folder)).toEqual(['key'])
  })
})

describe('the key of a vault', () => {
  it.each([0o640, 0o604, 0o660, 0o644, 0o610])(
    'is refused with permissions %o, and what to do is said',
    async (mode) => {
      const folder = join(temporaryFolder(), 'vault')
      await open(folder)
      chmodSync(`${folder}.key`, mode)
      await expect(open(folder)).rejects.toMatchObject({
        code: 'vault-key-permissions',
        message: expect.stringContaining(`chmod 600 ${folder}.key`),
      })
      chmodSync(`${folder}.key`, 0o400)
      await open(folder)
    },
  )

  it('is refused where it is another vault’s', async () => {
    const base = temporaryFolder()
    await open(join(base, 'one'), { random: seededRandom('one') })
    await open(join(base, 'two'), { random: seededRandom('two') })
    await expect(open(join(base, 'one'), { keyFile: join(base, 'two.key') })).rejects.toMatchObject({
      code: 'vault-wrong-key',
    })
  })

  it('is refused where it is no key', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await open(folder)
    for (const text of ['', 'hello', 'ab'.repeat(31), 'ab'.repeat(33)]) {
      writeFileSync(`${folder}.key`, text)
      await expect(open(folder)).rejects.toMatchObject({ code: 'vault-wrong-key' })
    }
  })

  it('is not made anew where it is gone', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await open(folder)
    rmSync(`${folder}.key`)
    await expect(open(folder)).rejects.toMatchObject({ code: 'vault-key-missing' })
    expect(existsSync(`${folder}.key`)).toBe(false)
  })

  it('may lie elsewhere, and a key that is there already is used', async () => {
    const base = temporaryFolder()
    const keyFile = join(base, 'keys', 'master')
    mkdirSync(join(base, 'keys'))
    writeFileSync(keyFile, 'ab'.repeat(32), { mode: 0o600 })
    await (await open(join(base, 'vault'), { keyFile })).put(path, singleValue('x'), 'set')
    expect(readFileSync(keyFile).toString()).toBe('ab'.repeat(32))
    expect(await (await open(join(base, 'vault'), { keyFile })).list('')).toEqual([path])
  })

  it('is never in an error', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await open(folder)
    const key = readFileSync(`${folder}.key`).toString().trim()
    writeFileSync(`${folder}.key`, `${key}ff`)
    const error: unknown = await open(folder).catch((cause: unknown) => cause)
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(key.slice(0, 16))
  })
})

describe('a vault with a passphrase', () => {
  vaultContract('file (passphrase)', async (deps) => ({
    vault: await openFileVault({
      folder: join(temporaryFolder(), 'vault'),
      passphrase: 'correct horse',
      scryptCost,
      ...deps,
    }),
  }))

  it('opens with it and with no other, and writes no key file', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const vault = await open(folder, { passphrase: 'correct horse', scryptCost })
    await vault.put(path, singleValue('x'), 'set')
    expect(existsSync(`${folder}.key`)).toBe(false)
    // The cost stands in the vault; whoever opens it need not know.
    expect(await (await open(folder, { passphrase: 'correct horse' })).list('')).toEqual([path])
    const error: unknown = await open(folder, { passphrase: 'wrong horse' }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'vault-wrong-key' })
    expect(String(error)).not.toContain('horse')
  })

  it('takes one passphrase for the same however its accents are typed', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await open(folder, { passphrase: 'caf\u00e9', scryptCost })
    await open(folder, { passphrase: 'cafe\u0301' })
  })

  it('does not open with a key file, nor the other way round', async () => {
    const base = temporaryFolder()
    await open(join(base, 'one'), { passphrase: 'p', scryptCost })
    await expect(open(join(base, 'one'))).rejects.toMatchObject({ code: 'vault-wrong-key' })
    await open(join(base, 'two'))
    await expect(open(join(base, 'two'), { passphrase: 'p' })).rejects.toMatchObject({ code: 'vault-wrong-key' })
  })

  it('is dear to guess by default', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await open(folder, { passphrase: 'p' })
    expect(JSON.parse(readFileSync(join(folder, 'vault.json')).toString())).toMatchObject({
      key: { cost: { N: 131072, r: 8, p: 1 } },
    })
  })

  it('refuses an empty one, and one beside a key file', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await expect(open(folder, { passphrase: '' })).rejects.toMatchObject({ code: 'usage' })
    await expect(open(folder, { passphrase: 'p', keyFile: 'k' })).rejects.toMatchObject({ code: 'usage' })
  })

  it('refuses a cost that would exhaust the machine', async () => {
    const folder = join(temporaryFolder(), 'vault')
    await open(folder, { passphrase: 'p', scryptCost })
    const head = join(folder, 'vault.json')
    for (const N of [2 ** 40, 2 ** 30, 3]) {
      const json = JSON.parse(readFileSync(head).toString()) as { key: { cost: { N: number } } }
      json.key.cost.N = N
      writeFileSync(head, JSON.stringify(json))
      await expect(open(folder, { passphrase: 'p' })).rejects.toMatchObject({ code: 'vault-damaged' })
    }
  })
})

describe('a vault that somebody changed', () => {
  async function subject() {
    const folder = join(temporaryFolder(), 'vault')
    const vault = await open(folder)
    await vault.put(path, singleValue('hunter2'), 'set')
    return { folder, vault, file: versionFiles(folder)[0] ?? '' }
  }

  it('tells a changed, cut or empty file of a version', async () => {
    const { vault, file } = await subject()
    const whole = readFileSync(file)
    const flipped = (at: number): Buffer => {
      const copy = Buffer.from(whole)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    }
    for (const bytes of [
      flipped(0),
      flipped(5),
      flipped(20),
      flipped(whole.length - 1),
      whole.subarray(0, -1),
      Buffer.alloc(0),
    ]) {
      writeFileSync(file, bytes)
      await expect(vault.read(path)).rejects.toMatchObject({ code: 'vault-damaged' })
    }
    writeFileSync(file, whole)
    expect(await vault.read(path)).toBeDefined()
  })

  it('tells a version that was put in another’s place', async () => {
    const { folder, vault, file } = await subject()
    const { version } = await vault.put(path, singleValue('newer'), 'set')
    const newer = versionFiles(folder).find((name) => name.endsWith(version)) ?? ''
    // An old value in the place of the current one, and the value of one secret in another's.
    copyFileSync(file, newer)
    await expect(vault.read(path)).rejects.toMatchObject({ code: 'vault-damaged' })
    rmSync(newer)
    await vault.put('shop/production/web/other', singleValue('other'), 'set')
    const other = versionFiles(folder).find((name) => name !== file) ?? ''
    copyFileSync(file, other)
    await expect(vault.read('shop/production/web/other')).rejects.toMatchObject({ code: 'vault-damaged' })
    renameSync(file, join(other, '..', file.slice(file.lastIndexOf('/') + 1)))
    await expect(vault.list('')).rejects.toMatchObject({ code: 'vault-damaged' })
  })

  it('lets a damaged version be removed', async () => {
    const { vault, file } = await subject()
    const { version } = await vault.put(path, singleValue('newer'), 'set')
    writeFileSync(file, 'nonsense')
    await vault.remove(path, [file.slice(-26)])
    expect((await vault.versions(path)).map((one) => one.version)).toEqual([version])
  })

  it('is not taken for an empty one where its head is gone or unknown', async () => {
    const { folder } = await subject()
    const head = join(folder, 'vault.json')
    writeFileSync(head, '{"format": 2}')
    await expect(open(folder)).rejects.toMatchObject({ code: 'vault-damaged' })
    writeFileSync(head, 'x')
    await expect(open(folder)).rejects.toMatchObject({ code: 'vault-damaged' })
    rmSync(head)
    await expect(open(folder)).rejects.toMatchObject({ code: 'vault-damaged' })
  })

  it('says so where its folder is a file', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    await expect(open(file)).rejects.toMatchObject({ code: 'vault-unavailable' })
    await expect(open(join(file, 'vault'))).rejects.toMatchObject({ code: 'vault-unavailable' })
  })
})
