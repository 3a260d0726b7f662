/** Instances on another machine than the proxy's, of an app with nothing on this one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../lib/core/deps.ts'
import { systemClock } from '../../../lib/core/system.ts'
import { parseEndpoint } from '../../../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { createIngress } from '../../../lib/targets/docker/ingress/ingress.ts'
import type { Ingress } from '../../../lib/targets/docker/ingress/ingress.ts'
import { route } from '../../ingress/routes.ts'
import { engineAvailability } from '../../support/lab/availability.ts'
import { loadImages, startCluster } from '../../support/lab/start.ts'
import type { Cluster } from '../../support/lab/start.ts'
import { sendMany } from '../../support/load.ts'
import { backend, makeNetwork, startBackends } from './backends.ts'

const possible = await engineAvailability()

describe.skipIf(!possible.ok && process.env['CI'] === undefined)('ingress of several machines', () => {
  const httpPort = 18_080
  let cluster: Cluster
  let engine: Engine
  let ingress: Ingress

  beforeAll(async () => {
    cluster = await startCluster({ name: `ingress-${process.pid}`, nodes: 2 })
    const [first, second] = cluster.nodes
    if (first === undefined || second === undefined) throw new Error('the cluster has two nodes')
    await loadImages(first, ['haproxy', 'node'])
    await loadImages(second, ['node'])
    engine = await connectEngine(parseEndpoint(`unix://${first.socketPath}`))
    ingress = createIngress({
      site: { installId: 'machines', cluster: 'test' },
      engine: () => Promise.resolve(engine),
      image: 'escale.local/haproxy:2.6',
      httpPorts: [httpPort],
      address: first.address,
      clock: systemClock,
      log: silentLog,
    })
  }, 180_000)
  afterAll(async () => {
    engine.close()
    await cluster.stop()
  }, 60_000)

  it('reaches instances that run on another machine only, and those that come later', async () => {
    const [first] = cluster.nodes
    const networkId = await makeNetwork(engine, 'far')
    const far = await startBackends(engine, {
      name: 'far',
      label: 'far',
      networkId,
      constraints: ['node.hostname==n2'],
    })
    const routes = async () => [
      route({ networkId, backends: (await far.addresses()).map((address) => backend(address)) }),
    ]
    expect((await ingress.apply(await routes())).problems).toEqual([])
    const target = { address: first?.address ?? '', port: httpPort }
    expect((await sendMany(target, 10)).bodies).toEqual({ 'far /': 10 })
    await far.scale(4)
    const addresses = await far.addresses()
    expect(new Set(addresses).size).toBe(4)
    await ingress.apply(await routes())
    expect((await sendMany({ ...target, path: '/who' }, 40)).bodies).toEqual(
      Object.fromEntries(addresses.map((one) => [one, 10])),
    )
  })
})
