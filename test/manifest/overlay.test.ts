import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { merge } from '../../lib/manifest/merge.ts'
import { longTree } from '../../lib/manifest/long-form.ts'
import { resolvedManifest } from '../../lib/manifest/sections/manifest.ts'
import { nodeAt, plainOf } from '../../lib/manifest/text/tree.ts'
import type { Node } from '../../lib/manifest/text/tree.ts'
import { createViews } from '../../lib/manifest/walk/context.ts'
import { manifest } from '../support/manifests.ts'
import { problemsOf, resolved, serviceOf, specOf } from './load.ts'

const over = (base: string, overlay: string) =>
  resolved(`${base}\nenvironments:\n  prod: ${overlay}`, { environment: 'prod' }).manifest.services?.['web']

const views = createViews()
const lay = (base: Node, overlay: Node): Node | undefined => merge(resolvedManifest, base, overlay, { views })
const same = (node: Node | undefined): unknown =>
  node === undefined ? undefined : JSON.parse(JSON.stringify(plainOf(node)))

describe('an overlay', () => {
  it('merges maps by key and replaces lists whole', () => {
    const web = over(
      'services: {web: {image: a, env: {A: x, B: y}, command: [a, b]}}',
      '{services: {web: {env: {B: z, C: w}, command: [c]}}}',
    )
    expect(web).toMatchObject({ env: { A: { text: 'x' }, B: { text: 'z' }, C: { text: 'w' } }, command: ['c'] })
  })

  it('deletes by null', () => {
    const base = 'services: {web: {image: a, env: {A: x, B: y}, size: {cpu: 1}}, api: {image: a}}'
    const made = resolved(
      `${base}\nenvironments:\n  prod: {services: {web: {env: {A: null}, size: null}, api: null}}`,
      { environment: 'prod' },
    )
    expect(made.manifest.services).toEqual({ web: { image: 'a', env: { B: { text: 'y' } } } })
  })

  it('expands short forms before it merges', () => {
    const web = over(
      'services: {web: {image: a, size: {cpu: 1}, scale: {min: 1, max: 3, targets: {cpu: 70%}}}}',
      '{services: {web: {scale: 5}}}',
    )
    expect(web?.scale).toEqual({ min: 5, max: 5, targets: { cpu: '70%' } })
  })

  it.each([
    [
      'a variable',
      'secrets: {s: {}}\nservices: {web: {image: a, env: {A: x}}}',
      '{services: {web: {env: {A: {secret: s}}}}}',
      { env: { A: { secret: 's' } } },
    ],
    [
      'a mount',
      'services: {web: {image: a, mounts: {/d: {host: /x, readOnly: true}}}}',
      '{services: {web: {mounts: {/d: {tmpfs: 1Mi}}}}}',
      { mounts: { '/d': { tmpfs: '1Mi' } } },
    ],
    [
      'a check',
      'services: {web: {image: a, ports: {http: 80}, health: {ready: {http: /, port: http, interval: 9s}}}}',
      '{services: {web: {health: {ready: {exec: [x]}}}}}',
      { health: { ready: { exec: ['x'] } } },
    ],
    [
      'an image',
      'services: {web: {image: a}}',
      '{services: {web: {build: {context: src}}}}',
      { build: { context: 'src' } },
    ],
    ['a build', 'services: {web: {build: {context: src}}}', '{services: {web: {image: a}}}', { image: 'a' }],
  ])('of another kind takes the place of %s', (_what, base, overlay, expected) => {
    const web = over(base, overlay)
    expect(web).toMatchObject(expected)
    expect(Object.keys(web ?? {}).filter((key) => key === 'image' || key === 'build')).toHaveLength(1)
    for (const [key, value] of Object.entries(expected)) {
      expect((web as Record<string, unknown>)[key]).toEqual(value)
    }
  })

  it('changes a part of an entry without naming its kind', () => {
    const web = over(
      'services: {web: {image: a, ports: {http: 80}, health: {ready: {http: /, interval: 9s}}}}',
      '{services: {web: {health: {ready: {interval: 1s}}}}}',
    )
    expect(web?.health).toEqual({ ready: { http: '/', interval: '1s' } })
  })

  it('adds init containers last', () => {
    const spec = specOf(
      'services: {web: {image: a, init: {z: {image: a}}}}\nenvironments:\n  prod: {services: {web: {init: {a: {image: a}, z: {image: b}}}}}',
      { environment: 'prod' },
    )
    expect(serviceOf(spec, 'web').init.map((each) => [each.name, each.image.reference])).toEqual([
      ['z', 'b'],
      ['a', 'a'],
    ])
  })

  it('may bring what the base lacks', () => {
    const text = 'services: {web: {scale: 1}}\nenvironments:\n  prod: {services: {web: {image: a}}}'
    expect(problemsOf(text, { environment: 'prod' })).toEqual([])
    expect(problemsOf(text).map((each) => each.code)).toEqual(['missing-key'])
  })

  it('is checked also where it is not chosen', () => {
    const problems = problemsOf('services: {web: {image: a}}\nenvironments:\n  prod: {services: {web: {scael: 1}}}')
    expect(problems.map((each) => each.code)).toEqual(['unknown-key'])
  })

  it('names those that exist where an unknown one is chosen', () => {
    const [problem] = problemsOf('services: {web: {image: a}}\nenvironments: {production: {}}', {
      environment: 'prodution',
    })
    expect(problem).toMatchObject({
      code: 'unknown-environment',
      allowed: ['production'],
      fix: 'did you mean `production`?',
    })
  })

  it('changes nothing when empty, and changes once what it changes', () => {
    fc.assert(
      fc.property(manifest, manifest, (one, other) => {
        const [base, overlay] = [longTree(one), longTree(other)]
        expect(same(lay(base, { kind: 'map', entries: new Map(), at: 0 }))).toEqual(same(base))
        expect(same(lay(base, base))).toEqual(same(base))
        const once = lay(base, overlay)
        expect(same(once === undefined ? undefined : lay(once, overlay))).toEqual(same(once))
      }),
      { numRuns: 60 },
    )
  })

  it('wins with every value it has, and leaves alone what it does not mention', () => {
    fc.assert(
      fc.property(manifest, manifest, (one, other) => {
        const [base, overlay] = [longTree(one), longTree(other)]
        const made = lay(base, overlay)
        expect(same(made)).toMatchObject(same(overlay) as object)
        for (const name of Object.keys(one.services ?? {})) {
          if (other.services?.[name] !== undefined) continue
          expect(same(nodeAt(made, ['services', name]))).toEqual(same(nodeAt(base, ['services', name])))
        }
      }),
      { numRuns: 60 },
    )
  })
})
