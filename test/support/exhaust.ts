/**
 * Proof by exhaustion on the memory target (DESIGN §5): the process dies after each native call or each
 * store write in turn, or loses that one's answer; whoever resumes must come to the world of the
 * uninterrupted run (ruling D3), with nothing in it that nobody answers for.
 */
import { EscaleError } from '../../lib/core/errors.ts'
import { appKeyText } from '../../lib/model/app.ts'
import type { Call, Faults } from '../../lib/targets/memory/faults.ts'
import { emptyWorld, type World } from '../../lib/targets/memory/world.ts'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import type { Store } from '../../lib/store/store.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'
import { findApp, findDeployment } from '../../lib/control/load.ts'
import { addresses } from '../../lib/control/records.ts'
import { manualClock } from './clock.ts'
import { seededRandom } from './random.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { key } from './specs.ts'

/** Where: at a call of the cluster, or at a write of the store. How: the process dies right after it, or is not told its answer. */
export interface Interruption {
  readonly where: 'cluster' | 'store'
  readonly how: 'die' | 'loseAnswer'
}

/** Something asked for, such that asking again does no harm. What follows from it is waited for before the next. */
export type Act = (platform: TestPlatform) => Promise<unknown>
export type Script = readonly Act[]

export interface Canonical {
  readonly objects: unknown
  readonly running: unknown
  readonly runs: readonly string[]
}

/** The world without ids, times and what instances went through. */
export function canonical(world: World): Canonical {
  const running = [...world.instances].map(([service, all]) => {
    const there = all.filter((instance) => instance.ended === undefined && instance.wanted)
    return [service, there.map((instance) => instance.template).sort()]
  })
  return {
    objects: [...world.objects.values()]
      .filter((object) => object.kind !== 'job')
      .map(({ kind, name, intent, owner }) => ({ kind, name, intent, owner }))
      .sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1)),
    running: running.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    // A job that ran twice would show.
    runs: [...world.runs.values()].map((run) => `${run.job} ${run.state} after ${run.attempts.length}`).sort(),
  }
}

/** Objects of the app that neither the identity map nor the record of a run answers for. */
export async function orphans(platform: TestPlatform): Promise<readonly string[]> {
  const { deps, cluster } = platform
  const identity = (await findApp(deps, key))?.value.identity ?? {}
  const partition = appKeyText(key)
  const open = await deps.store.list('openRun', partition)
  const ended = await deps.store.list('endedRun', partition)
  const runs = new Set([...open.items, ...ended.items].map((item) => item.id))
  return [...cluster.world.objects.values()]
    .filter((object) => object.owner.app === partition)
    .filter((object) =>
      object.kind === 'job' ? !runs.has(String(object.body['runId'])) : !(object.resource in identity),
    )
    .map((object) => `${object.kind}/${object.name}`)
}

export interface Outcome {
  readonly world: Canonical
  readonly orphans: readonly string[]
  /** Native calls, and writes of the store. */
  readonly calls: number
  readonly writes: number
  /** How the last deployment ended. */
  readonly state: string | undefined
  readonly platform: TestPlatform
}

const writing = new Set(['commit', 'setDue', 'claim', 'unclaim'])

/** Runs the script; at the call or write of number `at` it is interrupted as told. */
export async function runScript(
  script: Script,
  at?: number,
  interruption?: Interruption,
  faults: Faults = {},
): Promise<Outcome> {
  const clock = manualClock()
  const random = seededRandom('exhaust')
  const store = memoryStore({ clock, random })
  const vault = memoryVault({ clock, random })
  const world = emptyWorld()
  await store.commit([
    { put: addresses.cluster('local'), value: { name: 'local', kind: 'memory', createdAtMs: 0 }, unconditional: true },
    { put: addresses.project('default'), value: { name: 'default', createdAtMs: 0, grants: [] }, unconditional: true },
  ])
  let calls = 0
  let writes = 0
  let die: () => void = () => {}
  let death = new Promise<void>((resolve) => {
    die = resolve
  })
  let struck = false
  const strikes = (where: Interruption['where'], number: number, how: Interruption['how']): boolean => {
    if (struck || interruption?.where !== where || interruption.how !== how || number !== at) return false
    struck = true
    return true
  }
  const dead = async (): Promise<never> => {
    die()
    return await new Promise<never>(() => {})
  }
  const interrupting: Faults = {
    ...faults,
    call: (call: Call) => (strikes('cluster', ++calls, 'loseAnswer') ? { kind: 'loseAnswer' } : faults.call?.(call)),
    after: async () => {
      if (strikes('cluster', calls, 'die')) await dead()
    },
  }
  const around = new Proxy(store, {
    get(target, name: keyof Store) {
      if (!writing.has(name)) return target[name]
      return async (...args: unknown[]): Promise<unknown> => {
        const number = ++writes
        const answer: unknown = await (target[name] as (...all: unknown[]) => Promise<unknown>)(...args)
        if (strikes('store', number, 'die')) await dead()
        if (strikes('store', number, 'loseAnswer')) throw new EscaleError('store-unavailable', 'the answer was lost')
        return answer
      }
    },
  })
  let platform = await testPlatform({ store: around, vault, clock, world, faults: interrupting })
  for (const act of script) {
    if ((await Promise.race([perform(platform, act), death.then(() => 'died' as const)])) === 'rests') continue
    // Another process takes over once the dead one's lease has run out; who asked and got no answer asks again.
    clock.advance(100_000)
    platform = await testPlatform({ store, vault, clock, world, faults })
    await perform(platform, act)
    death = new Promise(() => {})
  }
  const app = (await findApp(platform.deps, key))?.value
  const last = app === undefined ? undefined : await findDeployment(platform.deps, key, app.lastDeploymentNumber)
  return {
    world: canonical(world),
    orphans: await orphans(platform),
    calls,
    writes,
    state: last?.value.state,
    platform,
  }
}

/** Asks until there is an answer, then ticks as the loop does until the app rests. */
async function perform(platform: TestPlatform, act: Act): Promise<'rests'> {
  while (!(await survives(() => act(platform)))) platform.clock.advance(100)
  for (let n = 0; n < 2_000; n++) {
    const alive = await survives(() => platform.step())
    if (!alive) platform.clock.advance(1_000)
    else if (await rests(platform)) return 'rests'
  }
  throw new Error('the app did not come to rest')
}

/** False where an answer of the store was lost: whoever called tries again. */
async function survives(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    if (error instanceof EscaleError && error.code === 'store-unavailable') return false
    throw error
  }
}

async function rests(platform: TestPlatform): Promise<boolean> {
  const app = (await findApp(platform.deps, key))?.value
  if (app?.active !== undefined) return false
  return (await platform.deps.store.list('openRun', appKeyText(key))).items.length === 0
}
