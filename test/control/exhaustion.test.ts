import { describe, expect, it } from 'vitest'
import { removeApp, rollbackApp } from '../../lib/control/actions.ts'
import type { Interruption, Script } from '../support/exhaust.ts'
import { runScript } from '../support/exhaust.ts'
import { container, job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const scale = (count: number) => ({ min: count, max: count, schedule: {} })
const first = spec([
  service('web', { scale: scale(2), dependsOn: { api: 'healthy' } }),
  service('api', { dependsOn: { db: 'healthy', migrate: 'completed' } }),
  service('db', { mode: 'stateful', scale: scale(2) }),
  job('migrate', { dependsOn: { db: 'healthy' } }),
], { volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }] })
const second = spec([
  service('web', { scale: scale(3), main: container({ image: { reference: 'app:2' } }) }),
  service('db', { mode: 'stateful', scale: scale(2) }),
  service('extra'),
], { volumes: first.volumes })

const scripts: Record<string, Script> = {
  'a first deployment': [async (platform) => void (await platform.settle(await platform.deploy(first)))],
  'an update that adds, changes and prunes': [
    async (platform) => void (await platform.settle(await platform.deploy(first))),
    async (platform) => void (await platform.settle(await platform.deploy(second))),
  ],
  'a rollback by hand': [
    async (platform) => void (await platform.settle(await platform.deploy(first))),
    async (platform) => void (await platform.settle(await platform.deploy(second))),
    async (platform) => void (await platform.settle(await rollbackApp(platform.deps, actor, key, {}))),
  ],
  'a removal': [
    async (platform) => void (await platform.settle(await platform.deploy(first))),
    async (platform) => void (await platform.settle(await removeApp(platform.deps, actor, key, { deleteVolumes: [] }))),
  ],
}

describe.each(Object.entries(scripts))('%s', (_name, script) => {
  it.each<Interruption>(['die', 'loseAnswer'])('ends in the same world wherever it is interrupted (%s)', async (how) => {
    const whole = await runScript(script)
    expect(whole.calls).toBeGreaterThan(0)
    for (let at = 1; at <= whole.calls; at++) {
      const cut = await runScript(script, at, how)
      expect(cut.world, `call ${at} of ${whole.calls}`).toEqual(whole.world)
    }
  })
})

describe('an automatic rollback', () => {
  const faults = { instance: (_unit: string, body: unknown) => (JSON.stringify(body).includes('app:2') ? { exitAfterMs: 50, exitCode: 3 } : undefined) }
  const script = scripts['an update that adds, changes and prunes']!

  it.each<Interruption>(['die', 'loseAnswer'])('ends in the world before, wherever it is interrupted (%s)', async (how) => {
    const before = await runScript(scripts['a first deployment']!)
    const whole = await runScript(script, undefined, undefined, faults)
    expect(whole.world).toEqual(before.world)
    for (let at = before.calls + 1; at <= whole.calls; at++) {
      const cut = await runScript(script, at, how, faults)
      expect(cut.world, `call ${at} of ${whole.calls}`).toEqual(before.world)
    }
  })
})
