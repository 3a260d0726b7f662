/**
 * Proof by exhaustion on the memory target (DESIGN §5): the process dies after each native call in turn, or
 * loses that call's answer; whoever resumes must come to the world of the uninterrupted run (ruling D3).
 */
import type { Call, Faults } from '../../lib/targets/memory/faults.ts'
import { emptyWorld, type World } from '../../lib/targets/memory/world.ts'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'
import { addresses } from '../../lib/control/records.ts'
import { manualClock } from './clock.ts'
import { seededRandom } from './random.ts'
import { type TestPlatform, testPlatform } from './platform.ts'

export type Interruption = 'die' | 'loseAnswer'

/** Names of things that were asked for, each to be done and settled before the next. */
export type Script = readonly ((platform: TestPlatform) => Promise<void>)[]

/** The world without ids, times and what instances went through. */
export function canonical(world: World): unknown {
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
  }
}

export interface Outcome {
  readonly world: unknown
  readonly calls: number
  readonly platform: TestPlatform
}

/** Runs the script; at call number `at` it is interrupted as told. */
export async function runScript(script: Script, at?: number, how?: Interruption, faults: Faults = {}): Promise<Outcome> {
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
  let die: () => void = () => {}
  const death = new Promise<'died'>((resolve) => {
    die = () => resolve('died')
  })
  let done = false
  let died = false
  const interrupting: Faults = {
    ...faults,
    call: (call: Call) => {
      calls++
      if (!done && calls === at && how === 'loseAnswer') {
        done = true
        return { kind: 'loseAnswer' }
      }
      return faults.call?.(call)
    },
    after: async () => {
      if (done || calls !== at || how !== 'die') return
      done = true
      die()
      await new Promise(() => {})
    },
  }
  let platform = await testPlatform({ store, vault, clock, world, faults: interrupting })
  for (const act of script) {
    const acted = act(platform).then(() => 'done' as const)
    const result = died ? await acted : await Promise.race([acted, death])
    if (result === 'died') {
      // Another process takes over once the dead one's lease has run out.
      clock.advance(100_000)
      platform = await testPlatform({ store, vault, clock, world, faults: { ...interrupting, after: () => {} } })
      await platform.settle()
      died = true
    }
  }
  return { world: canonical(world), calls, platform }
}
