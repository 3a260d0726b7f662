import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectEngine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { parseEndpoint } from '../../../lib/targets/docker/engine/endpoint.ts'
import { engineAvailability } from '../../support/lab/availability.ts'
import { loadImages, startCluster } from '../../support/lab/start.ts'
import type { Cluster } from '../../support/lab/start.ts'
import { app, createDriver, web } from './driver.ts'
import type { Driver } from './driver.ts'

const possible = await engineAvailability()
const missing = 'reason' in possible ? possible.reason : undefined

describe.skipIf(missing !== undefined && process.env['CI'] === undefined)('an app on several machines', () => {
  let cluster: Cluster
  let engines: readonly Engine[] = []
  let driver: Driver
  const manager = (): Engine => {
    const [first] = engines
    if (first === undefined) throw new Error('no engine')
    return first
  }

  beforeAll(async () => {
    cluster = await startCluster({ name: `docker-${process.pid}`, nodes: 2, managers: 1 })
    await Promise.all(cluster.nodes.map((node) => loadImages(node, ['busybox'])))
    engines = await Promise.all(cluster.nodes.map((node) => connectEngine(parseEndpoint(node.socketPath))))
    const ids = await Promise.all(engines.map(async (engine) => (await engine.system.info()).Swarm.NodeID))
    driver = await createDriver(manager(), 'cluster', 'app', (nodeId) => Promise.resolve(engines[ids.indexOf(nodeId)]))
  })

  afterAll(async () => {
    for (const engine of engines) engine.close()
    await cluster.stop()
  })

  it('has one instance per worker, and reads the logs and runs commands on any of them', async () => {
    await driver.apply(
      app([
        web(
          'agent',
          { command: ['sh', '-c', 'echo started; trap exit TERM; while :; do sleep 1 & wait; done'] },
          { mode: 'perNode' },
        ),
      ]),
    )
    const unit = await driver.ready('agent', 2)
    expect(new Set(unit.instances.map(({ node }) => node)).size).toBe(2)
    for (const { slot, node } of unit.instances) {
      const session = await driver.target.exec(
        driver.site,
        driver.key,
        { unit: 'agent', instance: slot ?? '', command: ['hostname'], tty: false },
        AbortSignal.timeout(20_000),
      )
      const output: string[] = []
      for await (const { data } of session.output) output.push(Buffer.from(data).toString())
      expect(output.join('')).toMatch(/^[0-9a-f]{12}\n$/)
      expect(await session.exitCode, node).toBe(0)
    }
    const lines: string[] = []
    for await (const { text } of driver.target.logs(driver.site, driver.key, {
      follow: false,
      signal: AbortSignal.timeout(20_000),
    }))
      lines.push(text)
    expect(lines).toEqual(['started', 'started'])
  })

  it('keeps data on one machine, and its instance with the data', async () => {
    const db = (text: string) =>
      app(
        [
          web(
            'db',
            {
              env: { TEXT: { kind: 'text', text } },
              mounts: [{ kind: 'volume', path: '/data', volume: 'data', readOnly: false, from: 'm' }],
            },
            { mode: 'stateful' },
          ),
        ],
        { volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }] },
      )
    const first = await driver.apply(db('one'))
    const { instances } = await driver.ready('db', 1)
    expect(await driver.differences(first.rendered)).toEqual([])
    const holder = instances[0]?.node
    const volume = first.rendered.resources.find(({ kind }) => kind === 'volume')
    const [node] = (await manager().nodes.list()).filter(
      ({ Spec }) => Spec.Labels[`io.escale.pin.${volume?.name}`] === 'true',
    )
    expect(node?.Description.Hostname).toBe(holder)
    await driver.apply(db('two'))
    const again = await driver.until('the new instance', ({ units }) =>
      units[0]?.instances.find(
        ({ wanted, state, nativeId }) => wanted && state === 'ready' && nativeId !== instances[0]?.nativeId,
      ),
    )
    expect(again.node).toBe(holder)
  })
})
