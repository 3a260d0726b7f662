import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lintDockerfile } from '../../lib/registry/dockerfile/lint.ts'
import { imageDefaults } from '../../lib/registry/dockerfile/defaults.ts'
import { parseDockerfile } from '../../lib/registry/dockerfile/parse.ts'

const corpus = process.env['ESCALE_CORPUS'] ?? resolve(import.meta.dirname, '../../../shared')
const reference = join(corpus, 'reference/fixtures')
const folder = join(reference, 'dockerfiles')
const absent = !existsSync(folder)
const suite = absent && process.env['CI'] === undefined ? describe.skip : describe
const nowMs = Date.UTC(2026, 10, 20)

/** Advice of our own that the index of the fixtures does not list. */
const beyondIndex = new Set(['df-recommends', 'df-add-local'])

/** The last column of the index, by file. */
function expectations(): ReadonlyMap<string, readonly string[]> {
  const rows = readFileSync(join(reference, 'README.md'), 'utf8').matchAll(
    /^\| `(F-B[^`]+\.Dockerfile)` \|.*\|([^|]*)\|$/gm,
  )
  return new Map(
    [...rows].map(([, file = '', codes = '']) => [
      file,
      [...codes.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
    ]),
  )
}

suite(`the Dockerfiles of the fixtures${absent ? ` (not at ${folder}; set ESCALE_CORPUS)` : ''}`, () => {
  const files = absent ? [] : readdirSync(folder).sort()
  const expected = absent ? new Map<string, readonly string[]>() : expectations()

  it('are all there and all in the index', () => {
    expect(files.length).toBeGreaterThan(20)
    expect([...expected.keys()].sort()).toEqual(files)
  })

  it.each(files)('%s has the findings of the index and no other', (file) => {
    const found = new Set<string>(
      lintDockerfile(readFileSync(join(folder, file), 'utf8'), { nowMs }).map(({ code }) => code),
    )
    expect([...found].filter((code) => !beyondIndex.has(code)).sort()).toEqual([...(expected.get(file) ?? [])].sort())
  })

  const defaultsOf = (id: string) => {
    const file = files.find((name) => name.startsWith(`${id}-`)) ?? ''
    return imageDefaults(parseDockerfile(readFileSync(join(folder, file), 'utf8')))
  }
  const shell = (text: string): readonly string[] => ['/bin/sh', '-c', text]

  it.each([
    ['F-B1', { exposedPorts: ['80/tcp', '443/tcp'], command: ['nginx'] }],
    [
      'F-B2',
      { volumes: ['/config', '/downloads'], exposedPorts: ['8081/tcp'], command: ['--datadir=/config', '--nolaunch'] },
    ],
    ['F-B2e', { volumes: ['/config', '/downloads'], exposedPorts: ['8081/tcp'] }],
    ['F-B4', { workdir: '/app', command: ['python', 'main.py'] }],
    ['F-B5', { entrypoint: ['ping'], command: ['8.8.8.8', '-c', '3'] }],
    ['F-B6', { entrypoint: [], command: shell('wget -O - http://www.google.com') }],
    ['F-B7', { workdir: '/app', entrypoint: ['npm'], command: ['start'] }],
    ['F-B9', { workdir: '/app', command: shell('/app/bin/hello') }],
    ['F-B10', { workdir: '', command: shell('/app/hello') }],
    ['F-B11', { workdir: '/app', command: ['npm', 'start'] }],
    ['F-B15a', { volumes: ['/app/data'] }],
    ['F-B15b', { volumes: ['/app/data', '/app/profiles', '/app/config'] }],
    ['F-B15c', { volumes: ['/app/data', '/app/profiles', '/app/config'] }],
    ['F-B18a', { exposedPorts: ['3000/tcp'], workdir: '/app', command: shell('node src/server.js') }],
    ['F-B19a', { env: { POSTGRES_DB: 'pets', POSTGRES_USER: 'dockeruser', POSTGRES_PASSWORD: 'dockerpass' } }],
  ])('%s gives the defaults of the index', (id, wanted) => expect(defaultsOf(id)).toMatchObject(wanted))
})
