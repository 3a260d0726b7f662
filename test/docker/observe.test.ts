import { describe, expect, it } from 'vitest'
import { detectIpvs } from '../../lib/targets/docker/capabilities.ts'
import type { ServiceSpec, Task, UpdateState } from '../../lib/targets/docker/engine/types/service.ts'
import { chooseNode } from '../../lib/targets/docker/pins.ts'
import { compare } from '../../lib/targets/docker/normalise.ts'
import { merge } from '../../lib/targets/docker/merge.ts'
import { instanceState, isWanted, observedInstance } from '../../lib/targets/docker/observe/tasks.ts'
import { observedRun } from '../../lib/targets/docker/observe/runs.ts'
import { observedRollout } from '../../lib/targets/docker/rollout.ts'
import { gzipSync } from 'node:zlib'
import type { JsonObject } from '../../lib/core/hash.ts'
import type { Resource } from '../../lib/model/resource.ts'
import { node, swarmService, swarmTask } from './support.ts'

describe('tasks as instances', () => {
  it.each([
    ['pending', 'running', 'pending', true],
    ['preparing', 'running', 'pending', true],
    ['starting', 'running', 'starting', true],
    ['running', 'running', 'ready', true],
    ['running', 'shutdown', 'stopping', false],
    ['starting', 'shutdown', 'stopping', false],
    ['shutdown', 'shutdown', 'completed', false],
    ['complete', 'complete', 'completed', false],
    ['failed', 'shutdown', 'failed', false],
    ['rejected', 'shutdown', 'failed', false],
    ['ready', 'ready', 'pending', true],
    ['orphaned', 'shutdown', 'failed', false],
    ['running', 'remove', 'stopping', false],
  ] as const)('%s that should be %s is %s', (state, desired, expected, wanted) => {
    const task = swarmTask('t', state, { DesiredState: desired })
    expect([instanceState(task), isWanted(task)]).toEqual([expected, wanted])
  })

  const names = {
    unit: 'web',
    nameOf: (task: Task) => `web-${task.Slot}`,
    nodeName: () => 'host',
    networkName: (id: string) => (id === 'n' ? 'front' : undefined),
    outOfMemory: (id: string) => id === 'oom',
  } as const

  it('have the name of their slot, their addresses and the ports of their machine', () => {
    const task = swarmTask('t', 'running', {
      Slot: 3,
      NetworksAttachments: [
        { Network: { ID: 'n' }, Addresses: ['10.0.0.5/24'] },
        { Network: { ID: 'other' }, Addresses: ['10.1.0.5/24'] },
      ],
      Status: {
        PortStatus: { Ports: [{ TargetPort: 80, PublishedPort: 30_000, Protocol: 'tcp', PublishMode: 'host' }] },
      },
    })
    expect(observedInstance(task, names)).toMatchObject({
      slot: 'web-3',
      node: 'host',
      addresses: { front: '10.0.0.5' },
      hostPorts: [{ port: 80, protocol: 'tcp', hostPort: 30_000 }],
    })
  })

  it('tell of memory only where the engine does', () => {
    const killed = (id: string): Task =>
      swarmTask('t', 'failed', {
        DesiredState: 'shutdown',
        Status: { Err: 'task: non-zero exit (137)', ContainerStatus: { ContainerID: id, PID: 0, ExitCode: 137 } },
      })
    expect(observedInstance(killed('oom'), names).reason).toMatch(/out of memory/)
    expect(observedInstance(killed('other'), names)).toMatchObject({
      reason: 'task: non-zero exit (137)',
      exitCode: 137,
    })
  })
})

describe('runs', () => {
  const spec = (retries: number, completions = 1): Partial<ServiceSpec> => ({
    Labels: { 'io.escale.run': 'r', 'io.escale.job': 'j', 'io.escale.retries': String(retries) },
    Mode: { ReplicatedJob: { TotalCompletions: completions } },
  })
  const run = (retries: number, tasks: readonly Task[], completions = 1) =>
    observedRun({ service: swarmService('s', spec(retries, completions)), tasks, nowMs: 2_000_000_000_000 })
  const failed = (id: string, slot = 0): Task =>
    swarmTask(id, 'failed', {
      Slot: slot,
      Status: { Err: 'task: non-zero exit (2)', ContainerStatus: { ContainerID: id, PID: 0, ExitCode: 2 } },
    })
  const done = (id: string, slot = 0): Task =>
    swarmTask(id, 'complete', { Slot: slot, Status: { ContainerStatus: { ContainerID: id, PID: 0, ExitCode: 0 } } })

  it('wait before anything has started', () => {
    expect(run(0, []).state).toBe('pending')
    expect(run(0, [swarmTask('a', 'pending', { Status: { Err: 'no suitable node' } })])).toMatchObject({
      state: 'pending',
      reason: 'no suitable node',
    })
  })

  it('fail once an attempt more than allowed has failed, and not before', () => {
    expect(run(1, [failed('a')]).state).toBe('running')
    expect(run(1, [failed('a'), failed('b')])).toMatchObject({
      state: 'failed',
      failed: 2,
      exitCode: 2,
      reason: 'task: non-zero exit (2)',
    })
  })

  it('count attempts for each completion', () => {
    expect(run(1, [failed('a', 0), failed('b', 1), done('c', 2)], 3).state).toBe('running')
    expect(run(1, [failed('a', 0), done('b', 0), failed('c', 1), done('d', 1)], 2)).toMatchObject({
      state: 'succeeded',
      succeeded: 2,
      failed: 2,
      exitCode: 0,
    })
  })
})

