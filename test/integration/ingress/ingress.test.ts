import { connect } from 'node:net'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../../lib/core/deps.ts'
import { systemClock } from '../../../lib/core/system.ts'
import { createIngress } from '../../../lib/targets/docker/ingress/ingress.ts'
import type { Ingress } from '../../../lib/targets/docker/ingress/ingress.ts'
import { runExec } from '../../../lib/targets/docker/engine/exec.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import type { EngineTools } from '../../support/lab/shared.ts'
import { ask, sendMany, startLoad } from '../../support/load.ts'
import type { LoadTarget } from '../../support/load.ts'
import type { ActiveRoute, RouteBackend } from '../../../lib/model/routing.ts'
import { route } from '../../ingress/routes.ts'
import { backend, makeNetwork, startBackends } from './backends.ts'
import type { Backends } from './backends.ts'

const image = 'escale.local/haproxy:2.6'
const httpPort = 18_080
const shopKey = { project: 'default', app: 'shop', environment: 'default' }

const ingressOf = (
  { engine, prefix, address }: EngineTools,
  httpPorts: readonly number[] = [httpPort],
  hardStopAfterMs = 20_000,
): Ingress =>
  createIngress({
    site: { installId: prefix, cluster: 'test' },
    engine: () => Promise.resolve(engine),
    image,
    httpPorts,
    address,
    clock: systemClock,
    log: silentLog,
    hardStopAfterMs,
  })

