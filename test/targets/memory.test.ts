import { expect, it } from 'vitest'
import { MemoryCluster } from '../../lib/targets/memory/cluster.ts'
import { memoryTarget } from '../../lib/targets/memory/target.ts'
import { targetConformance } from '../conformance/target.ts'
import { manualClock } from '../support/clock.ts'
import { key } from '../support/specs.ts'

targetConformance('memory', async () => {
  const clock = manualClock()
  const cluster = new MemoryCluster({ clock, faults: { run: (job) => ({ exitCode: job === 'bad' ? 7 : 0 }) } })
  return {
    target: memoryTarget(cluster),
    site: { installId: 'test', cluster: 'local' },
    key,
    image: { reference: 'app:1' },
    commands: { stay: ['stay'], succeed: ['succeed'], fail: ['fail'], hello: ['echo', 'hello'] },
    pause: async () => clock.advance(100),
    scaleByHand: async ({ name }, count) => {
      const object = cluster.world.objects.get(`service/${name}`)!
      object.body = { ...object.body, replicas: count }
    },
    dispose: async () => {},
  }
})

it('the memory target tells of an app whose instances changed', async () => {
  const clock = manualClock()
  const cluster = new MemoryCluster({ clock })
  const ending = new AbortController()
  const told: unknown[] = []
  const site = { installId: 'test', cluster: 'local' }
  const watching = memoryTarget(cluster).watch(
    site,
    (changed) => {
      told.push(changed)
      ending.abort()
    },
    ending.signal,
  )
  const body = {
    replicas: 1,
    update: { strategy: 'rolling', maxSurge: 1, maxUnavailable: 0, settleMs: 0 },
    template: {},
  }
  const owner = { installId: 'test', app: 'default/shop/default' }
  await cluster.put(
    'create',
    { kind: 'service', name: 'web', owner, resource: 'service/web', body, intent: 'a' },
    ending.signal,
  )
  await watching
  expect(told).toEqual([key])
})
