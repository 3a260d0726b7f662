import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeArchive } from '../../images/local/archive.ts'
import { listContext } from '../../images/local/context.ts'
import { listed } from '../../images/local/libraries.ts'
import { addBasics, createRootfs, resolveInside } from '../../images/local/rootfs.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escale-image-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('a file tree', () => {
  it('holds each path once, after the folder it lies in, whatever is put into it', () => {
    const path = fc
      .array(fc.constantFrom('bin', 'usr', 'lib', 'a', 'b.txt'), { minLength: 2, maxLength: 4 })
      .map((parts) => parts.join('/'))
    fc.assert(
      fc.property(fc.array(path, { maxLength: 15 }), (paths) => {
        const tree = createRootfs()
        for (const one of paths) tree.folder(one)
        const all = tree.entries().map((entry) => entry.path)
        expect(new Set(all).size).toBe(all.length)
        for (const [index, one] of all.entries()) {
          const parent = one.split('/').slice(0, -1).join('/')
          if (parent !== '') expect(all.indexOf(parent)).toBeLessThan(index)
        }
      }),
    )
  })

  it('keeps one home for folders that are links today', () => {
    const tree = createRootfs()
    tree.text('bin/tool', 'x', 0o755)
    const entries = new Map(tree.entries().map((entry) => [entry.path, entry.source]))
    expect(entries.get('bin')).toEqual({ kind: 'link', to: 'usr/bin' })
    expect(entries.get('usr/bin/tool')).toEqual({ kind: 'text', text: 'x' })
  })

  it('copies what is kept, with modes of its own', async () => {
    await mkdir(join(folder, 'from/sub'), { recursive: true })
    await writeFile(join(folder, 'from/run'), 'r', { mode: 0o700 })
    await writeFile(join(folder, 'from/sub/drop'), 'd')
    await symlink('run', join(folder, 'from/link'))
    const tree = createRootfs()
    await tree.copy(join(folder, 'from'), 'opt/to', (path) => !path.endsWith('drop'))
    const below = tree.entries().filter(({ path }) => path.startsWith('opt/to/'))
    expect(below.map(({ path, mode, source }) => [path, mode.toString(8), source.kind])).toEqual([
      ['opt/to/link', '777', 'link'],
      ['opt/to/run', '755', 'file'],
      ['opt/to/sub', '755', 'folder'],
    ])
  })

  it('follows links inside an unpacked tree, and gives up on circles', async () => {
    await mkdir(join(folder, 'usr/lib'), { recursive: true })
    await writeFile(join(folder, 'usr/lib/a.so.1.2'), '')
    await symlink('a.so.1.2', join(folder, 'usr/lib/a.so.1'))
    await symlink('/usr/lib/a.so.1', join(folder, 'usr/lib/a.so'))
    await symlink('circle', join(folder, 'circle'))
    expect(await resolveInside(folder, 'usr/lib/a.so')).toEqual([
      '/usr/lib/a.so',
      '/usr/lib/a.so.1',
      '/usr/lib/a.so.1.2',
    ])
    await expect(resolveInside(folder, 'circle')).rejects.toThrow(/never end/)
  })
})

describe('an image archive', () => {
  async function write(name: string): Promise<string> {
    const tree = createRootfs()
    addBasics(tree, [{ name: 'app', uid: 1000, home: '/home/app' }])
    await tree.copy(join(folder, 'data'), 'data')
    const file = join(folder, name)
    await writeArchive({
      file,
      reference: 'escale.local/test:1',
      architecture: 'amd64',
      entries: tree.entries(),
      config: { Cmd: ['sh'] },
    })
    return file
  }

  it('has the same bytes for the same tree, whenever its files were written', async () => {
    await writeFile(join(folder, 'data'), 'same')
    const first = await readFile(await write('one.tar'))
    await utimes(join(folder, 'data'), 1, 1)
    expect((await readFile(await write('two.tar'))).equals(first)).toBe(true)
    await writeFile(join(folder, 'data'), 'other')
    expect((await readFile(await write('three.tar'))).equals(first)).toBe(false)
  })

  it('names its layer and configuration by their digests', async () => {
    await writeFile(join(folder, 'data'), 'x'.repeat(100_000))
    const parts = new Map<string, Buffer>()
    const reader = createReadStream(await write('a.tar')).pipe(extract())
    for await (const entry of reader) {
      const chunks: Buffer[] = []
      for await (const chunk of Readable.from(entry)) chunks.push(chunk as Buffer)
      parts.set(entry.header.name, Buffer.concat(chunks))
    }
    const [manifest] = JSON.parse(String(parts.get('manifest.json'))) as {
      Config: string
      Layers: string[]
      RepoTags: string[]
    }[]
    const digestOf = (name: string | undefined): string =>
      createHash('sha256')
        .update(parts.get(name ?? '') ?? '')
        .digest('hex')
    const config = JSON.parse(String(parts.get(manifest?.Config ?? ''))) as { rootfs: { diff_ids: string[] } }
    expect(manifest?.RepoTags).toEqual(['escale.local/test:1'])
    expect(manifest?.Config).toBe(`${digestOf(manifest?.Config)}.json`)
    expect(config.rootfs.diff_ids).toEqual([`sha256:${digestOf(manifest?.Layers[0])}`])
  })
})

describe('the libraries of a program', () => {
  it('are those of the tree, and a missing one is named', () => {
    const text =
      '\tlinux-vdso.so.1 (0x01)\n\tlibc.so.6 => /r/usr/lib/libc.so.6 (0x02)\n\t/r/lib64/ld.so.2 (0x03)\n\tlibx.so => /usr/lib/libx.so (0x04)\n'
    expect(listed(text, 'p', '/r')).toEqual(['/usr/lib/libc.so.6', '/lib64/ld.so.2'])
    expect(() => listed('\tliby.so.1 => not found\n', '/bin/p', '/r')).toThrow(/\/bin\/p needs liby\.so\.1/)
  })
})

describe('a build context', () => {
  it('is refused when it is too large, with both numbers', async () => {
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n')
    await writeFile(join(folder, 'big'), Buffer.alloc(1000))
    await expect(listContext(folder, 'Dockerfile', 500)).rejects.toThrow(/1013 bytes, more than 500/)
  })

  it('is refused without its Dockerfile', async () => {
    await expect(listContext(folder, 'Dockerfile', 500)).rejects.toMatchObject({ code: 'file-missing' })
  })
})
