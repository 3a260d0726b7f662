/**
 * Proof by exhaustion on the real engine (DESIGN §5): the platform's process is killed right after a native
 * call took effect, before that is on record. Whoever starts over the same data must come to the world of
 * the uninterrupted run (ruling D3), with nothing in it that nobody answers for (ruling D6).
 *
 * `ESCALE_EXHAUST=all` (`npm run exhaust`) does it at every call, otherwise at the first and last of each kind.
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
import { unanswered, worldOf } from './world.ts'

const everyCall = process.env['ESCALE_EXHAUST'] === 'all'
const timeout = everyCall ? 1_800_000 : 400_000

interface ActOutcome {
  readonly act: string
  readonly strikeAt: NativeCall | null
  readonly calls: readonly NativeCall[]
  /** What must be the same as in the uninterrupted run. */
  readonly end: unknown
}

/** The whole script on a fresh platform; in each act it dies at the call told, if one is. */
async function perform(
  { engine, socketPath, address, prefix }: EngineTools,
  app: MortalApp,
  strikes: readonly (NativeCall | null)[],
): Promise<readonly ActOutcome[]> {
  // The same on every run, for names are made of it.
  const installId = `${prefix}x`.slice(0, 10)
  const dataDir = await mkdtemp(join(tmpdir(), 'escale-exhaust-'))
  const key = { project: 'default', app: app.name, environment: 'default' }
  const platform = new MortalPlatform({ dataDir, cacheDir: cacheRoot(process.env), socketPath, address }, key)
  try {
    await platform.prepare(installId)
    const outcomes: ActOutcome[] = []
    for (const [at, act] of app.acts.entries()) {
      const strikeAt = strikes[at] ?? null
      const { state, calls, died } = await platform.act(act, strikeAt)
      const end = {
        state,
        died: died === (strikeAt !== null),
        world: await worldAtRest(engine, installId),
        unanswered: await unanswered(engine, installId, await platform.identity()),
      }
      outcomes.push({ act: act.name, strikeAt, calls, end })
    }
    return outcomes
  } finally {
    await platform.end()
    await removeMarked(engine, installId)
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Instances that were replaced end a little later than the deployment; the world is what two looks agree on. */
async function worldAtRest(engine: Engine, installId: string): Promise<unknown> {
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

/** Of each kind the first and the last, or all. */
function chosen(calls: readonly NativeCall[]): readonly NativeCall[] {
  if (everyCall) return calls
  const lasts = new Map(calls.map((call) => [call.kind, call]))
  return calls.filter((call) => call.nth === 1 || lasts.get(call.kind) === call)
}

async function exhaust(tools: EngineTools, app: MortalApp): Promise<void> {
  const uninterrupted = await perform(tools, app, [])
  for (const { end } of uninterrupted) expect(end).toMatchObject({ state: 'succeeded', unanswered: [], died: true })
  const points = uninterrupted.map(({ calls }) => chosen(calls))
  const runs = Math.max(...points.map(({ length }) => length))
  let deaths = 0
  for (let run = 0; run < runs; run += 1) {
    const outcomes = await perform(
      tools,
      app,
      points.map((calls) => calls[run] ?? null),
    )
    if (process.env['XDEBUG'])
      console.log(new Date().toISOString(), run, JSON.stringify(outcomes.map((o) => [o.strikeAt, o.calls.length])))
    for (const [at, { act, strikeAt, end }] of outcomes.entries()) {
      const where = `${app.name}: ${act} killed after ${strikeAt === null ? 'nothing' : `${strikeAt.kind} ${strikeAt.nth}`}`
      expect.soft(end, where).toEqual(uninterrupted[at]?.end)
      if (strikeAt !== null) deaths += 1
    }
  }
  const calls = uninterrupted.map(({ act, calls: made }) => `${act} ${made.length}`).join(', ')
  const kinds = new Set(points.flat().map(({ kind }) => kind))
  console.log(`${app.name}: ${calls} calls of ${kinds.size} kinds; ${deaths} deaths in ${runs} runs`)
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
