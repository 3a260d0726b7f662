import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noFiles } from '../../lib/manifest/files.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import { parseManifest } from '../../lib/manifest/parse.ts'
import { standardLimits } from '../../lib/manifest/text/limits.ts'
import { manifest } from '../support/manifests.ts'
import { printManifest } from '../../lib/manifest/print.ts'
import { problemsOf, resolved } from './load.ts'

const codes = (text: string): readonly string[] =>
  loadManifest(text, { files: noFiles }).problems.map((each) => each.code)

describe('reading', () => {
  it('allows anchors, merge keys and free keys', () => {
    const made = resolved(
      'x-base: &base {env: {A: x}, size: {cpu: 1}}\nservices:\n  web: {<<: *base, image: a, size: {memory: 1Mi}, x-note: free}\n  api: {<<: [*base], image: b}',
    )
    expect(made.manifest.services).toEqual({
      web: { env: { A: { text: 'x' } }, image: 'a', size: { memory: '1Mi' } },
      api: { env: { A: { text: 'x' } }, image: 'b', size: { cpu: '1' } },
    })
  })

  it('points into the anchor where what an alias repeats is wrong, once', () => {
    const problems = problemsOf(
      'x-size: &size {cpu: zero}\nservices:\n  a: {image: a, size: *size}\n  b: {image: a, size: *size}',
    )
    expect(problems.map((each) => [each.code, each.source?.line, each.source?.column])).toEqual([
      ['invalid-unit', 4, 21],
    ])
  })

  it('keeps the source text of scalars where text is meant', () => {
    const made = resolved(
      'services: {web: {image: a, env: {A: 1.10, B: 0400, C: true, D: 1e3, E: 0x10, F: 2024-01-01}}}',
    )
    expect(made.complete.services?.['web']?.env).toEqual({
      A: { text: '1.10' },
      B: { text: '0400' },
      C: { text: 'true' },
      D: { text: '1e3' },
      E: { text: '0x10' },
      F: { text: '2024-01-01' },
    })
  })

  it('takes a byte order mark and windows line ends', () => {
    expect(
      codes('\uFEFFapiVersion: escale/v1\r\nkind: App\r\nmetadata: {name: a}\r\nservices: {web: {image: a}}\r\n'),
    ).toEqual([])
  })

  it('keeps keys of labels that begin with x-', () => {
    expect(resolved('services: {web: {image: a, labels: {x-team: b}}}').manifest.services?.['web']?.labels).toEqual({
      'x-team': 'b',
    })
  })

  it('does not mistake __proto__ for anything', () => {
    expect(
      problemsOf('services: {web: {image: a, labels: {__proto__: b}, __proto__: {x: 1}}}').map((each) => each.code),
    ).toEqual(['unknown-key'])
  })

  it('answers with JSON as with YAML', () => {
    expect(
      codes(
        '{"apiVersion": "escale/v1", "kind": "App", "metadata": {"name": "a"}, "services": {"web": {"image": "a"}}}',
      ),
    ).toEqual([])
  })
})

describe('limits', () => {
  it('end an alias bomb', () => {
    const levels = Array.from(
      { length: 12 },
      (_, index) => `x-${index + 1}: &a${index + 1} [${Array.from({ length: 9 }, () => `*a${index}`).join(', ')}]`,
    )
    expect(codes(`x-0: &a0 [x, x]\n${levels.join('\n')}\n`)).toEqual(['too-many-aliases'])
  })

  it('end an anchor that contains itself', () => {
    expect(codes('x-a: &a {b: *a}\n')).toEqual(['too-deep'])
  })

  it.each([
    ['brackets', '['.repeat(1_000_000)],
    ['braces', '{a: '.repeat(300_000)],
    ['dashes', `x-a:\n  ${'- '.repeat(500_000)}x`],
    ['indentation', Array.from({ length: 400 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
  ])('end deep nesting by %s', (_what, text) => {
    expect(codes(text)).toEqual(['too-deep'])
  })

  it('end a text that is too large', () => {
    expect(codes(`x-a: ${'y'.repeat(standardLimits.maxBytes)}`)).toEqual(['too-large'])
  })

  it('end a list of problems', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `wrong${index}: 1`).join('\n')
    const parsed = parseManifest(keys, { limits: { ...standardLimits, maxProblems: 10 } })
    expect(parsed.problems).toHaveLength(11)
    expect(parsed.problems.at(-1)?.message).toContain('490 further problems')
  })
})

describe('any input', () => {
  it('is answered with problems, never with an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void codes(text)),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void codes(Buffer.from(bytes).toString('utf8'))),
      { numRuns: 300 },
    )
  })

  it('of any shape is answered with problems that have a place', () => {
    const keys = fc.constantFrom(
      'services',
      'web',
      'env',
      'image',
      'ports',
      'http',
      'routes',
      'main',
      'mounts',
      '/a',
      'config',
      'files',
      'secrets',
      'join',
      'jobs',
      'from',
      'scale',
      'update',
      'health',
      'ready',
      'external',
      'volumes',
      'environments',
      'prod',
      'params',
      'dependsOn',
      'sidecars',
      'init',
      'x-a',
      '<<',
      '__proto__',
      'networks',
      'envFrom',
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom<unknown>(null, true, 1, -1, 1.5, 'a', '${x}', 'on', '80-90', '/a', '1Mi', 'web'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 5 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(keys, tree, { maxKeys: 6 }), (made) => {
        const text = JSON.stringify({ apiVersion: 'escale/v1', kind: 'App', metadata: { name: 'a' }, ...made })
        const loaded = loadManifest(text, { files: noFiles, environment: 'prod', params: { x: '1' } })
        for (const problem of loaded.problems) {
          if (problem.code === 'unknown-environment' || problem.code === 'unused-param-value') continue
          expect(problem.source, problem.message).toBeDefined()
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('with one part of a right manifest put wrong is answered with problems', () => {
    fc.assert(
      fc.property(
        manifest,
        fc.nat(),
        fc.constantFrom('', '~', '[]', '{}', '"', ': ', '- x', '&a', '*a', '\t', '%', '${', '!!x'),
        (made, at, piece) => {
          const text = printManifest(made)
          const place = at % text.length
          codes(`${text.slice(0, place)}${piece}${text.slice(place + 1)}`)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a thousand services', () => {
  const many = (count: number): string =>
    `apiVersion: escale/v1\nkind: App\nmetadata: {name: big}\nservices:\n${Array.from(
      { length: count },
      (_, index) =>
        `  s${index}:\n    image: ghcr.io/acme/s${index}:v1\n    env: {A: x, B: y, PORT: "80"}\n    ports: {http: 8080}\n    routes: {main: {path: /s${index}}}\n    size: {cpu: 0.1, memory: 64Mi}\n    health: /up\n${index === 0 ? '' : `    dependsOn: {s${index - 1}: started}\n`}`,
    ).join('')}`

  it('are read without a problem, in work that grows as the text does', () => {
    expect(codes(many(1000))).toEqual([])
    expect(loadManifest(many(1000), { files: noFiles }).ok).toBe(true)
  })
})
