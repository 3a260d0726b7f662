import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRegistryClient } from '../../../lib/registry/client.ts'
import type { HostSettings } from '../../../lib/registry/hosts.ts'
import { nodeTransport } from '../../../lib/registry/transport.ts'
import { systemClock } from '../../../lib/core/system.ts'
import { makeImage } from '../../registry/image.ts'
import { run } from '../../support/lab/command.ts'
import { freePort } from './debian.ts'

describe('a registry with a certificate of its own', () => {
  const server = { port: 0, ca: '', close: async (): Promise<void> => undefined, digest: '' }
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'escale-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const names = ['-subj', '/CN=lab', '-addext', 'subjectAltName=IP:127.0.0.1']
    await run('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '2', ...names, '-keyout', key, '-out', cert])
    const image = await makeImage()
    server.ca = await readFile(cert, 'utf8')
    const privateKey = await readFile(key)
    await rm(folder, { recursive: true, force: true })
    server.digest = image.manifest.digest
    const https = createServer({ key: privateKey, cert: server.ca }, (_, answer) => {
      answer.writeHead(200, { 'content-type': image.manifest.mediaType })
      answer.end(image.manifest.bytes)
    })
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
    server.port = (https.address() as AddressInfo).port
    server.close = () =>
      new Promise((resolve) => {
        https.close(() => resolve())
        https.closeAllConnections()
      })
  })
  afterAll(() => server.close())

  const ask = (settings: HostSettings, port = server.port) => {
    const registry = `127.0.0.1:${port}`
    const client = createRegistryClient({
      transport: nodeTransport(),
      clock: systemClock,
      hosts: { [registry]: settings },
    })
    return client.manifest({ registry, repository: 'lab/app', tag: '1' })
  }

  it('is not trusted by itself', async () => {
    await expect(ask({ scheme: 'https' })).rejects.toMatchObject({ code: 'registry-untrusted' })
  })

  it('is trusted with the certificate of its authority', async () => {
    expect((await ask({ scheme: 'https', ca: server.ca })).digest).toBe(server.digest)
  })

  it('is told from nobody at home', async () => {
    await expect(ask({ scheme: 'https' }, await freePort())).rejects.toMatchObject({ code: 'unreachable' })
  })
})
