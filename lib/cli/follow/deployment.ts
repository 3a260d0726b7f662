/** Waits for a deployment and shows how it goes; what it waits for goes on without it. */
import type { Client } from '../../client/client.ts'
import type { AppAddress, AppStatus, Deployment, Event } from '../../client/types.ts'
import { EscaleError, problem } from '../../core/errors.ts'
import { callOf, titleOf } from '../app.ts'
import type { CommandContext } from '../context.ts'
import { parseDurationMs } from '../output/units.ts'
import { eventsAfter } from './events.ts'
import { patiently } from './patience.ts'
import type { Progress } from './progress.ts'
import { liveProgress, plainProgress, silentProgress } from './progress.ts'

export type Followed =
  | { readonly kind: 'ended'; readonly deployment: Deployment }
  /** Ctrl-C: nobody watches any more. */
  | { readonly kind: 'left'; readonly deployment: Deployment }

export interface FollowOptions {
  /** `--timeout`. */
  readonly timeout?: string | undefined
}

const pollSeconds = 1

export function timeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms
  const message = `${JSON.stringify(text)} of --timeout is no duration`
  throw new EscaleError('usage', message, {
    problems: [problem('usage', message, { fix: 'write it as 90s, 10m or 1h30m' })],
  })
}

function progressOf({ world, out }: CommandContext): Progress {
  if (!out.forPeople || out.quiet) return silentProgress
  return world.stderr.isTTY ? liveProgress(world.stderr, out.errorStyle) : plainProgress(world.stderr, out.errorStyle)
}

export async function followDeployment(
  context: CommandContext,
  client: Client,
  address: AppAddress,
  first: Deployment,
  options: FollowOptions = {},
): Promise<Followed> {
  const { world, interrupted } = context
  const limitMs = timeoutMs(options.timeout)
  const untilMs = limitMs === undefined ? undefined : world.clock.nowMs() + limitMs
  const progress = progressOf(context)
  const seen = { events: 0 }
  let deployment = first
  for (;;) {
    progress.update(
      deployment,
      await unitsNow(client, address, progress),
      await eventsNow(client, address, deployment, seen, progress),
    )
    if (deployment.ended) {
      progress.end()
      return { kind: 'ended', deployment }
    }
    if (untilMs !== undefined && world.clock.nowMs() >= untilMs)
      throw tookTooLong(address, deployment, options.timeout!)
    const call = callOf(address)
    const next = await patiently(
      () =>
        client.call('getDeployment', {
          params: { ...call.params, deployment: deployment.id },
          query: { ...call.query, wait: pollSeconds },
          signal: interrupted,
        }),
      world.sleep,
      interrupted,
      () => progress.note('  the server does not answer; trying again'),
    ).catch((error: unknown) => {
      if (interrupted.aborted) return undefined
      throw error
    })
    if (next === undefined || interrupted.aborted) return { kind: 'left', deployment: next ?? deployment }
    // A deployment that waits for an approval is answered at once.
    if (next.state === 'waiting') await world.sleep(pollSeconds * 1000, interrupted)
    deployment = next
  }
}

async function unitsNow(client: Client, address: AppAddress, progress: Progress): Promise<AppStatus['units']> {
  if (progress === silentProgress) return []
  // Readiness is an ornament: an engine that does not answer is the deployment's own business.
  const status = await client.call('getStatus', callOf(address)).catch(() => undefined)
  return status?.units ?? []
}

async function eventsNow(
  client: Client,
  address: AppAddress,
  deployment: Deployment,
  seen: { events: number },
  progress: Progress,
): Promise<readonly Event[]> {
  if (progress === silentProgress) return []
  const page = await eventsAfter(client, address, seen.events).catch(() => undefined)
  if (page === undefined) return []
  seen.events = page.next
  const fromMs = Date.parse(deployment.createdAt)
  return page.items.filter((event) => Date.parse(event.at) >= fromMs)
}

function tookTooLong(address: AppAddress, deployment: Deployment, timeout: string): EscaleError {
  const message = `deployment ${deployment.id} of ${titleOf(address)} has not ended within ${timeout}; it goes on`
  return new EscaleError('timed-out', message, {
    problems: [
      problem('timed-out', message, { fix: 'follow it with `escale status --watch`, or end it with `escale cancel`' }),
    ],
  })
}
