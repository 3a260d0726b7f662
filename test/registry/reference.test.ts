import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalName, familiarName, parseImageReference, pinnedName } from '../../lib/registry/reference.ts'
import type { ImageReference } from '../../lib/registry/reference.ts'

const digest = `sha256:${'a1'.repeat(32)}`

function parsed(text: string): ImageReference {
  const result = parseImageReference(text)
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '))
  return result.value
}

function codes(text: string): readonly string[] {
  const result = parseImageReference(text)
  return result.ok ? [] : result.problems.map(({ code }) => code)
}

describe('names of images', () => {
  it.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['ubuntu:16.04', 'docker.io/library/ubuntu:16.04'],
    ['microsoft/nanoserver', 'docker.io/microsoft/nanoserver:latest'],
    ['acme/web-api:12.0', 'docker.io/acme/web-api:12.0'],
    ['gcr.io/gnschenker/sample-app:1.1', 'gcr.io/gnschenker/sample-app:1.1'],
    ['registry.acme.com/engineering/web-app:1.0', 'registry.acme.com/engineering/web-app:1.0'],
    ['localhost/x', 'localhost/x:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    ['host:5000/x', 'host:5000/x:latest'],
    ['host:5000/x:1', 'host:5000/x:1'],
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    ['[::1]:5000/a/b:2', '[::1]:5000/a/b:2'],
    ['[2001:db8::1]/a', '[2001:db8::1]/a:latest'],
    ['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['Registry/team/app', 'Registry/team/app:latest'],
    [`nginx@${digest}`, `docker.io/library/nginx@${digest}`],
    [`nginx:1.27@${digest}`, `docker.io/library/nginx:1.27@${digest}`],
    ['a.b/c__d/e---f:_x', 'a.b/c__d/e---f:_x'],
    ['team/sub/deep:1', 'docker.io/team/sub/deep:1'],
  ])('%s is %s', (text, canonical) => expect(canonicalName(parsed(text))).toBe(canonical))

  it.each([
    ['docker.io/library/nginx:latest', 'nginx'],
    ['docker.io/library/nginx:1', 'nginx:1'],
    ['docker.io/acme/web', 'acme/web'],
    ['docker.io/library/a/b', 'library/a/b'],
    ['docker.io/acme.com/web', 'docker.io/acme.com/web'],
    ['docker.io/localhost/web', 'docker.io/localhost/web'],
    ['ghcr.io/library/nginx', 'ghcr.io/library/nginx'],
    [`docker.io/library/nginx@${digest}`, `nginx@${digest}`],
  ])('%s reads %s to people', (text, familiar) => expect(familiarName(parsed(text))).toBe(familiar))

  it.each([
    ['', 'invalid-image-name'],
    ['Nginx', 'invalid-image-name'],
    ['acme/Web', 'invalid-image-name'],
    ['acme//web', 'invalid-image-name'],
    ['/web', 'invalid-image-name'],
    ['web/', 'invalid-image-name'],
    ['-web', 'invalid-image-name'],
    ['web_', 'invalid-image-name'],
    ['we___b', 'invalid-image-name'],
    ['web:', 'invalid-image-name'],
    ['web:.1', 'invalid-image-name'],
    ['web:a b', 'invalid-image-name'],
    [`web:${'a'.repeat(129)}`, 'invalid-image-name'],
    [`acme/${'a'.repeat(251)}`, 'invalid-image-name'],
    ['a'.repeat(64), 'invalid-image-name'],
    ['host:0/x', 'invalid-image-name'],
    ['host:70000/x', 'invalid-image-name'],
    ['host:x/y', 'invalid-image-name'],
    ['[zz::1]:5000/x', 'invalid-image-name'],
    ['-host.example/x', 'invalid-image-name'],
    ['ghcr.io/', 'invalid-image-name'],
    ['https://ghcr.io/x', 'invalid-image-name'],
    ['nginx@sha256:abc', 'invalid-image-digest'],
    [`nginx@sha256:${'A1'.repeat(32)}`, 'invalid-image-digest'],
    [`nginx@md5:${'a'.repeat(32)}`, 'invalid-image-digest'],
    ['nginx@', 'invalid-image-digest'],
    [' nginx', 'invalid-image-name'],
  ])('%j is refused', (text, code) => expect(codes(text)).toContain(code))

  it('accepts the longest repository and tag', () => {
    expect(codes(`acme/${'a'.repeat(250)}:${'t'.repeat(128)}`)).toEqual([])
  })

  it('proposes the lower case form', () => {
    const result = parseImageReference('ghcr.io/Acme/Web:V1')
    expect(result.problems[0]?.fix).toContain('ghcr.io/acme/web:V1')
  })

  it('pins in full', () => expect(pinnedName(parsed('nginx:1'), digest)).toBe(`docker.io/library/nginx@${digest}`))
})

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/)
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '--'), word), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.flat().join(''))
const host = fc.oneof(
  fc.constantFrom(
    'docker.io',
    'localhost',
    'ghcr.io',
    'localhost:5000',
    'h:1',
    '[::1]',
    '[fe80::2]:443',
    '10.0.0.1:65535',
  ),
  fc.domain(),
)
const name: fc.Arbitrary<ImageReference> = fc
  .record({
    registry: host,
    path: fc.array(component, { minLength: 1, maxLength: 4 }),
    tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined }),
    digest: fc.option(
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
      { nil: undefined },
    ),
  })
  .map(({ registry, path, tag, digest: pin }) => ({
    registry,
    repository: registry === 'docker.io' && path.length === 1 ? `library/${path[0]}` : path.join('/'),
    ...(tag === undefined && pin === undefined ? { tag: 'latest' } : {}),
    ...(tag === undefined ? {} : { tag }),
    ...(pin === undefined ? {} : { digest: pin }),
  }))

describe('printing and parsing', () => {
  it('gives back every name from its canonical form', () => {
    fc.assert(
      fc.property(name, (reference) => {
        expect(parsed(canonicalName(reference))).toEqual(reference)
      }),
    )
  })
  it('gives back every name from its familiar form', () => {
    fc.assert(
      fc.property(name, (reference) => {
        expect(parsed(familiarName(reference))).toEqual(reference)
      }),
    )
  })
  it('never throws, and prints to a fixed point, whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9:/@.[\]_-]{0,40}$/)), (text) => {
        const result = parseImageReference(text)
        if (result.ok) expect(parsed(canonicalName(result.value))).toEqual(result.value)
        else expect(result.problems.length).toBeGreaterThan(0)
      }),
    )
  })
})
