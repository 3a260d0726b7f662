import { describe, expect, it } from 'vitest'
import { startApp, stopApp } from '../../lib/control/actions.ts'
import { listRuns } from '../../lib/control/queries.ts'
import type { RunRecord } from '../../lib/control/records.ts'
import { cancelRun, startRun } from '../../lib/control/runs.ts'
import { tick } from '../../lib/control/tick.ts'
import type { JobUnit } from '../../lib/model/unit.ts'
import type { Faults } from '../../lib/targets/memory/faults.ts'
import { eventsOf, objectsOf } from '../support/look.ts'
import { type TestPlatform, testPlatform, until } from '../support/platform.ts'
import { job, key, service, spec } from '../support/specs.ts'

const actor = { subject: 'test' }
const minute = 60_000
const hour = 60 * minute

/** A platform on which an app with this job stands, at a time of its own. */
async function standing(
  change: Partial<JobUnit>,
  options: { readonly atMs?: number; readonly faults?: Faults } = {},
): Promise<TestPlatform> {
  const platform = await testPlatform(options.faults === undefined ? {} : { faults: options.faults })
  if (options.atMs !== undefined) platform.clock.set(options.atMs)
  await platform.settle(await platform.deploy(spec([service('web'), job('report', change)])))
  return platform
}

const runsOf = async ({ deps }: TestPlatform, name = 'report'): Promise<readonly RunRecord[]> =>
  (await listRuns(deps, key, name, { limit: 200 })).items
const runNow = async (platform: TestPlatform, id: string): Promise<RunRecord> =>
  (await runsOf(platform)).find((run) => run.id === id)!
const ended = async (platform: TestPlatform, id: string): Promise<RunRecord> => {
  await until(platform, async () => (await runNow(platform, id)).endedAtMs !== undefined)
  return await runNow(platform, id)
}
const natives = (platform: TestPlatform): number => objectsOf(platform).filter((object) => object.kind === 'job').length
const bodyOf = (platform: TestPlatform): string =>
  JSON.stringify(objectsOf(platform).find((object) => object.kind === 'job')?.body)

describe('a run by hand', () => {
  it('runs the job once, and tells how it ended', async () => {
    const platform = await standing({})
    const run = await startRun(platform.deps, actor, key, 'report', {})
    expect(await ended(platform, run.id)).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      trigger: 'manual',
      by: 'test',
      failedInstances: 0,
    })
    expect(natives(platform)).toBe(1)
    expect((await eventsOf(platform)).filter((type) => type.startsWith('run.'))).toEqual([
      'run.started',
      'run.succeeded',
    ])
  })

  it('takes a command and variables of its own', async () => {
    const platform = await standing({})
    const run = await startRun(platform.deps, actor, key, 'report', {
      command: ['./report', '--all'],
      env: { DAY: 'monday' },
    })
    await ended(platform, run.id)
    expect(bodyOf(platform)).toContain('["./report","--all"]')
    expect(bodyOf(platform)).toContain('"DAY":{"kind":"text","text":"monday"}')
  })

  it('is tried again as often as the job says', async () => {
    const platform = await standing(
      { retries: 2 },
      { faults: { run: (_job, attempt) => ({ exitCode: attempt < 3 ? 5 : 0 }) } },
    )
    const run = await startRun(platform.deps, actor, key, 'report', {})
    expect(await ended(platform, run.id)).toMatchObject({ state: 'succeeded', failedInstances: 2 })
  })

  it('has failed when the tries are used up', async () => {
    const platform = await standing({ retries: 1 }, { faults: { run: () => ({ exitCode: 5 }) } })
    const run = await startRun(platform.deps, actor, key, 'report', {})
    expect(await ended(platform, run.id)).toMatchObject({ state: 'failed', exitCode: 5, failedInstances: 2 })
  })

  it('has as many completions as asked for, never more at once than asked for', async () => {
    const platform = await standing({ completions: 5, parallelism: 2 })
    const run = await startRun(platform.deps, actor, key, 'report', {})
    await ended(platform, run.id)
    const [native] = [...platform.cluster.world.runs.values()]
    expect(native!.attempts).toHaveLength(5)
    for (const { startedAtMs } of native!.attempts) {
      expect(
        native!.attempts.filter((other) => other.startedAtMs <= startedAtMs && startedAtMs < other.endsAtMs).length,
      ).toBeLessThanOrEqual(2)
    }
  })

  it('is ended at its timeout', async () => {
    const platform = await standing({ timeoutMs: 30_000 }, { faults: { run: () => ({ exitCode: 0, tookMs: hour }) } })
    const run = await startRun(platform.deps, actor, key, 'report', {})
    const done = await ended(platform, run.id)
    expect(done).toMatchObject({ state: 'failed', reason: 'it took longer than its timeout of 30 s' })
    expect(done.endedAtMs! - done.startedAtMs!).toBeGreaterThan(30_000)
    expect(natives(platform)).toBe(0)
  })

  it.each([hour, -hour])('is not ended by a clock that jumps (%i ms), and still by its timeout', async (byMs) => {
    for (const [tookMs, state] of [
      [20_000, 'succeeded'],
      [hour, 'failed'],
    ] as const) {
      const ahead = { ms: 0 }
      const platform = await testPlatform({ ahead, faults: { run: () => ({ exitCode: 0, tookMs }) } })
      await platform.settle(await platform.deploy(spec([service('web'), job('report', { timeoutMs: 30_000 })])))
      const run = await startRun(platform.deps, actor, key, 'report', {})
      const fromMs = platform.cluster.nowMs()
      await platform.step()
      platform.clock.advance(byMs)
      ahead.ms -= byMs
      expect((await ended(platform, run.id)).state).toBe(state)
      expect(platform.cluster.nowMs() - fromMs).toBeLessThan(90_000)
    }
  })

  it('ends when it is cancelled, with nothing left of it', async () => {
    const platform = await standing({}, { faults: { run: () => ({ exitCode: 0, tookMs: hour }) } })
    const run = await startRun(platform.deps, actor, key, 'report', {})
    await platform.step()
    await cancelRun(platform.deps, actor, key, run.id)
    expect(await ended(platform, run.id)).toMatchObject({ state: 'cancelled', reason: 'cancelled by test' })
    expect(natives(platform)).toBe(0)
    await expect(cancelRun(platform.deps, actor, key, run.id)).rejects.toMatchObject({ code: 'wrong-state' })
  })

  it('has failed when the cluster knows nothing of it any more', async () => {
    const platform = await standing({}, { faults: { run: () => ({ exitCode: 0, tookMs: hour }) } })
    const run = await startRun(platform.deps, actor, key, 'report', {})
    await platform.step()
    for (const object of objectsOf(platform))
      if (object.kind === 'job') await platform.cluster.remove('job', object.name, new AbortController().signal)
    expect(await ended(platform, run.id)).toMatchObject({
      state: 'failed',
      reason: 'the cluster knows nothing of it any more',
    })
  })

  it('is started once though its answer is lost', async () => {
    const platform = await standing({})
    let lost = false
    platform.cluster.faults = {
      call: ({ kind }) => (kind === 'job' && !lost ? ((lost = true), { kind: 'loseAnswer' }) : undefined),
    }
    const run = await startRun(platform.deps, actor, key, 'report', {})
    expect((await ended(platform, run.id)).state).toBe('succeeded')
    expect([...platform.cluster.world.runs.values()].map((native) => native.attempts.length)).toEqual([1])
  })
})

