/** Follows a deployment to its end, and says each step when it is done. */
import { EscaleError } from '../../lib/core/errors.ts'
import type { Client } from '../../lib/client/client.ts'
import type { AppAddress, Deployment } from '../../lib/client/types.ts'
import type { Screen } from './screen.ts'

export interface Following {
  readonly screen: Screen
  readonly client: Client
  readonly app: AppAddress
  readonly signal: AbortSignal
}

/** Long enough for the slowest image of an example; an engine that has gone away would otherwise be waited for without end. */
const limitMs = 5 * 60_000

/** Throws where it does not succeed. */
export function followToEnd(
  { screen, client, app, signal }: Following,
  id: string,
  title: string,
): Promise<Deployment> {
  return screen.work(title, async (detail) => {
    const said = new Set<string>()
    let last: Deployment | undefined
    const limit = AbortSignal.timeout(limitMs)
    const both = AbortSignal.any([signal, limit])
    const follow = client.followDeployment(app, id, { signal: both })
    for await (const now of untilAborted(follow, both)) {
      last = now
      for (const step of now.steps) {
        if (step.state !== 'done' || said.has(step.id)) continue
        said.add(step.id)
        detail(`${step.title} (${said.size} of ${now.steps.length})`)
      }
    }
    if (last?.state === 'succeeded') return last
    if (signal.aborted) throw new Error('interrupted')
    if (limit.aborted)
      throw new EscaleError(
        'timed-out',
        `the deployment did not end within ${limitMs / 60_000} minutes; it is ${last?.state ?? 'unknown'}`,
      )
    const problems = last?.problems.map(({ code, message }) => `${code}: ${message}`) ?? []
    throw new EscaleError(
      'deployment-failed',
      [`the deployment ended as ${last?.state ?? 'unknown'}`, last?.reason, ...problems]
        .filter((part) => part !== undefined)
        .join('; '),
    )
  })
}

/** An answer that was waited for when the time came is no failure of its own. */
async function* untilAborted(follow: AsyncIterable<Deployment>, signal: AbortSignal): AsyncGenerator<Deployment> {
  try {
    yield* follow
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
