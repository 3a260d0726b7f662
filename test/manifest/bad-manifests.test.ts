import { describe, expect, it } from 'vitest'
import { noFiles } from '../../lib/manifest/files.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import { badManifests } from './bad-manifests.ts'
import type { BadManifest } from './bad-manifests.ts'

const head = 'apiVersion: escale/v1\nkind: App\nmetadata: {name: shop}\n'

function prepare(bad: BadManifest): { text: string; line: number; column: number } {
  const marked = bad.whole === true ? bad.body : `${head}${bad.body}\n`
  const offset = marked.indexOf('▸')
  const before = marked.slice(0, offset).split('\n')
  return { text: marked.replace('▸', ''), line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

const load = (bad: BadManifest, text: string) =>
  loadManifest(text, { file: 'escale.yaml', files: noFiles, environment: bad.environment, params: bad.params })

describe('a wrong manifest', () => {
  it.each(badManifests)('is refused for $what', (bad) => {
    const { text, line, column } = prepare(bad)
    const loaded = load(bad, text)
    const told = JSON.stringify(loaded.problems, null, 1)
    expect(loaded.ok).toBe(false)
    const found = loaded.problems.find(
      (each) => each.code === bad.code && each.source?.line === line && each.source.column === column,
    )
    expect(found, `expected at ${line}:${column}, found ${told}`).toBeDefined()
    if (bad.path !== undefined) expect(found?.path).toBe(bad.path)
    if (bad.fix !== undefined) expect(found?.fix).toMatch(bad.fix)
    // One slip, one problem: whoever reads the answer is not sent looking for others.
    expect(loaded.problems.length, told).toBe(1)
  })

  it('never shows a value that may be secret', () => {
    for (const bad of badManifests.filter((each) => each.code === 'plain-secret')) {
      const told = JSON.stringify(load(bad, prepare(bad).text).problems)
      expect(told).not.toMatch(/hunter22|AKIAABC|abcdef123|ghp_|RSA PRIVATE/)
    }
  })

  it('has all its problems told at once, in the order of the file', () => {
    const text = `${head}services:\n  web: {imagge: x, image: nginx, scale: -1, env: {A: on, B: {secret: s}}}\n  api: {}\n`
    const loaded = loadManifest(text, { files: noFiles })
    expect(loaded.problems.map((each) => each.code)).toEqual([
      'unknown-key',
      'out-of-range',
      'yaml-ambiguous-word',
      'unknown-reference',
      'missing-key',
    ])
  })
})
