/** A platform for one scenario: on the simulated cluster, or on engines of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApi } from '../../lib/api/app.ts'
import { bindUseCases } from '../../lib/api/bind.ts'
import { issueToken } from '../../lib/control/access/tokens.ts'
import { systemActor } from '../../lib/control/actor.ts'
import { tick } from '../../lib/control/tick.ts'
import { parseAppKey } from '../../lib/model/app.ts'
import { startPlatform } from '../../bin/up.ts'
import { testPlatform } from '../support/platform.ts'
import { loadImages, startCluster, startEngine, withEngine } from '../support/lab/start.ts'
import { contextOver } from './context.ts'
import type { Scenario, ScenarioContext, TargetName } from './scenario.ts'

type Run = (context: ScenarioContext) => Promise<void>

export async function withPlatform(target: TargetName, scenario: Scenario, run: Run): Promise<void> {
  switch (target) {
    case 'memory':
      return await onMemory(run)
    case 'docker':
      return await onDocker(scenario, run)
    case 'ecs':
    case 'kubernetes':
      throw new Error(`no platform for ${target} yet`)
  }
}

/** Time is the test's own: waiting moves the clock, and whatever is due then is ticked. */
async function onMemory(run: Run): Promise<void> {
  const platform = await testPlatform({ domain: 'localhost' })
  const { deps, clock, cluster, store } = platform
  const { token } = await issueToken(deps, systemActor, { name: 'owner', grants: [{ role: 'owner', collection: '*' }] })
  const api = createApi({ deps, useCases: bindUseCases(deps), version: '0.0.0' })
  await run(
    contextOver({
      target: 'memory',
      url: 'http://api.test',
      token,
      fetch: async (input, init) => await api.fetch(new Request(input, init)),
      ingress: { address: '127.0.0.1', port: 80 },
      memory: cluster,
      clock,
      async pause(ms) {
        const untilMs = clock.nowMs() + ms
        while (clock.nowMs() < untilMs) {
          for (const item of await store.due(clock.nowMs(), 100))
            await tick(deps, parseAppKey(item.name.replace(/^app\//, '')))
          clock.advance(Math.min(50, untilMs - clock.nowMs()))
        }
      },
    }),
  )
}

let labs = 0

async function onDocker(scenario: Scenario, run: Run): Promise<void> {
  const name = `s${process.pid}-${++labs}`
  const cluster =
    (scenario.nodes ?? 1) > 1 ? await startCluster({ name, nodes: scenario.nodes!, heartbeatMs: 2000 }) : undefined
  const single = cluster === undefined ? await startEngine({ name, swarm: true }) : undefined
  const folder = await mkdtemp(join(tmpdir(), 'escale-scenario-'))
  const manager = single ?? cluster!.nodes[0]!
  try {
    for (const node of cluster?.nodes ?? [single!])
      await loadImages(node, [...(scenario.images ?? ['busybox']), 'haproxy'])
    const platform = await startPlatform({
      env: process.env,
      engine: `unix://${manager.socketPath}`,
      memory: false,
      port: 0,
      dataDir: folder,
      logLevel: 'error',
      httpPorts: [8080],
      address: manager.address,
    })
    try {
      await withEngine(manager, (engine) =>
        run(
          contextOver({
            target: 'docker',
            url: platform.server.url,
            dataDir: folder,
            token: platform.ownerToken!,
            ingress: { address: manager.address, port: 8080 },
            engine,
            hostAddress: (single ?? cluster!).hostAddress,
            ...(cluster === undefined ? {} : { cluster }),
            pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          }),
        ),
      )
    } finally {
      await platform.close()
    }
  } finally {
    await (single ?? cluster!).stop()
    await rm(folder, { recursive: true, force: true })
  }
}
