import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { connect } from 'node:net'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createTlsServer } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectEngine } from '../../../lib/targets/docker/engine/engine.ts'
import { endpointFromEnv, parseEndpoint } from '../../../lib/targets/docker/engine/endpoint.ts'
import { EngineError } from '../../../lib/targets/docker/engine/errors.ts'
import { run } from '../../support/lab/command.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { sleeper, startContainer } from './support.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** A socket before the engine's. What `onAnswer` says happens to each chunk the engine sends. */
async function proxy(target: string, onAnswer: (chunk: Buffer, client: Socket) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'escale-proxy-'))
  const path = join(folder, 'sock')
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    const engine = connect(target)
    sockets.add(client).add(engine)
    client.on('data', (chunk) => engine.write(chunk))
    engine.on('data', (chunk: Buffer) => onAnswer(chunk, client))
    for (const socket of [client, engine]) socket.on('error', () => socket.destroy())
    client.on('close', () => engine.destroy())
    engine.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })
  return path
}

/** A TCP server on a free port; answers its address. */
async function listen(onClient: (client: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => client.destroy())
    onClient(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `tcp://127.0.0.1:${address.port}`
}

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('without an engine', () => {
  it('a missing socket is unreachable, and nothing was sent', async () => {
    const error = await errorOf(connectEngine(parseEndpoint('unix:///nowhere/at/all.sock')))
    expect(error).toMatchObject({ kind: 'unreachable', delivery: 'notSent', code: 'unreachable' })
    expect(String(error)).toContain('unix:///nowhere/at/all.sock')
  })

  it('a refused TCP connection is unreachable, and nothing was sent', async () => {
    const place = await listen(() => undefined)
    for (const cleanup of cleanups.splice(0)) await cleanup()
    expect(await errorOf(connectEngine(parseEndpoint(place)))).toMatchObject({
      kind: 'unreachable',
      delivery: 'notSent',
    })
  })

  it('a server that never answers ends at the deadline, and the call may have taken effect', async () => {
    const place = await listen(() => undefined)
    const error = await errorOf(connectEngine(parseEndpoint(place), { timeoutMs: 200 }))
    expect(error).toMatchObject({ kind: 'timeout', delivery: 'unknown', code: 'timed-out' })
  })

  it('a server that is no engine is refused with what it said', async () => {
    const place = await listen((client) => {
      client.once('data', () => client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>'))
    })
    expect(await errorOf(connectEngine(parseEndpoint(place)))).toMatchObject({
      status: 502,
      reason: '<html>',
      kind: 'other',
    })
  })
})

describeWithEngine('a call', { images: ['busybox'] }, (tools) => {
  it('whose answer is lost says so, and had its effect', async () => {
    const { socketPath, engine, prefix } = tools()
    let cut = false
    const path = await proxy(socketPath, (chunk, client) => void (cut ? client.destroy() : client.write(chunk)))
    const through = await connectEngine(parseEndpoint(path))
    cut = true
    const error = await errorOf(through.services.create(sleeper(`${prefix}-lost`)))
    expect(error).toMatchObject({ kind: 'lostAnswer', delivery: 'unknown', call: 'POST /services/create' })
    expect((await engine.services.inspect(`${prefix}-lost`)).Spec.Name).toBe(`${prefix}-lost`)
    through.close()
  })

  it('whose answer is cut in the middle is a lost answer too', async () => {
    const { socketPath } = tools()
    let cut = false
    const path = await proxy(socketPath, (chunk, client) => {
      if (!cut) return void client.write(chunk)
      client.write(chunk.subarray(0, chunk.length - 20), () => client.destroy())
    })
    const through = await connectEngine(parseEndpoint(path))
    cut = true
    expect(await errorOf(through.system.info())).toMatchObject({ kind: 'lostAnswer', delivery: 'unknown' })
    through.close()
  })

  it('over a connection that the engine’s side closed before is told apart from one never sent', async () => {
    const { socketPath } = tools()
    const path = await proxy(socketPath, (chunk, client) => void client.write(chunk, () => client.end()))
    const through = await connectEngine(parseEndpoint(path))
    expect((await through.system.version()).ApiVersion).toBe(through.apiVersion)
    through.close()
  })

  it('is not retried by itself', async () => {
    const { socketPath } = tools()
    let answers = 0
    let cut = false
    const path = await proxy(socketPath, (chunk, client) => {
      answers++
      if (cut) client.destroy()
      else client.write(chunk)
    })
    const through = await connectEngine(parseEndpoint(path))
    cut = true
    answers = 0
    await errorOf(through.system.version())
    expect(answers).toBe(1)
    through.close()
  })

  it('ends at its deadline', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-waits`, 'sleep 1000')
    const error = await errorOf(engine.containers.wait(id, { timeoutMs: 150 }))
    expect(error).toMatchObject({ kind: 'timeout', delivery: 'unknown' })
    expect(error).toBeInstanceOf(EngineError)
  })

  it('ends when its caller gives up, before or during it', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-given-up`, 'sleep 1000')
    expect(await errorOf(engine.containers.wait(id, { signal: AbortSignal.abort() }))).toMatchObject({
      kind: 'aborted',
      delivery: 'notSent',
    })
    const end = new AbortController()
    const waiting = errorOf(engine.containers.wait(id, { signal: end.signal }))
    setTimeout(() => end.abort(), 100)
    expect(await waiting).toMatchObject({ kind: 'aborted', delivery: 'unknown' })
  })

  it('works over TCP', async () => {
    const { socketPath } = tools()
    const place = await listen((client) => {
      const behind = connect(socketPath)
      client.pipe(behind).pipe(client)
      behind.on('error', () => client.destroy())
    })
    const engine = await connectEngine(parseEndpoint(place))
    expect((await engine.system.info()).OSType).toBe('linux')
    engine.close()
  })

  it('works over TLS with certificates on both sides, and not without ours', async () => {
    const { socketPath } = tools()
    const folder = await mkdtemp(join(tmpdir(), 'escale-tls-'))
    cleanups.push(() => rm(folder, { recursive: true }))
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1']
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      ...subject,
      ...files,
    ])
    const cert = await readFile(join(folder, 'cert.pem'))
    await writeFile(join(folder, 'ca.pem'), cert)
    const options = {
      cert,
      ca: cert,
      key: await readFile(join(folder, 'key.pem')),
      requestCert: true,
      rejectUnauthorized: true,
    }
    const server = createTlsServer(options, (client) => {
      const behind = connect(socketPath)
      client.pipe(behind).pipe(client)
      for (const socket of [client, behind]) socket.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve())))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const env = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
    const engine = await connectEngine(endpointFromEnv(env, 'linux'))
    expect((await engine.system.info()).OSType).toBe('linux')
    engine.close()
    const plain = await errorOf(connectEngine(parseEndpoint(`https://localhost:${port}`)))
    expect(plain).toMatchObject({ kind: 'unreachable', delivery: 'notSent' })
  })
})