describeWithEngine('ingress', { images: ['haproxy', 'node', 'redis'] }, (tools) => {
  let ingress: Ingress
  let stable: Backends
  let other: Backends
  const target = (rest: Omit<LoadTarget, 'address' | 'port'> = {}) => ({
    address: tools().address,
    port: httpPort,
    ...rest,
  })

  beforeAll(async () => {
    const { engine, prefix } = tools()
    ingress = ingressOf(tools())
    const [first, second] = [await makeNetwork(engine, `${prefix}-one`), await makeNetwork(engine, `${prefix}-two`)]
    stable = await startBackends(engine, { name: `${prefix}-stable`, label: 'stable', replicas: 3, networkId: first })
    other = await startBackends(engine, { name: `${prefix}-other`, label: 'other', networkId: second })
  }, 120_000)
  afterAll(() => ingress.remove(), 60_000)

  const backendsOf = async (of: Backends, change: Partial<RouteBackend> = {}): Promise<RouteBackend[]> =>
    (await of.addresses()).map((address) => backend(address, change))

  const ofStable = async (change: Partial<ActiveRoute> = {}): Promise<ActiveRoute> =>
    route({ networkId: stable.networkId, backends: await backendsOf(stable), ...change })

  const ofOther = async (change: Partial<ActiveRoute> = {}): Promise<ActiveRoute> =>
    route({ key: shopKey, host: 'shop.test', networkId: other.networkId, backends: await backendsOf(other), ...change })

  test('the smallest route answers at the root, and a second apply changes nothing', async () => {
    const routes = [await ofStable()]
    const result = await ingress.apply(routes)
    expect(result.problems).toEqual([])
    expect(result.addresses.map(({ url }) => url)).toEqual([`http://${tools().address}:${httpPort}/`])
    expect(await ask(target())).toMatchObject({ status: 200, body: 'stable /' })
    expect(await ingress.apply(routes)).toMatchObject({ changed: false, proxies: [{ write: 'none' }] })
  })

  test('hosts and paths lead to their apps, whole segments only, the longest first, the prefix rewritten', async () => {
    await ingress.apply([
      await ofStable({ host: 'shop.test' }),
      await ofOther({ path: '/api', rewrite: '/' }),
      await ofStable({ host: 'shop.test', route: 'deep', path: '/api/v1.0', rewrite: '/v2/x' }),
      await ofOther({ route: 'exact', path: '/only', match: 'exact', rewrite: '/there' }),
    ])
    const bodyOf = async (path: string, host = 'shop.test'): Promise<string> =>
      (await ask(target({ host, path }))).body.trim()
    expect(await bodyOf('/')).toBe('stable /')
    expect(await bodyOf('/api')).toBe('other /')
    expect(await bodyOf('/api/things?q=1')).toBe('other /things?q=1')
    expect(await bodyOf('/apis')).toBe('stable /apis')
    expect(await bodyOf('//api/x')).toBe('other /x')
    expect(await bodyOf('/%61pi/x')).toBe('other /x')
    expect(await bodyOf('/z/../api/x')).toBe('other /x')
    expect(await bodyOf('/api/v1.0/y')).toBe('stable /v2/x/y')
    expect(await bodyOf('/api/v1.0')).toBe('stable /v2/x')
    expect(await bodyOf('/api/v1x0/y')).toBe('other /v1x0/y')
    expect(await bodyOf('/only')).toBe('other /there')
    expect(await bodyOf('/only/more')).toBe('stable /only/more')
    expect(await bodyOf('/api/q', 'SHOP.test.:18080')).toBe('other /q')
    expect(await ask(target({ host: 'nobody.test', path: '/a' }))).toMatchObject({
      status: 404,
      body: 'no route answers for host "nobody.test" and path "/a"\n',
    })
  })

  test('instances learn who asked, callers a request id, and nobody the name of the server', async () => {
    await ingress.apply([await ofStable()])
    const headers: unknown = JSON.parse(
      (await ask(target({ path: '/headers', headers: { 'x-forwarded-for': '1.2.3.4' } }))).body,
    )
    expect(headers).toMatchObject({
      'x-forwarded-proto': 'http',
      'x-forwarded-host': tools().address,
      'x-forwarded-port': String(httpPort),
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-forwarded-for': expect.not.stringContaining('1.2.3.4'),
    })
    const answer = await ask(target({ headers: { 'x-request-id': 'mine-1' } }))
    expect(answer.headers).toMatchObject({ 'x-request-id': 'mine-1' })
    expect(answer.headers).not.toHaveProperty('server')
  })

  test('a WebSocket passes both ways', async () => {
    await ingress.apply([await ofStable()])
    expect(await echo(tools().address, httpPort, 'hello')).toBe('hello')
  })

  test('an address outside the allowed ranges is refused', async () => {
    await ingress.apply([await ofStable({ allow: ['192.0.2.0/24'] })])
    expect((await ask(target())).status).toBe(403)
    await ingress.apply([await ofStable({ allow: ['192.0.2.0/24', '10.0.0.0/8', '127.0.0.1', '172.16.0.0/12'] })])
    expect((await ask(target())).status).toBe(200)
  })

  test('sticky callers stay with their instance while it takes traffic', async () => {
    await ingress.apply([
      await ofStable({ sticky: true, backends: (await stable.addresses()).map((address) => backend(address)) }),
    ])
    const first = await ask(target({ path: '/who' }))
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
    const answers = await sendMany(target({ path: '/who', headers: { cookie } }), 20)
    expect(Object.keys(answers.bodies)).toEqual([first.body.trim()])
    const gone = first.body.trim()
    await ingress.apply([
      await ofStable({
        sticky: true,
        backends: (await stable.addresses()).map((address) =>
          backend(address, { state: gone === address ? 'draining' : 'ready' }),
        ),
      }),
    ])
    expect((await ask(target({ path: '/who', headers: { cookie } }))).body.trim()).not.toBe(gone)
  })

  test('shares hold within half a point over 10,000 requests', async () => {
    const [one = '', two = '', three = ''] = await stable.addresses()
    for (const [share, percent] of [
      [0.1, 10],
      [0.01, 1],
      [0.005, 0.5],
    ] as const) {
      await ingress.apply([
        await ofStable({
          backends: [
            backend(one, { weight: (1 - share) / 2 }),
            backend(two, { weight: (1 - share) / 2 }),
            backend(three, { weight: share, track: 'next' }),
          ],
        }),
      ])
      const { bodies, ok } = await sendMany(target({ path: '/who' }), 10_000)
      expect(ok).toBe(10_000)
      expect(Math.abs((bodies[three] ?? 0) / 100 - percent)).toBeLessThanOrEqual(0.5)
    }
  })

  test('a change of shares or instances needs no reload and loses nothing, a change of routes reloads and loses nothing', async () => {
    const [one = '', two = ''] = await stable.addresses()
    await ingress.apply([await ofStable()])
    const load = startLoad({ ...target(), requestsPerSecond: 150, connections: 'mixed' })
    const writes: string[] = []
    for (let round = 0; round < 8; round++) {
      const backends =
        round % 2 === 0 ? [backend(one, { weight: round + 1 })] : [backend(one, { state: 'draining' }), backend(two)]
      writes.push(...(await ingress.apply([await ofStable({ backends })])).proxies.map(({ write }) => write))
    }
    for (let round = 0; round < 8; round++) {
      const routes =
        round % 2 === 0 ? [await ofStable(), await ofOther({ path: `/round-${round}` })] : [await ofStable()]
      writes.push(...(await ingress.apply(routes)).proxies.map(({ write }) => write))
    }
    const result = await load.stop()
    expect(writes).toEqual([...Array<string>(8).fill('runtime'), ...Array<string>(8).fill('reload')])
    expect(result.failures).toEqual({})
    expect(result.requests).toBeGreaterThan(100)
  })

  test('a request under way is finished by an instance that drains, and a new one goes elsewhere', async () => {
    const [one = '', two = ''] = await stable.addresses()
    await ingress.apply([await ofStable({ backends: [backend(one)] })])
    const slow = ask(target({ path: '/slow?ms=1500' }))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const change = await ingress.apply([
      await ofStable({ backends: [backend(one, { state: 'draining' }), backend(two)] }),
    ])
    expect(change.proxies).toMatchObject([{ write: 'runtime' }])
    expect((await sendMany(target({ path: '/who' }), 20)).bodies).toEqual({ [two]: 20 })
    expect((await slow).status).toBe(200)
  })

  test('an instance killed without notice costs no request', async () => {
    await stable.scale(4)
    await ingress.apply([await ofStable()])
    const [victim = ''] = await stable.addresses()
    const load = startLoad({ ...target({ path: '/who' }), requestsPerSecond: 100, connections: 'mixed' })
    await pause(500)
    await stable.kill(victim)
    await pause(4000)
    const result = await load.stop()
    expect(result.failures).toEqual({})
    expect(result.requests).toBeGreaterThan(100)
  })

  test('an instance that is not ready takes no traffic, also after a reload, until it is ready again', async () => {
    const [one = '', two = ''] = await stable.addresses()
    const check = {
      probe: { kind: 'http', path: '/up', port: 8000 },
      intervalMs: 300,
      timeoutMs: 1000,
      failures: 2,
    } as const
    const routes = [await ofStable({ check, backends: [backend(one), backend(two)] })]
    await ingress.apply([await ofStable({ route: 'set', path: '/set', backends: [backend(one)] }), ...routes])
    const set = (ready: string) => ask(target({ path: `/set?ready=${ready}` }))
    await set('no')
    await eventually(async () => expect((await sendMany(target({ path: '/who' }), 20)).bodies).toEqual({ [two]: 20 }))
    const slowCheck = { ...check, intervalMs: 2000 }
    await ingress.apply([
      await ofStable({ route: 'set', path: '/set', backends: [backend(one)] }),
      await ofStable({ check: slowCheck, backends: [backend(one), backend(two)] }),
    ])
    expect((await sendMany(target({ path: '/who' }), 20)).bodies).toEqual({ [two]: 20 })
    await set('yes')
    await eventually(async () =>
      expect((await sendMany(target({ path: '/who' }), 20)).bodies).toEqual({ [one]: 10, [two]: 10 }),
    )
  })

  test('instances that speak HTTP/2 are spoken to in HTTP/2', async () => {
    const check = { probe: { kind: 'grpc', port: 9000 }, intervalMs: 200, timeoutMs: 1000, failures: 2 } as const
    await ingress.apply([await ofStable({ app: 'grpc', check, backends: await backendsOf(stable, { port: 9000 }) })])
    await pause(1000)
    expect((await sendMany(target(), 20)).bodies).toEqual({ 'h2 2.0': 20 })
  })

  test('a route without instances says so', async () => {
    await ingress.apply([await ofStable({ backends: [] })])
    expect(await ask(target())).toMatchObject({
      status: 503,
      body: 'no instance of default.hello.default.web.main takes requests now\n',
    })
  })

  const proxyContainer = async (install = tools().prefix): Promise<string> => {
    const [found] = await tools().engine.containers.list({
      all: true,
      filters: { label: [`io.escale.install=${install}`] },
    })
    return found?.Id ?? ''
  }

  test('a proxy that crashes serves the last configuration again by itself', async () => {
    await ingress.apply([await ofStable()])
    await runExec(
      tools().engine.exec,
      await proxyContainer(),
      { Cmd: ['kill', '-TERM', '1'] },
      { timeoutMs: 5000 },
    ).catch(() => undefined)
    await eventually(async () => expect((await ask(target())).body).toBe('stable /'))
    expect(await ingress.apply([await ofStable()])).toMatchObject({ changed: false })
  })

  test('a proxy that was stopped or removed by hand serves again with the next apply', async () => {
    const { engine } = tools()
    await engine.containers.kill(await proxyContainer(), { killSignal: 'SIGKILL' })
    expect((await ingress.apply([await ofStable()])).proxies).toMatchObject([{ started: true, write: 'none' }])
    expect((await ask(target())).body).toBe('stable /')
    await engine.containers.remove(await proxyContainer(), { force: true })
    expect((await ingress.apply([await ofStable()])).proxies).toMatchObject([{ started: true, write: 'none' }])
    expect((await ask(target())).body).toBe('stable /')
  })

  test('a proxy that was stopped starts again although one of its networks is gone', async () => {
    const { engine, prefix } = tools()
    const networkId = await makeNetwork(engine, `${prefix}-passing`)
    await ingress.apply([
      await ofStable(),
      await ofStable({ route: 'passing', host: 'passing.test', networkId, backends: [] }),
    ])
    await engine.containers.kill(await proxyContainer(), { killSignal: 'SIGKILL' })
    await eventually(async () => engine.networks.remove(networkId))
    await ingress.apply([await ofStable()])
    expect((await ask(target())).body).toBe('stable /')
  })

  test('workers of before a reload end, although a connection stays open', async () => {
    const short = ingressOf({ ...tools(), prefix: `${tools().prefix}-short` }, [httpPort + 2], 1500)
    try {
      await short.apply([await ofStable()])
      const socket = connect({ host: tools().address, port: httpPort + 2 })
      socket.on('error', () => undefined)
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      await new Promise((resolve) => socket.once('data', resolve))
      await short.apply([await ofStable(), await ofOther()])
      const container = await proxyContainer(`${tools().prefix}-short`)
      const workers = async (): Promise<number> =>
        (await tools().engine.containers.top(container)).Processes?.filter((columns) =>
          columns.join(' ').includes('haproxy -'),
        ).length ?? 0
      expect(await workers()).toBe(3)
      await eventually(async () => expect(await workers()).toBe(2))
      socket.destroy()
    } finally {
      await short.remove()
    }
  })

  test('a tcp route has a port and a proxy of its own, and comes and goes without touching the others', async () => {
    const redis = await startBackends(tools().engine, {
      name: `${tools().prefix}-redis`,
      label: 'redis',
      networkId: other.networkId,
      image: 'escale.local/redis:7',
      command: [],
    })
    const tcp = route({
      service: 'cache',
      route: 'redis',
      protocol: 'tcp',
      app: 'raw',
      listen: 16_379,
      networkId: other.networkId,
      backends: (await redis.addresses()).map((address) => backend(address, { port: 6379 })),
    })
    await ingress.apply([await ofStable()])
    const load = startLoad({ ...target(), requestsPerSecond: 60, connections: 'mixed' })
    const result = await ingress.apply([await ofStable(), tcp])
    expect(result.addresses.map(({ url }) => url)).toContain(`tcp://${tools().address}:16379`)
    expect(await talk(tools().address, 16_379, 'PING\r\n')).toBe('+PONG\r\n')
    const denied = await ingress.apply([await ofStable(), { ...tcp, allow: ['192.0.2.0/24'] }])
    expect(denied.problems).toEqual([])
    await expect(talk(tools().address, 16_379, 'PING\r\n')).resolves.toBe('')
    await ingress.apply([await ofStable()])
    await expect(talk(tools().address, 16_379, 'PING\r\n')).rejects.toThrow()
    expect((await load.stop()).failures).toEqual({})
  })

  test('a port of its own that is taken is a problem of its route, and the others are served', async () => {
    const listen = route({ service: 'cache', route: 'raw', protocol: 'tcp', app: 'raw', listen: httpPort })
    const result = await ingress.apply([await ofStable(), listen])
    expect(result.problems).toMatchObject([{ code: 'name-taken', message: expect.stringContaining(String(httpPort)) }])
    expect((await ask(target())).body).toBe('stable /')
  })

  test('a network can be removed once it is released', async () => {
    const { engine, prefix } = tools()
    const networkId = await makeNetwork(engine, `${prefix}-three`)
    const third = await startBackends(engine, { name: `${prefix}-third`, label: 'third', networkId })
    await ingress.apply([
      await ofStable(),
      await ofStable({ route: 'third', host: 'third.test', networkId, backends: await backendsOf(third) }),
    ])
    expect((await ask(target({ host: 'third.test' }))).body).toBe('third /')
    await engine.services.remove(third.service)
    await ingress.apply([await ofStable()])
    await ingress.release(networkId)
    await eventually(async () => engine.networks.remove(networkId))
    expect((await ask(target())).body).toBe('stable /')
  })

  test('instances that start on a network of the proxy get addresses of their own', async () => {
    const { engine, prefix } = tools()
    const networkId = await makeNetwork(engine, `${prefix}-grow`)
    const growing = await startBackends(engine, { name: `${prefix}-grow`, label: 'grow', networkId })
    await ingress.apply([await ofStable({ networkId, backends: await backendsOf(growing) })])
    await growing.scale(5)
    expect(new Set(await growing.addresses()).size).toBe(5)
    await ingress.apply([await ofStable()])
    await ingress.release(networkId)
  })

  test('a network that nothing on the machine uses yet can be connected', async () => {
    const { engine, prefix } = tools()
    const networkId = await makeNetwork(engine, `${prefix}-cold`)
    const result = await ingress.apply([
      await ofStable(),
      await ofStable({ route: 'cold', host: 'cold.test', networkId, backends: [] }),
    ])
    expect(result.problems).toEqual([])
    const [container] = await engine.containers.list({ filters: { id: [await proxyContainer()] } })
    expect(Object.values(container?.NetworkSettings?.Networks ?? {}).map(({ NetworkID }) => NetworkID)).toContain(
      networkId,
    )
    await ingress.apply([await ofStable()])
    await ingress.release(networkId)
  })

  test('the next port is taken where the first is not free, and kept', async () => {
    const { prefix, engine, address } = tools()
    const second = ingressOf({ ...tools(), prefix: `${prefix}-second` }, [httpPort, httpPort + 1])
    try {
      expect(await second.ensure()).toEqual({ port: httpPort + 1 })
      expect(await second.ensure()).toEqual({ port: httpPort + 1 })
      await second.apply([await ofOther({ host: 'x.test' })])
      expect((await ask({ address, port: httpPort + 1, host: 'x.test' })).body).toBe('other /')
    } finally {
      await second.remove()
    }
    expect(await engine.volumes.list({ filters: { label: [`io.escale.install=${prefix}-second`] } })).toEqual([])
  })
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function eventually(check: () => Promise<void>, withinMs = 20_000): Promise<void> {
  const untilMs = Date.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > untilMs) throw error
    }
    await pause(200)
  }
}

/** Sends a line and answers what came back until the other side closes or says something. */
function talk(address: string, port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: 5000 }, () => socket.write(line))
    socket.once('data', (data) => {
      resolve(data.toString('utf8'))
      socket.destroy()
    })
    socket.on('close', () => resolve(''))
    socket.on('timeout', () => socket.destroy(new Error('no answer in time')))
    socket.on('error', (error) => ('code' in error && error.code === 'ECONNRESET' ? resolve('') : reject(error)))
  })
}

function echo(address: string, port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: address, port, headers: { connection: 'Upgrade', upgrade: 'echo' }, timeout: 5000 })
    sent.on('upgrade', (_response, socket) => {
      socket.write(text)
      socket.once('data', (data: Buffer) => {
        resolve(data.toString('utf8'))
        socket.destroy()
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
