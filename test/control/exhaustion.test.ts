import { describe, expect, it } from 'vitest'
import {
  approveDeployment,
  cancelDeployment,
  removeApp,
  restartApp,
  rollbackApp,
  scaleApp,
  startApp,
  stopApp,
} from '../../lib/control/actions.ts'
import { pendingRuntime } from '../../lib/control/begin.ts'
import { findApp, findDeployment } from '../../lib/control/load.ts'
import { listRuns } from '../../lib/control/queries.ts'
import type { DeploymentRecord } from '../../lib/control/records.ts'
import { startRun } from '../../lib/control/runs.ts'
import type { AppSpec } from '../../lib/model/unit.ts'
import type { Faults } from '../../lib/targets/memory/faults.ts'
import { type Act, type Interruption, runScript, type Script } from '../support/exhaust.ts'
import type { TestPlatform } from '../support/platform.ts'
import { container, job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const scale = (count: number) => ({ min: count, max: count, schedule: {} })
const image = (reference: string) => ({ main: container({ image: { reference } }) })
const data = [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }] as const

interface Apps {
  readonly first: AppSpec
  readonly second: AppSpec
}

const large: Apps = {
  first: spec(
    [
      service('web', { scale: scale(2), dependsOn: { api: 'healthy' } }),
      service('api', { dependsOn: { db: 'healthy', migrate: 'completed' } }),
      service('db', { mode: 'stateful', scale: scale(2) }),
      job('migrate', { dependsOn: { db: 'healthy' } }),
    ],
    { volumes: data },
  ),
  second: spec(
    [
      service('web', { scale: scale(3), ...image('app:2') }),
      service('db', { mode: 'stateful', scale: scale(2) }),
      service('extra'),
    ],
    { volumes: data },
  ),
}
/** The store is written to much more often than the cluster: less of the same is interrupted there. */
const small: Apps = {
  first: spec(
    [service('web', { dependsOn: { api: 'healthy', migrate: 'completed' } }), service('api'), job('migrate')],
    { volumes: data },
  ),
  second: spec([service('web', image('app:2')), service('extra')], { volumes: data }),
}

/** The same asked for again is the same deployment (ruling D18). */
const deploy =
  (app: AppSpec, name: string): Act =>
  (platform) =>
    platform.deploy(app, { idempotencyKey: name })

const active = async ({ deps }: TestPlatform): Promise<DeploymentRecord | undefined> => {
  const app = (await findApp(deps, key))?.value
  return app?.active === undefined ? undefined : (await findDeployment(deps, key, app.active))?.value
}

/** By hand nothing derives an id: whoever asks again looks first whether it is on record. */
const unless =
  (isThere: (platform: TestPlatform) => Promise<boolean>, act: Act): Act =>
  async (platform) => {
    if (!(await isThere(platform))) await act(platform)
  }

const restart = unless(
  async ({ deps }) => (await pendingRuntime(deps, (await findApp(deps, key))!.value)).restarts['web'] === 1,
  ({ deps }) => restartApp(deps, actor, key, { services: ['web'] }),
)
const rollback = unless(
  async ({ deps }) => ((await findApp(deps, key))?.value.lastDeploymentNumber ?? 0) > 2,
  ({ deps }) => rollbackApp(deps, actor, key, {}),
)
const run = unless(
  async ({ deps }) => (await listRuns(deps, key, 'migrate', {})).items.length > 1,
  ({ deps }) => startRun(deps, actor, key, 'migrate', {}),
)

interface Case {
  readonly script: Script
  readonly faults?: Faults
  readonly state: string
}

