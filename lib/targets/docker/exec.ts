/** A command in a running container. It needs the engine that holds the task. */
import { EscaleError } from '../../core/errors.ts'
import type { AppKey, Site } from '../../model/app.ts'
import type { ExecRequest, ExecSession } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import type { Frame } from './engine/frames.ts'
import type { Service, Task } from './engine/types/service.ts'
import { instanceName } from './instances.ts'
import { appLabels, labelFilter, mark } from './labels.ts'

/** The engine of a node; undefined where its socket cannot be reached from here. */
export type EngineOf = (nodeId: string) => Promise<Engine | undefined>

export async function openExec(
  manager: () => Promise<Engine>,
  engineOf: EngineOf,
  site: Site,
  key: AppKey,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecSession> {
  const engine = await manager()
  const task = await findTask(engine, site, key, request, signal)
  const holder = await engineOf(task.NodeID ?? '')
  if (holder === undefined)
    throw new EscaleError(
      'unreachable',
      `the instance runs on the node "${task.NodeID ?? 'unknown'}", whose engine cannot be reached from here; ask the runtime of that node`,
    )
  const container = task.Status.ContainerStatus?.ContainerID ?? ''
  const id = await holder.exec.create(
    container,
    {
      Cmd: request.command,
      Tty: request.tty,
      AttachStdin: true,
      ...(request.env === undefined
        ? {}
        : { Env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`) }),
    },
    { signal },
  )
  const session = await holder.exec.start(id, { terminal: request.tty, signal })
  let ended: (code: number | Promise<number>) => void = () => undefined
  // Known once the output has been read to its end. A caller may not want it: then its failure is nobody's.
  const exitCode = new Promise<number>((resolve) => (ended = resolve))
  exitCode.catch(() => undefined)
  return {
    output: outputOf(session.output, () => ended(readExitCode(holder, id))),
    write: (data) => void session.write(data),
    endInput: () => session.endInput(),
    resize: (columns, rows) => holder.exec.resize(id, { columns, rows }, { signal }),
    exitCode,
    close: () => session.close(),
  }
}

async function findTask(
  engine: Engine,
  site: Site,
  key: AppKey,
  { unit, instance }: ExecRequest,
  signal: AbortSignal,
): Promise<Task> {
  const label = labelFilter({ ...appLabels({ site, key }), [mark.unit]: unit })
  const services = await engine.services.list({ filters: { label }, signal })
  if (services.length === 0) throw new EscaleError('not-found', `the app has no unit "${unit}" that runs here`)
  const tasks = await engine.tasks.list({
    filters: { service: services.map(({ ID }) => ID), 'desired-state': ['running'] },
    signal,
  })
  const nodes = await engine.nodes.list({ signal })
  const hostname = (id: string): string | undefined => nodes.find(({ ID }) => ID === id)?.Description.Hostname
  const running = tasks
    .filter(({ Status }) => Status.State === 'running' || Status.State === 'starting')
    .map((task) => ({ task, name: nameOf(task, services, hostname) }))
  const chosen = running.find(({ task, name }) => instance === undefined || name === instance || task.ID === instance)
  if (chosen !== undefined) return chosen.task
  const names = running.map(({ name }) => name).toSorted()
  throw new EscaleError(
    'not-found',
    instance === undefined
      ? `no instance of "${unit}" is running`
      : `no running instance of "${unit}" is called "${instance}"; there are: ${names.length === 0 ? 'none' : names.join(', ')}`,
  )
}

function nameOf(task: Task, services: readonly Service[], hostname: (id: string) => string | undefined): string {
  const service = services.find(({ ID }) => ID === task.ServiceID)
  return (service === undefined ? undefined : instanceName(service, task, hostname)) ?? task.ID
}

async function* outputOf(
  frames: AsyncIterable<Frame>,
  ended: () => void,
): AsyncGenerator<{ readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }> {
  try {
    for await (const { stream, data } of frames) yield { stream: stream === 'stderr' ? 'stderr' : 'stdout', data }
  } finally {
    ended()
  }
}

async function readExitCode(engine: Engine, id: string): Promise<number> {
  const { ExitCode } = await engine.exec.inspect(id)
  // The connection broke before the command ended.
  if (ExitCode === null)
    throw new EscaleError('unreachable', 'the connection to the command ended before the command did')
  return ExitCode
}
