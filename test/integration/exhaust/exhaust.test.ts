/**
 * Proof by exhaustion on the real engine (DESIGN §5): the platform's process is killed right after a native
 * call took effect, before that is on record. Whoever starts over the same data must come to the world of
 * the uninterrupted run (ruling D3), with nothing in it that nobody answers for (ruling D6).
 *
 * `ESCALE_EXHAUST=all` (`npm run exhaust`) does it at every call, each in a run of its own; otherwise one run
 * dies after the first and the last of each kind, one after the other.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { removeMarked } from '../../../bin/demo/sweep.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import { cacheRoot } from '../../support/lab/places.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import type { EngineTools } from '../../support/lab/shared.ts'
import { dockercoins, everyKind } from './apps.ts'
import type { MortalApp } from './apps.ts'
import type { NativeCall } from './child.ts'
import { MortalPlatform } from './platform.ts'
import { unanswered, type World, worldOf } from './world.ts'

const everyCall = process.env['ESCALE_EXHAUST'] === 'all'
const timeout = everyCall ? 1_800_000 : 400_000

interface ActOutcome {
  readonly act: string
  readonly calls: readonly NativeCall[]
  readonly diedAfter: readonly NativeCall[]
  /** What must be the same as in the uninterrupted run. */
  readonly end: { readonly state: string; readonly world: World; readonly unanswered: readonly string[] }
}

/** The whole script on a fresh platform; in each act it dies after each of the calls told. */
async function perform(
  { engine, socketPath, address, prefix }: EngineTools,
  app: MortalApp,
  deaths: readonly (readonly NativeCall[])[],
): Promise<readonly ActOutcome[]> {
  // The same on every run, for names are made of it.
  const installId = `${prefix}x`.slice(0, 10)
  const dataDir = await mkdtemp(join(tmpdir(), 'escale-exhaust-'))
  const key = { project: 'default', app: app.name, environment: 'default' }
  const platform = new MortalPlatform({ dataDir, cacheDir: cacheRoot(process.env), socketPath, address }, key, {
    oneByOne: !everyCall,
  })
  try {
    await platform.prepare(installId)
    const outcomes: ActOutcome[] = []
    for (const [at, act] of app.acts.entries()) {
      const { state, calls, diedAfter } = await platform.act(act, deaths[at] ?? [])
      const end = {
        state,
        world: await worldAtRest(engine, installId),
        unanswered: await unanswered(engine, installId, await platform.identity()),
      }
      outcomes.push({ act: act.name, calls, diedAfter, end })
    }
    return outcomes
  } finally {
    await platform.end()
    await removeMarked(engine, installId)
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Instances that were replaced end a little later than the deployment; the world is what two looks agree on. */
async function worldAtRest(engine: Engine, installId: string): Promise<World> {
  const untilMs = Date.now() + 15_000
  let last = JSON.stringify(await worldOf(engine, installId))
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    const world = await worldOf(engine, installId)
    const now = JSON.stringify(world)
    if ((now === last && world.strays.length === 0) || Date.now() > untilMs) return world
    last = now
  }
}

/** What a call does and to which kind, without the name. */
const kindOf = (call: NativeCall): string => call.split(' ', 2).join(' ')

function firstAndLast(calls: readonly NativeCall[]): readonly NativeCall[] {
  const kinds = calls.map(kindOf)
  return calls.filter((call, at) => kinds.indexOf(kindOf(call)) === at || kinds.lastIndexOf(kindOf(call)) === at)
}

/** For each run, the calls to die after in each act: one death in each act, or all of them in one run. */
function runsOver(acts: readonly (readonly NativeCall[])[]): readonly (readonly (readonly NativeCall[])[])[] {
  if (!everyCall) return [acts.map(firstAndLast)]
  const runs = Math.max(...acts.map(({ length }) => length))
  return Array.from({ length: runs }, (_, run) => acts.map((calls) => calls.slice(run, run + 1)))
}

async function exhaust(tools: EngineTools, app: MortalApp): Promise<void> {
  const uninterrupted = await perform(tools, app, [])
  for (const { act, end } of uninterrupted)
    expect({ ...end, world: null }, `${app.name}: ${act}`).toEqual({ state: 'succeeded', world: null, unanswered: [] })
  const runs = runsOver(uninterrupted.map(({ calls }) => calls))
  let deaths = 0
  for (const planned of runs) {
    for (const [at, { act, diedAfter, end }] of (await perform(tools, app, planned)).entries()) {
      const where = `${app.name}: ${act}, killed after ${diedAfter.join(', ') || 'nothing'}`
      expect.soft([...diedAfter].sort(), where).toEqual([...(planned[at] ?? [])].sort())
      expect.soft(end, where).toEqual(uninterrupted[at]?.end)
      deaths += diedAfter.length
    }
  }
  const calls = uninterrupted.map(({ act, calls: made }) => `${act} ${made.length}`).join(', ')
  const kinds = new Set(uninterrupted.flatMap(({ calls: made }) => made.map(kindOf)))
  console.log(`${app.name}: calls: ${calls}, of ${kinds.size} kinds; ${deaths} deaths in ${runs.length} runs`)
}

describeWithEngine(
  'a platform killed after a native call',
  { images: ['busybox', 'node', 'redis', 'haproxy'] },
  (tools) => {
    it('comes to the same world with every kind of object', { timeout }, async () => {
      await exhaust(tools(), everyKind())
    })

    it('comes to the same world with DockerCoins', { timeout }, async () => {
      await exhaust(tools(), await dockercoins(tools().engine))
    })
  },
)