const bad = (fault: object): Faults => ({
  instance: (_unit, body) => (JSON.stringify(body).includes('app:2') ? fault : undefined),
})
function casesOf({ first, second }: Apps): Readonly<Record<string, Case>> {
  const begun = [deploy(first, 'first')]
  const cancel: Act = async (platform) => {
    await deploy(second, 'second')(platform)
    await platform.step()
    const now = await active(platform)
    if (now !== undefined && now.cancel === undefined)
      await cancelDeployment(platform.deps, actor, key, now.id, { leave: false })
  }
  const overtake: Act = async (platform) => {
    await deploy(first, 'overtaken')(platform)
    await platform.step()
    await deploy(second, 'second')(platform)
  }
  const approve: Act = async (platform) => {
    await deploy({ ...first, approval: 'required' }, 'first')(platform)
    for (let n = 0; n < 200; n++) {
      const now = await active(platform)
      if (now === undefined) return
      if (now.state === 'waiting') await approveDeployment(platform.deps, actor, key, now.id)
      else await platform.step()
    }
  }
  return {
    'a first deployment': { script: begun, state: 'succeeded' },
    'an update that adds, changes and prunes': { script: [...begun, deploy(second, 'second')], state: 'succeeded' },
    'a rollback by hand': { script: [...begun, deploy(second, 'second'), rollback], state: 'succeeded' },
    'an automatic rollback': {
      script: [...begun, deploy(second, 'second')],
      faults: bad({ exitAfterMs: 50, exitCode: 3 }),
      state: 'failed',
    },
    'a first deployment that fails': {
      script: [deploy(second, 'second')],
      faults: bad({ exitAfterMs: 50, exitCode: 3 }),
      state: 'failed',
    },
    'a cancelled update': { script: [...begun, cancel], faults: bad({ neverReady: true }), state: 'cancelled' },
    'an update that overtakes another': { script: [...begun, overtake], state: 'succeeded' },
    'an approved deployment': { script: [approve], state: 'succeeded' },
    scaling: {
      script: [
        ...begun,
        ({ deps }) => scaleApp(deps, actor, key, { web: 4 }),
        ({ deps }) => scaleApp(deps, actor, key, { web: 1 }),
      ],
      state: 'succeeded',
    },
    restarting: { script: [...begun, restart], state: 'succeeded' },
    'stopping and starting': {
      script: [...begun, ({ deps }) => stopApp(deps, actor, key, {}), ({ deps }) => startApp(deps, actor, key, {})],
      state: 'succeeded',
    },
    'a removal': {
      script: [...begun, ({ deps }) => removeApp(deps, actor, key, { deleteVolumes: [] })],
      state: 'succeeded',
    },
    'a removal with its data': {
      script: [
        ...begun,
        unless(
          async ({ deps }) => !('volume/data' in ((await findApp(deps, key))?.value.identity ?? {})),
          ({ deps }) => removeApp(deps, actor, key, { deleteVolumes: ['data'] }),
        ),
      ],
      state: 'succeeded',
    },
    'a run by hand': { script: [...begun, run], state: 'succeeded' },
    'a verification that fails': {
      script: [
        ...begun,
        deploy(
          spec(
            [
              service('web', { ...image('app:2'), update: { ...service('web').update, verify: 'smoke' } }),
              job('smoke'),
            ],
            { volumes: data },
          ),
          'second',
        ),
      ],
      faults: { run: (name) => (name === 'smoke' ? { exitCode: 1 } : undefined) },
      state: 'failed',
    },
  }
}

const ways: readonly {
  readonly apps: Apps
  readonly where: Interruption['where']
  readonly how: Interruption['how']
}[] = [
  { apps: large, where: 'cluster', how: 'die' },
  { apps: large, where: 'cluster', how: 'loseAnswer' },
  { apps: small, where: 'store', how: 'die' },
  { apps: small, where: 'store', how: 'loseAnswer' },
]

describe.each(ways)('interrupted at the $where ($how)', ({ apps, where, how }) => {
  it.each(Object.entries(casesOf(apps)))('%s ends in the same world', async (_name, { script, faults, state }) => {
    const whole = await runScript(script, undefined, undefined, faults)
    expect(whole.state).toBe(state)
    expect(whole.orphans).toEqual([])
    const before = await runScript(script.slice(0, -1), undefined, undefined, faults)
    const [from, to] = where === 'cluster' ? [before.calls, whole.calls] : [before.writes, whole.writes]
    expect(to).toBeGreaterThan(from)
    for (let at = from + 1; at <= to; at++) {
      const cut = await runScript(script, at, { where, how }, faults)
      const seen = { world: cut.world, orphans: cut.orphans, state: cut.state }
      expect(seen, `${where} ${at} of ${from + 1} … ${to}`).toEqual({ world: whole.world, orphans: [], state })
    }
  })
})

it.each(['an automatic rollback', 'a cancelled update', 'a verification that fails'])(
  '%s goes back to the world before',
  async (name) => {
    const { script, faults } = casesOf(large)[name]!
    const before = await runScript(script.slice(0, -1))
    const { world } = await runScript(script, undefined, undefined, faults)
    // What ran has run; all else is as before.
    expect({ ...world, runs: [] }).toEqual({ ...before.world, runs: [] })
  },
)