describe('what is left of ended runs', () => {
  it('goes beyond the history of the job, and after the time it is kept for', async () => {
    const platform = await standing({ history: 2, keepForMs: hour })
    for (let n = 0; n < 4; n++) {
      await ended(platform, (await startRun(platform.deps, actor, key, 'report', {})).id)
      await platform.step()
    }
    expect(natives(platform)).toBe(2)
    platform.clock.advance(hour)
    await platform.step()
    expect(natives(platform)).toBe(0)
    expect(await runsOf(platform)).toHaveLength(4)
  })
})

describe('a schedule', () => {
  const cron = (text: string, rest: Partial<NonNullable<JobUnit['schedule']>> = {}) => ({
    schedule: { cron: text, timeZone: 'UTC', concurrency: 'allow' as const, ...rest },
  })
  const noon = Date.UTC(2026, 5, 1, 12, 0, 30)

  /** Lets time pass as the loop would: ticks when the last one said, and at the end. */
  async function pass(platform: TestPlatform, forMs: number): Promise<void> {
    const untilMs = platform.clock.nowMs() + forMs
    for (;;) {
      const result = await tick(platform.deps, key)
      if (platform.clock.nowMs() >= untilMs) return
      const nextMs = result.kind === 'again' ? Math.max(result.atMs, platform.clock.nowMs() + 10) : untilMs
      platform.clock.set(Math.min(nextMs, untilMs))
    }
  }
  const times = async (platform: TestPlatform): Promise<readonly string[]> =>
    (await runsOf(platform)).map((run) => new Date(run.scheduledAtMs!).toISOString().slice(5, 16)).sort()

  it('fires at each of its times', async () => {
    const platform = await standing(cron('*/10 * * * *'), { atMs: noon })
    await pass(platform, 31 * minute)
    expect(await times(platform)).toEqual(['06-01T12:10', '06-01T12:20', '06-01T12:30'])
    expect((await runsOf(platform)).every((run) => run.state === 'succeeded' && run.trigger === 'schedule')).toBe(true)
  })

  it('never runs one time twice, however many look', async () => {
    const platform = await standing(cron('*/10 * * * *'), { atMs: noon })
    await pass(platform, minute)
    platform.clock.set(Date.UTC(2026, 5, 1, 12, 10, 1))
    await Promise.all([tick(platform.deps, key), tick(platform.deps, key), tick(platform.deps, key)])
    // Not even where a tick died right after it had put the run on record.
    await platform.store.commit([
      {
        put: { collection: 'cron', partition: 'default/shop/default', id: 'report' },
        value: { schedule: '*/10 * * * * UTC', seenToMs: noon },
        unconditional: true,
      },
    ])
    await pass(platform, minute)
    expect(await times(platform)).toEqual(['06-01T12:10'])
  })

  it('reads its times in its zone, once on the day a clock goes forward and once when it goes back', async () => {
    const daily = cron('30 2 * * *', { timeZone: 'Europe/Rome' })
    const spring = await standing(daily, { atMs: Date.UTC(2026, 2, 28, 12) })
    await pass(spring, 47 * hour)
    expect(await times(spring)).toEqual(['03-29T01:00', '03-30T00:30'])
    const autumn = await standing(daily, { atMs: Date.UTC(2026, 9, 24, 12) })
    await pass(autumn, 47 * hour)
    expect(await times(autumn)).toEqual(['10-25T00:30', '10-26T01:30'])
  })

  it.each([
    ['allow', 3, 0, ['succeeded', 'succeeded', 'succeeded']],
    ['forbid', 1, 2, ['succeeded']],
    ['replace', 3, 0, ['cancelled', 'cancelled', 'succeeded']],
  ] as const)('holds to its concurrency: %s', async (concurrency, runs, skipped, states) => {
    const slow = { run: () => ({ exitCode: 0, tookMs: 25 * minute }) }
    const platform = await standing(cron('*/10 * * * *', { concurrency }), { atMs: noon, faults: slow })
    await pass(platform, 31 * minute)
    expect(await runsOf(platform)).toHaveLength(runs)
    expect((await eventsOf(platform)).filter((type) => type.startsWith('run.skipped'))).toHaveLength(skipped)
    const { deps } = platform
    await stopApp(deps, actor, key, { services: ['report'] })
    await pass(platform, 30 * minute)
    expect((await runsOf(platform)).map((run) => run.state).sort()).toEqual(states)
  })

  it('catches up within five minutes, and tells of what it does not make up for', async () => {
    const platform = await standing(cron('0 * * * *'), { atMs: noon })
    await pass(platform, minute)
    platform.clock.set(Date.UTC(2026, 5, 1, 16, 4))
    await pass(platform, minute)
    expect(await times(platform)).toEqual(['06-01T16:00'])
    expect(await eventsOf(platform)).toContain('run.skipped: 3 times had passed')
    platform.clock.set(Date.UTC(2026, 5, 1, 17, 6))
    await pass(platform, minute)
    expect(await times(platform)).toEqual(['06-01T16:00'])
    expect(await eventsOf(platform)).toContain('run.skipped: 1 times had passed')
  })

  it('is quick after a long absence', async () => {
    const platform = await standing(cron('* * * * *'), { atMs: noon })
    await pass(platform, minute)
    platform.clock.advance(3 * 365 * 24 * hour)
    const before = (await runsOf(platform)).length
    await tick(platform.deps, key)
    expect(await runsOf(platform)).toHaveLength(before + 1)
    expect((await eventsOf(platform)).filter((type) => type.startsWith('run.skipped'))).toEqual([
      'run.skipped: more than 1000 times had passed',
    ])
  })

  it('counts from now when it is changed', async () => {
    const platform = await standing(cron('0 * * * *'), { atMs: noon })
    await pass(platform, minute)
    platform.clock.set(Date.UTC(2026, 5, 1, 13, 1))
    await platform.settle(await platform.deploy(spec([service('web'), job('report', cron('0,59 * * * *'))])))
    await pass(platform, 10 * minute)
    expect((await times(platform)).filter((time) => time !== '06-01T13:00')).toEqual([])
    await pass(platform, 50 * minute)
    expect(await times(platform)).toContain('06-01T13:59')
  })

  it('pauses while it is stopped, and makes up for nothing afterwards', async () => {
    const platform = await standing(cron('*/10 * * * *'), { atMs: noon })
    await pass(platform, minute)
    await platform.settle(await stopApp(platform.deps, actor, key, {}))
    await pass(platform, 20 * minute)
    await platform.settle(await startApp(platform.deps, actor, key, {}))
    await pass(platform, minute)
    expect(await times(platform)).toEqual([])
    expect((await eventsOf(platform)).filter((type) => type.startsWith('run.skipped'))).toEqual([])
    await pass(platform, 10 * minute)
    expect(await times(platform)).toEqual(['06-01T12:30'])
  })

  it('starts anew when its job comes back after it was gone', async () => {
    const platform = await standing(cron('*/10 * * * *'), { atMs: noon })
    await pass(platform, minute)
    await platform.settle(await platform.deploy(spec([service('web')])))
    await pass(platform, 20 * minute)
    await platform.settle(await platform.deploy(spec([service('web'), job('report', cron('*/10 * * * *'))])))
    await pass(platform, minute)
    expect(await times(platform)).toEqual([])
  })
})
