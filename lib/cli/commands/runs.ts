import { addressOf, appOptions, callOf } from '../app.ts'
import { command, group } from '../command.ts'
import { formatFields } from '../output/table.ts'
import { formatAge, formatDuration } from '../output/units.ts'
import { pagesOf, wholeNumber } from './shared.ts'

const list = command({
  name: 'ls',
  summary: 'list runs, newest first',
  description: 'Lists the runs of the jobs of an app, or of one job, newest first.',
  options: {
    ...appOptions,
    limit: { short: 'n', value: 'count', description: 'at most this many; 20 unless said otherwise' },
  },
  arguments: { job: { description: 'of this job alone', completes: 'job' } },
  watchable: true,
  examples: [{ line: 'escale runs ls nightly', says: 'of one job' }],
  async handler(context, { options, args }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    const most = options.limit === undefined ? 20 : wholeNumber(options.limit, '--limit', 1, 100_000)
    const call = callOf(address)
    const runs = await pagesOf(most, (query) =>
      client.call('listRuns', {
        params: call.params,
        query: { ...call.query, ...query, ...(args.job !== undefined && { job: args.job }) },
        signal: context.interrupted,
      }),
    )
    const nowMs = context.world.clock.nowMs()
    const newestFirst = [...runs].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
    await context.out.list(
      newestFirst,
      [
        { title: 'RUN', value: (run) => run.id },
        { title: 'JOB', value: (run) => run.job },
        {
          title: 'STATE',
          value: (run) => run.state,
          colour: (run, style) =>
            run.state === 'succeeded' ? style.green : run.state === 'failed' ? style.red : (text) => text,
        },
        { title: 'EXIT', value: (run) => (run.exitCode === undefined ? '-' : String(run.exitCode)), right: true },
        { title: 'TRIGGER', value: (run) => run.trigger },
        { title: 'RELEASE', value: (run) => String(run.release), right: true, wide: true },
        { title: 'BY', value: (run) => run.by, wide: true },
        { title: 'AGE', value: (run) => formatAge(run.createdAt, nowMs), right: true },
        {
          title: 'TOOK',
          value: (run) =>
            run.startedAt === undefined || run.endedAt === undefined
              ? '-'
              : formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt)),
          right: true,
        },
        { title: 'REASON', value: (run) => run.reason ?? '', shrinks: true, sparse: true },
      ],
      'There are no runs yet.',
    )
  },
})

const show = command({
  name: 'show',
  summary: 'show one run',
  description: 'Shows one run of a job.',
  options: appOptions,
  arguments: { run: { description: 'its id', required: true } },
  watchable: true,
  examples: [{ line: 'escale runs show run_k7mw3q2m5n4p6r7s2t3v4w5x6y', says: 'when it ran and how it ended' }],
  async handler(context, { options, args }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    const call = callOf(address)
    const run = await client.call('getRun', {
      params: { ...call.params, run: args.run },
      query: call.query,
      signal: context.interrupted,
    })
    await context.out.show(run, () =>
      formatFields(
        [
          ['run', run.id],
          ['job', run.job],
          ['state', run.state],
          ['exit status', run.exitCode === undefined ? undefined : String(run.exitCode)],
          ['reason', run.reason],
          ['release', String(run.release)],
          ['trigger', run.trigger],
          ['by', run.by],
          ['asked for', run.createdAt],
          ['started', run.startedAt],
          ['ended', run.endedAt],
        ],
        context.out.style,
      ),
    )
  },
})

const cancelOne = command({
  name: 'cancel',
  summary: 'end a run',
  description: 'Ends a run of a job that has not ended by itself.',
  options: appOptions,
  arguments: { run: { description: 'its id', required: true } },
  examples: [{ line: 'escale runs cancel run_k7mw3q2m5n4p6r7s2t3v4w5x6y', says: 'stop it' }],
  async handler(context, { options, args }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    const call = callOf(address)
    const run = await client.call('cancelRun', {
      params: { ...call.params, run: args.run },
      query: call.query,
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show(run, () => (context.out.quiet ? '' : `run ${run.id} of ${run.job} is ${run.state}`))
  },
})

export const runs = group({
  name: 'runs',
  summary: 'list, show and end runs of jobs',
  description: 'Runs of jobs, by hand, by schedule and by releases. `escale run` begins one.',
  commands: [list, show, cancelOne],
})