describe('rollouts', () => {
  const rollout = (State: UpdateState | undefined, settled = false) =>
    observedRollout(swarmService('s', {}, State === undefined ? {} : { UpdateStatus: { State, Message: 'why' } }), {
      settled,
    })

  it.each([
    ['updating', false, 'inProgress'],
    ['updating', true, 'completed'],
    ['completed', true, 'completed'],
    ['paused', false, 'stopped'],
    ['rollback_completed', true, 'stopped'],
  ] as const)('that are %s (all there: %s) are %s', (state, settled, expected) => {
    expect(rollout(state, settled)).toMatchObject({ state: expected, reason: 'why' })
  })

  it('are none before the engine has begun one', () => {
    expect(rollout(undefined)).toBeUndefined()
  })
})

describe('comparing bodies', () => {
  const resource = (body: JsonObject): Resource => ({
    id: 'service/a',
    kind: 'service',
    name: 'a',
    body,
    intent: 'i',
    needs: [],
    causes: { TaskTemplate: 'services.a' },
    holdsData: false,
  })
  const differences = (sent: JsonObject, actual: JsonObject) =>
    compare(resource(sent), actual, { ignores: () => false, change: () => 'restart' }).map(({ path }) => path)
  const container = (spec: JsonObject): JsonObject => ({ TaskTemplate: { ContainerSpec: spec } })

  it('overlooks what the engine adds, drops and reorders', () => {
    expect(
      differences(
        container({ Env: ['A=1', 'B=2'], Init: false, Mounts: [], Groups: [] }),
        container({ Env: ['B=2', 'A=1'], Isolation: 'default' }),
      ),
    ).toEqual([])
    expect(
      differences({ TaskTemplate: { Resources: {} } }, { TaskTemplate: { ForceUpdate: 0, Runtime: 'container' } }),
    ).toEqual([])
  })

  it('sees what changed, was taken away or put in', () => {
    expect(differences(container({ Env: ['A=1'] }), container({ Env: ['A=2'] }))).toEqual([
      'TaskTemplate.ContainerSpec.Env',
    ])
    expect(differences(container({ Init: true }), container({}))).toEqual(['TaskTemplate.ContainerSpec.Init'])
    expect(differences({ Labels: { a: '1' } }, { Labels: { a: '1', b: '2' } })).toEqual(['Labels.b'])
    const mount = (target: string): JsonObject => ({ Type: 'tmpfs', Target: target })
    expect(
      differences(container({ Mounts: [mount('/a')] }), container({ Mounts: [mount('/a'), mount('/b')] })),
    ).toEqual(['TaskTemplate.ContainerSpec.Mounts./b'])
  })
})

describe('finding out whether the kernel balances', () => {
  const files = (known: Readonly<Record<string, Uint8Array>>) => (path: string) => Promise.resolve(known[path])
  const text = (content: string): Uint8Array => Buffer.from(content)

  it.each([
    ['its file is there', { '/proc/net/ip_vs': text('') }, true],
    ['its configuration has it as a module', { '/proc/config.gz': gzipSync('CONFIG_IP_VS=m\n') }, true],
    [
      'its configuration lacks it',
      {
        '/proc/config.gz': gzipSync('# CONFIG_IP_VS is not set\nCONFIG_IP_VS_RR=y\n'),
        '/lib/modules/6.1/modules.dep': text('kernel/ip_vs.ko:'),
      },
      false,
    ],
    ['a boot configuration has it', { '/boot/config-6.1': text('A=y\nCONFIG_IP_VS=y\n') }, true],
    [
      'a module of it exists',
      { '/lib/modules/6.1/modules.dep': text('kernel/net/netfilter/ipvs/ip_vs.ko.xz: kernel/a.ko\n') },
      true,
    ],
    ['nothing is known', {}, false],
  ])('%s', async (_name, known, expected) => {
    expect(await detectIpvs(files(known), '6.1')).toBe(expected)
  })
})

describe('the node of a volume', () => {
  it('is the one that has it, whatever its state, else the one with its companions, else the emptiest', () => {
    const nodes = [
      node('a', { labels: { 'io.escale.pin.x': 'true' } }),
      node('b', { labels: { 'io.escale.pin.y': 'true', 'io.escale.pin.z': 'true' }, drained: true }),
      node('c', { down: true }),
      node('d'),
    ]
    expect(chooseNode(nodes, 'y', [])?.ID).toBe('b')
    expect(chooseNode(nodes, 'new', ['x'])?.ID).toBe('a')
    expect(chooseNode(nodes, 'new', [])?.ID).toBe('d')
    expect(chooseNode([node('c', { down: true })], 'new', [])).toBeUndefined()
  })
})

describe('several streams as one', () => {
  async function* stream(...values: number[]): AsyncGenerator<number> {
    yield* values
  }

  it('are in order of time when they end, and complete when they are followed', async () => {
    const gather = async (follow: boolean): Promise<number[]> => {
      const all: number[] = []
      for await (const value of merge([stream(1, 4), stream(2, 3), stream()], follow, (value) => value)) all.push(value)
      return all
    }
    expect(await gather(false)).toEqual([1, 2, 3, 4])
    expect((await gather(true)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  })
})
