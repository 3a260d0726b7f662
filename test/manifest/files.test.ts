import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderReader, memoryReader } from '../../lib/manifest/files.ts'
import { problemsOf, resolved, serviceOf, specOf } from './load.ts'

let folder = ''
const inside = (path: string): string => join(folder, 'app', path)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'escale-files-'))
  mkdirSync(inside('conf.d/deep'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), 'out of bounds')
  writeFileSync(inside('a.conf'), 'a ${kept}\n')
  writeFileSync(inside('conf.d/b.conf'), 'b')
  writeFileSync(inside('conf.d/deep/c.bin'), Uint8Array.from([0, 255, 1]))
  symlinkSync('a.conf', inside('inner.conf'))
  symlinkSync('../secret.txt', inside('outer.conf'))
  symlinkSync('..', inside('up'))
  mkdirSync(inside('mixed'))
  symlinkSync('../../secret.txt', inside('mixed/x'))
  mkdirSync(inside('looped'))
  symlinkSync('.', inside('looped/self'))
  mkdirSync(inside('large'))
  writeFileSync(inside('large/x'), 'x'.repeat(1_000_001))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const reader = () => folderReader(inside('.'))
const body = (path: string, key = 'k'): string =>
  `config: {c: {files: {${key}: {path: "${path}"}}}}\nservices: {web: {image: a, files: {/etc/x: {config: c}}}}`
const codes = (path: string) => problemsOf(body(path), { files: reader() }).map((each) => each.code)

describe('a file beside the manifest', () => {
  it('is read, and nothing in it is replaced', () => {
    const web = serviceOf(specOf(body('a.conf'), { files: reader() }), 'web')
    expect(web.main.files).toMatchObject([{ path: '/etc/x/k', content: { kind: 'text', text: 'a ${kept}\n' } }])
  })

  it('is read through a link that stays inside', () => {
    expect(codes('inner.conf')).toEqual([])
  })

  it.each([
    '../secret.txt',
    'outer.conf',
    'up/secret.txt',
    'conf.d/../../secret.txt',
    '/etc/passwd',
    'mixed',
    'C:\\x',
    '..\\secret.txt',
  ])('is refused where the path leads out: %s', (path) => {
    const problems = problemsOf(body(path.replaceAll('\\', '\\\\')), { files: reader() })
    expect(problems.map((each) => each.code)).toEqual(['path-outside'])
    expect(JSON.stringify(problems)).not.toContain('out of bounds')
  })

  it.each(['nope', 'a.conf/x', 'looped'])('is reported where it cannot be read: %s', (path) => {
    expect(codes(path)).toEqual(['file-missing'])
  })

  it('is refused where it is too large', () => {
    expect(codes('large')).toEqual(['too-large'])
  })
})

describe('a folder beside the manifest', () => {
  it('stands below its key, bytes as base64', () => {
    const { configs } = resolved(body('conf.d'), { files: reader() })
    expect(configs['c']).toEqual([
      { name: 'k/b.conf', content: { kind: 'text', text: 'b' }, mode: undefined },
      { name: 'k/deep/c.bin', content: { kind: 'base64', base64: 'AP8B' }, mode: undefined },
    ])
  })

  it('is the config itself where the key is a dot', () => {
    const { configs } = resolved(body('./conf.d/', '"."'), { files: reader() })
    expect(configs['c']?.map((each) => each.name)).toEqual(['b.conf', 'deep/c.bin'])
  })
})

describe('files that travel with the manifest', () => {
  const bytes = (text: string) => Buffer.from(text)

  it('are read like those of a folder', () => {
    const files = memoryReader({ './conf.d/b.conf': bytes('b'), 'conf.d/deep/c': bytes('c'), 'a.conf': bytes('a') })
    expect(resolved(body('conf.d'), { files }).configs['c']?.map((each) => each.name)).toEqual(['k/b.conf', 'k/deep/c'])
    expect(resolved(body('./a.conf'), { files }).configs['c']?.map((each) => each.name)).toEqual(['k'])
  })

  it('cannot lead out either', () => {
    const files = memoryReader({ '../x': bytes('x'), '/y': bytes('y') })
    expect(problemsOf(body('../x'), { files }).map((each) => each.code)).toEqual(['path-outside'])
    expect(problemsOf(body('x'), { files }).map((each) => each.code)).toEqual(['file-missing'])
  })
})
