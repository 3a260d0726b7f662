import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literal } from '../../lib/targets/docker/escape.ts'
import { nativeArgv, wholeArgv } from '../../lib/targets/docker/render/argv.ts'
import { containerUser, readableMode } from '../../lib/targets/docker/render/identity.ts'
import { digestOf, familiarName, registryHost, repositoryOf, tagOf } from '../../lib/targets/docker/reference.ts'
import { container } from '../support/specs.ts'
import { imageConfig } from './support.ts'

/** What Go's templates make of the only action that we ever write. */
const expand = (text: string): string => text.replaceAll('{{"{{"}}', '\u0000').replaceAll('\u0000', '{{')

describe('text that swarm would expand', () => {
  it('comes out as it went in, with no other action left', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{', '{{', '}}', '{{.X}}', 'a', '"', '$')), (parts) => {
        const text = parts.join('')
        const escaped = literal(text)
        expect(expand(escaped)).toBe(text)
        expect(escaped.replaceAll('{{"{{"}}', '')).not.toContain('{{')
      }),
    )
  })
})

describe('the command line of a container', () => {
  const of = (entrypoint: readonly string[] | undefined, command: readonly string[] | undefined, known = true) =>
    container({
      image: { reference: 'a', ...(known ? { config: imageConfig } : {}) },
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(command === undefined ? {} : { command }),
    })

  it.each([
    ['nothing written', undefined, undefined, { kind: 'image' }, ['/entry', 'serve']],
    ['a command', undefined, ['x'], { kind: 'native', args: ['x'] }, ['/entry', 'x']],
    [
      'an entrypoint, which drops the command of the image',
      ['e'],
      undefined,
      { kind: 'native', command: ['e'] },
      ['e'],
    ],
    ['both', ['e'], ['x'], { kind: 'native', command: ['e'], args: ['x'] }, ['e', 'x']],
    ['a cleared command', undefined, [], { kind: 'native', command: ['/entry'] }, ['/entry']],
    ['a cleared entrypoint', [], ['x'], { kind: 'native', command: ['x'] }, ['x']],
    ['everything cleared', [], [], { kind: 'empty' }, 'empty'],
    ['a cleared entrypoint alone', [], undefined, { kind: 'empty' }, 'empty'],
  ] as const)('follows %s', (_name, entrypoint, command, native, whole) => {
    expect(nativeArgv(of(entrypoint, command))).toEqual(native)
    expect(wholeArgv(of(entrypoint, command))).toEqual(whole)
  })

  it('needs the image only where a part of it is used', () => {
    expect(nativeArgv(of(undefined, ['x'], false))).toEqual({ kind: 'native', args: ['x'] })
    expect(nativeArgv(of(undefined, [], false))).toEqual({ kind: 'unknown' })
    expect(wholeArgv(of(undefined, ['x'], false))).toBe('unknown')
    expect(wholeArgv(of(['e'], undefined, false))).toEqual(['e'])
  })
})

describe('the owner of files', () => {
  it.each([
    ['', { kind: 'numeric', uid: '0', gid: '0' }],
    ['root', { kind: 'numeric', uid: '0', gid: '0' }],
    ['1000', { kind: 'numeric', uid: '1000', gid: '0' }],
    ['1000:1001', { kind: 'numeric', uid: '1000', gid: '1001' }],
    ['postgres', { kind: 'named', name: 'postgres' }],
  ])('is read from "%s"', (user, expected) => {
    expect(containerUser(container({ user }))).toEqual(expected)
  })

  it('may be anybody where only the image knows the number', () => {
    expect(readableMode(0o400, { kind: 'named', name: 'app' })).toBe(0o444)
    expect(readableMode(0o550, { kind: 'named', name: 'app' })).toBe(0o555)
    expect(readableMode(0o400, { kind: 'numeric', uid: '5', gid: '5' })).toBe(0o400)
  })
})

describe('references of images', () => {
  it.each([
    ['nginx', 'docker.io', 'nginx', undefined, undefined],
    ['acme/web:1.0', 'docker.io', 'acme/web', '1.0', undefined],
    ['ghcr.io/acme/web:1', 'ghcr.io', 'ghcr.io/acme/web', '1', undefined],
    ['localhost:5000/web', 'localhost:5000', 'localhost:5000/web', undefined, undefined],
    ['127.0.0.1:5000/web:a@sha256:00', '127.0.0.1:5000', '127.0.0.1:5000/web', 'a', 'sha256:00'],
  ])('are taken apart: %s', (reference, host, repository, tag, digest) => {
    expect([registryHost(reference), repositoryOf(reference), tagOf(reference), digestOf(reference)]).toEqual([
      host,
      repository,
      tag,
      digest,
    ])
  })

  it('have familiar names without the default host', () => {
    expect(familiarName('docker.io/library/nginx')).toBe('nginx')
    expect(familiarName('ghcr.io/library/nginx')).toBe('ghcr.io/library/nginx')
  })
})
