import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../lib/core/system.ts'
import { openFileVault } from '../../lib/vault/file/file.ts'
import { temporaryFolder } from '../support/folder.ts'
import { nodeChild } from '../support/process.ts'

const putter = fileURLToPath(new URL('process/putter.ts', import.meta.url))
const path = 'p/e/a/shared'
const open = (folder: string) => openFileVault({ folder, clock: systemClock, random: systemRandom })

describe('several processes on one vault', { timeout: 60_000 }, () => {
  it('make one vault together, lose no version and agree on the current one', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const children = ['one', 'two', 'three'].map((who) => nodeChild(putter, [folder, who, 'put', '15']))
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0])
    const told = children.map(
      ({ lines }) => lines[0] as { readonly put: readonly string[]; readonly installKey: string },
    )
    expect(new Set(told.map(({ installKey }) => installKey)).size).toBe(1)

    const vault = await open(folder)
    expect(Buffer.from(await vault.installKey()).toString('hex')).toBe(told[0]?.installKey)
    const versions = (await vault.versions(path)).map(({ version }) => version)
    expect(versions.toSorted()).toEqual(told.flatMap(({ put }) => put).toSorted())
    for (const { put } of told) expect(versions.filter((version) => put.includes(version))).toEqual(put)
    expect((await vault.current(path))?.version).toBe(versions.at(-1))
  })

  it('put and remove one secret at once without an error', async () => {
    const folder = join(temporaryFolder(), 'vault')
    const children = ['one', 'two', 'three'].map((who) => nodeChild(putter, [folder, who, 'churn', '25']))
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0])
  })

  it('leave every version whole when one is killed while it writes', async () => {
    const folder = join(temporaryFolder(), 'vault')
    for (const puts of [1, 4, 9]) {
      const child = nodeChild(putter, [folder, 'victim', 'write'])
      await child.wrote(1 + puts)
      child.process.kill('SIGKILL')
      await child.ended
      const told = child.lines.slice(1).map((line) => (line as { readonly put: string }).put)

      const vault = await open(folder)
      const versions = (await vault.versions(path)).map(({ version }) => version)
      expect(versions).toEqual(expect.arrayContaining(told))
      for (const version of versions) {
        const found = await vault.read(path, version)
        expect(found?.value.kind === 'single' && found.value.data.byteLength).toBe(60_000)
      }
      await vault.remove(path)
      expect(await vault.list('')).toEqual([])
    }
  })
})
