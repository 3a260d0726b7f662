/** Lines of an app's containers, from the swarm's own log service: they come from every node. */
import type { AppKey, Site } from '../../model/app.ts'
import type { LogLine, LogQuery } from '../target.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import type { Frame } from './engine/frames.ts'
import { parseLogMessage } from './engine/logs.ts'
import type { Service, Task } from './engine/types/service.ts'
import { instanceName } from './instances.ts'
import { appLabels, labelFilter, mark } from './labels.ts'
import { merge } from './merge.ts'
import { timeMs } from './observe/tasks.ts'

export async function* readLogs(
  manager: () => Promise<Engine>,
  site: Site,
  key: AppKey,
  query: LogQuery,
): AsyncGenerator<LogLine> {
  const engine = await manager()
  const label = labelFilter({
    ...appLabels({ site, key }),
    ...(query.unit === undefined ? {} : { [mark.unit]: query.unit }),
    ...(query.runId === undefined ? {} : { [mark.run]: query.runId }),
  })
  const services = await engine.services.list({ filters: { label }, signal: query.signal })
  const tasks = await engine.tasks.list({
    filters: { label: labelFilter(appLabels({ site, key })) },
    signal: query.signal,
  })
  const nodes = await engine.nodes.list({ signal: query.signal })
  const hostnames = new Map(nodes.map(({ ID, Description }) => [ID, Description.Hostname]))
  const named = services.map((service) => ({ service, names: namesOf(service, tasks, (id) => hostnames.get(id)) }))
  const chosen = named.filter(({ names }) => query.instance === undefined || mayHold(names, query.instance))
  yield* merge(
    chosen.map(({ service, names }) => linesOf(engine, service, names, query)),
    query.follow,
    (line) => line.atMs,
  )
}

/** Name of each task of a service. */
type Names = ReadonlyMap<string, string>

const namesOf = (service: Service, tasks: readonly Task[], hostname: (id: string) => string | undefined): Names =>
  new Map(
    tasks
      .filter(({ ServiceID }) => ServiceID === service.ID)
      .map((task) => [task.ID, instanceName(service, task, hostname) ?? task.ID]),
  )

const mayHold = (names: Names, instance: string): boolean =>
  names.has(instance) || [...names.values()].includes(instance)

async function* linesOf(engine: Engine, service: Service, names: Names, query: LogQuery): AsyncGenerator<LogLine> {
  const unit = service.Spec.Labels?.[mark.unit] ?? ''
  const frames = engine.services.logs(service.ID, {
    follow: query.follow,
    details: true,
    timestamps: true,
    terminal: service.Spec.TaskTemplate.ContainerSpec?.TTY ?? false,
    signal: query.signal,
    ...(query.sinceMs === undefined ? {} : { since: query.sinceMs / 1000 }),
    ...(query.tail === undefined ? {} : { tail: query.tail }),
  })
  for await (const frame of untilStopped(frames, query.signal)) {
    const message = parseLogMessage(frame, { timestamps: true, details: true })
    const task = message.attributes['com.docker.swarm.task.id'] ?? ''
    const instance = names.get(task) ?? (task === '' ? unit : task)
    if (query.instance !== undefined && query.instance !== instance && query.instance !== task) continue
    yield { atMs: timeMs(message.at), unit, instance, stream: message.stream, text: message.text }
  }
}

/** Being stopped is the usual end of following, not a failure. */
async function* untilStopped(frames: AsyncIterable<Frame>, signal: AbortSignal): AsyncGenerator<Frame> {
  try {
    yield* frames
  } catch (error) {
    if (signal.aborted || isEngineError(error, 'notFound')) return
    throw error
  }
}
