import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registryAuthHeader, registryConfigHeader } from '../../lib/targets/docker/engine/auth.ts'
import { endpointFromEnv, parseEndpoint } from '../../lib/targets/docker/engine/endpoint.ts'
import { classifyAnswer, classifyEngineError } from '../../lib/targets/docker/engine/errors.ts'
import { splitReference } from '../../lib/targets/docker/engine/images.ts'
import { parseLogMessage } from '../../lib/targets/docker/engine/logs.ts'
import { queryText } from '../../lib/targets/docker/engine/call.ts'
import { agreeApiVersion, newestApiVersion } from '../../lib/targets/docker/engine/version.ts'

const decode = (header: string): unknown => JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))

describe('the credentials header', () => {
  it('is base64url with padding and gives back what went in, for any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (username, password) => {
        const header = registryAuthHeader({ username, password })
        expect(header).toMatch(/^[A-Za-z0-9_-]*={0,2}$/)
        expect(header.length % 4).toBe(0)
        expect(decode(header)).toEqual({ username, password })
      }),
    )
  })

  it('is an empty object without credentials, which a push demands', () => {
    expect(decode(registryAuthHeader(undefined))).toEqual({})
  })

  it('of a build holds credentials by registry', () => {
    const auths = { 'registry.test:5000': { username: 'u', password: 'p' } }
    expect(decode(registryConfigHeader(auths))).toEqual(auths)
  })
})

describe('the API version', () => {
  it.each([
    ['1.41', '1.41'],
    ['1.44', '1.44'],
    [newestApiVersion, newestApiVersion],
    ['1.99', newestApiVersion],
  ])('for an engine that offers %s is %s', (offered, agreed) => {
    expect(agreeApiVersion(offered, 'unix:///s')).toBe(agreed)
  })

  it.each(['1.40', '1.9', '', '2.0', 'latest'])('of an engine that offers "%s" is refused', (offered) => {
    expect(() => agreeApiVersion(offered, 'unix:///s')).toThrow(/unix:\/\/\/s/)
  })
})

describe('the engine address', () => {
  it.each([
    ['unix:///var/run/docker.sock', { kind: 'socket', socketPath: '/var/run/docker.sock' }],
    ['/tmp/s', { kind: 'socket', socketPath: '/tmp/s' }],
    ['tcp://10.0.0.1:4000', { kind: 'tcp', host: '10.0.0.1', port: 4000 }],
    ['tcp://10.0.0.1', { kind: 'tcp', host: '10.0.0.1', port: 2375 }],
    ['tcp://engine.test:80', { kind: 'tcp', host: 'engine.test', port: 80 }],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375 }],
    ['https://engine.test', { kind: 'tls', host: 'engine.test', port: 2376 }],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', socketPath: '\\\\.\\pipe\\docker_engine' }],
  ])('%s is understood', (host, expected) => {
    expect(parseEndpoint(host)).toMatchObject(expected)
  })

  it.each(['ssh://u@h', 'tcp://h:99999', 'tcp://h:1/path', 'unix://relative', 'h:2375', 'tcp://u:p@h:1'])(
    '%s is refused and quoted',
    (host) => {
      expect(() => parseEndpoint(host)).toThrow(host)
    },
  )

  it('comes from DOCKER_HOST, else it is the platform’s own', () => {
    expect(endpointFromEnv({ DOCKER_HOST: 'tcp://h:1' }, 'linux')).toMatchObject({ kind: 'tcp', host: 'h', port: 1 })
    expect(endpointFromEnv({}, 'linux')).toMatchObject({ socketPath: '/var/run/docker.sock' })
    expect(endpointFromEnv({}, 'win32')).toMatchObject({ socketPath: '\\\\.\\pipe\\docker_engine' })
  })

  it('with TLS asked for names the certificate file that is missing', () => {
    const env = { DOCKER_HOST: 'tcp://h:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' }
    expect(() => endpointFromEnv(env, 'linux')).toThrow('/nowhere/ca.pem')
  })
})

describe('a refusal', () => {
  it.each([
    [500, 'rpc error: code = Unknown desc = update out of sequence', 'outOfSequence'],
    [
      409,
      'rpc error: code = AlreadyExists desc = name conflicts with an existing object: service x already exists',
      'nameTaken',
    ],
    [409, 'Conflict. The container name "/x" is already in use by container "abc". You have to remove …', 'nameTaken'],
    [400, "rpc error: code = InvalidArgument desc = secret 'x' is in use by the following service: y", 'inUse'],
    [409, 'remove x: volume is in use - [abc]', 'inUse'],
    [403, 'error while removing network: network x id abc has active endpoints', 'inUse'],
    [503, 'This node is not a swarm manager. Use "docker swarm init" …', 'notManager'],
    [500, 'rpc error: code = Unknown desc = The swarm does not have a leader. …', 'noQuorum'],
    [404, 'service x not found', 'notFound'],
    [400, 'rpc error: code = InvalidArgument desc = bad', 'badRequest'],
    [409, 'container abc is not running', 'conflict'],
    [undefined, 'manifest for x:1 not found: manifest unknown: manifest unknown', 'notFound'],
    [500, 'something else', 'other'],
  ] as const)('%s "%s" is %s', (status, message, kind) => {
    expect(classifyAnswer(status, message)).toBe(kind)
  })

  it('of anything that is not an engine error is other', () => {
    expect(classifyEngineError(new Error('update out of sequence'))).toBe('other')
  })
})

describe('an image reference', () => {
  it.each([
    ['busybox', 'busybox', 'latest'],
    ['host:5000/a/b', 'host:5000/a/b', 'latest'],
    ['host:5000/a/b:1', 'host:5000/a/b', '1'],
    ['a:1@sha256:abc', 'a:1', 'sha256:abc'],
  ])('%s is %s at %s', (reference, name, tag) => {
    expect(splitReference(reference)).toEqual({ name, tag })
  })
})

describe('a log message', () => {
  it('gives its time, attributes and text apart', () => {
    const text = '2026-11-20T14:00:00.123456789Z com.docker.swarm.node.id=n1,k%3Dx=a%2Cb hello = world \n'
    expect(parseLogMessage({ stream: 'stderr', data: Buffer.from(text) }, { timestamps: true, details: true })).toEqual(
      {
        stream: 'stderr',
        at: '2026-11-20T14:00:00.123456789Z',
        attributes: { 'com.docker.swarm.node.id': 'n1', 'k=x': 'a,b' },
        text: 'hello = world ',
      },
    )
  })

  it('keeps blanks at the beginning of a text without prefixes', () => {
    const message = parseLogMessage(
      { stream: 'stdout', data: Buffer.from('  two\n') },
      { timestamps: false, details: false },
    )
    expect(message.text).toBe('  two')
  })
})

describe('a query', () => {
  it('leaves out what is undefined and repeats lists', () => {
    expect(queryText({ a: undefined, t: ['x', 'y z'], f: false })).toBe('?t=x&t=y+z&f=false')
    expect(queryText({ a: undefined })).toBe('')
  })
})
