import type { Client } from '../../client/client.ts'
import type { AppAddress, Run } from '../../client/types.ts'
import { addressOf, appOptions, callOf } from '../app.ts'
import { isApiError } from '../api-error.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { interruptedStatus } from '../failure.ts'
import { pairsOf } from '../manifest/params.ts'
import { harmless } from '../output/width.ts'

export const run = command({
  name: 'run',
  summary: 'run a job now',
  description:
    'Runs a job of the app, passes its log lines on, and ends with 0 where it succeeded. Ctrl-C only stops the watching.',
  options: {
    ...appOptions,
    var: { value: 'name=value', repeat: true, description: 'a variable of the environment; may stand several times' },
    detach: { short: 'd', description: 'do not wait for the end' },
  },
  arguments: {
    job: { description: 'the job', required: true, completes: 'job' },
    command: { description: 'another command, after `--`', rest: true },
  },
  examples: [
    { line: 'escale run migrate', says: 'as the manifest describes it' },
    {
      line: 'escale run migrate --var DRY_RUN=1 -- npm run migrate -- --to 42',
      says: 'with another command and a variable',
    },
  ],
  async handler(context, { options, args }) {
    const { out } = context
    const env = pairsOf(options.var, '--var')
    const address = await addressOf(context, options)
    const client = await context.client()
    const started = await client.call('startRun', {
      ...callOf(address),
      body: {
        job: args.job,
        ...(args.command.length > 0 && { command: args.command }),
        ...(options.var.length > 0 && { env }),
      },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    if (options.detach) {
      await out.show(started, () => (out.quiet ? started.id : `run ${started.id} of ${args.job} has begun`))
      return 0
    }
    if (out.forPeople) out.note(`run ${started.id} of ${args.job} has begun`)
    return await follow(context, client, address, started)
  },
})

const endedStates: ReadonlySet<Run['state']> = new Set(['succeeded', 'failed', 'cancelled', 'skipped'])
const pollMs = 1_000

async function follow(context: CommandContext, client: Client, address: AppAddress, started: Run): Promise<number> {
  const { world, out, interrupted } = context
  const { patiently } = await import('../follow/patience.ts')
  const call = callOf(address)
  const seen = new Set<string>()
  let found = started
  for (;;) {
    if (out.forPeople)
      for (const line of await newLines(client, address, found, seen)) world.stdout.write(`${harmless(line)}\n`)
    if (endedStates.has(found.state)) break
    await world.sleep(pollMs, interrupted)
    if (interrupted.aborted) {
      out.note(
        `\nThe run goes on without you. Follow it: escale logs --run ${found.id} --follow · End it: escale runs cancel ${found.id}`,
      )
      return interruptedStatus
    }
    found = await patiently(
      () =>
        client.call('getRun', { params: { ...call.params, run: started.id }, query: call.query, signal: interrupted }),
      world.sleep,
      interrupted,
      () => out.note('the server does not answer; trying again'),
    )
  }
  await out.show(found, () => '')
  if (found.state === 'succeeded') {
    if (out.forPeople) out.note(`${out.errorStyle.green('✓')} run ${found.id} of ${found.job} succeeded`)
    return 0
  }
  const status = found.exitCode === undefined ? '' : ` with exit status ${String(found.exitCode)}`
  const message = `run ${found.id} of ${found.job} ${found.state === 'failed' ? `failed${status}` : `was ${found.state}`}${found.reason === undefined ? '' : `: ${found.reason}`}`
  out.problems([
    { code: 'run-failed', severity: 'error', message, fix: `see what it said: escale logs --run ${found.id}` },
  ])
  return 1
}

/** Lines of the run that were not printed yet. Logs may lag behind or be gone already: they do not decide the outcome. */
async function newLines(client: Client, address: AppAddress, run: Run, seen: Set<string>): Promise<readonly string[]> {
  const lines: string[] = []
  try {
    for await (const line of client.logs(address, { run: run.id })) {
      const key = `${line.at} ${line.instance} ${line.stream} ${line.text}`
      if (seen.has(key)) continue
      seen.add(key)
      lines.push(line.text)
    }
  } catch (error) {
    if (!isApiError(error)) throw error
  }
  return lines
}
