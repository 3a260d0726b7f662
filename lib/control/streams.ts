/** Logs and commands of running instances: passed through from the target. */
import type { AppKey } from '../model/app.ts'
import type { ExecRequest, ExecSession, LogLine, LogQuery } from '../targets/target.ts'
import type { Actor } from './actor.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import { needApp } from './load.ts'

export async function* readLogs(deps: Deps, key: AppKey, query: LogQuery): AsyncIterable<LogLine> {
  const app = (await needApp(deps, key)).value
  const target = await deps.target(app.cluster)
  yield* target.logs({ installId: deps.installId, cluster: app.cluster }, key, query)
}

export async function openExec(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecSession> {
  const app = (await needApp(deps, key)).value
  const target = await deps.target(app.cluster)
  const session = await target.exec({ installId: deps.installId, cluster: app.cluster }, key, request, signal)
  await recordAppEvents(deps, key, [
    {
      type: 'exec.opened',
      about: request.unit,
      actor: actor.subject,
      data: {
        program: request.command[0] ?? '',
        tty: request.tty,
        ...(request.instance === undefined ? {} : { instance: request.instance }),
      },
    },
  ])
  return session
}
