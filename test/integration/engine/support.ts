/** What the engine tests share. */
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Frame } from '../../../lib/targets/docker/engine/frames.ts'
import type { ServiceSpec, Task, TaskSpec } from '../../../lib/targets/docker/engine/types/service.ts'

export const image = 'escale.local/busybox:1'

/** Asks again until the answer is there; the limit is a guard against hanging, not a measure. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: string, limitMs = 25_000): Promise<T> {
  const deadlineMs = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadlineMs) throw new Error(`waited ${limitMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A service of one busybox that runs `script` and stops at once when asked to. */
export function sleeper(
  name: string,
  script = 'sleep 1000',
  rest: Partial<ServiceSpec> = {},
  task: Partial<TaskSpec> = {},
): ServiceSpec {
  return {
    Name: name,
    TaskTemplate: {
      ContainerSpec: { Image: image, Command: ['sh', '-c', script], Init: true, StopGracePeriod: 1_000_000_000 },
      RestartPolicy: { Condition: 'none' },
      ...task,
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'dnsrr' },
    ...rest,
  }
}

export const tasksOf = (engine: Engine, service: string): Promise<Task[]> =>
  engine.tasks.list({ filters: { service: [service] } })

export async function runningTask(engine: Engine, service: string): Promise<Task> {
  return eventually(async () => {
    const tasks = await tasksOf(engine, service)
    const broken = tasks.find((task) => task.Status.State === 'rejected' || task.Status.State === 'failed')
    if (broken !== undefined) throw new Error(`task of ${service} ${broken.Status.State}: ${broken.Status.Err}`)
    return tasks.find((task) => task.Status.State === 'running')
  }, `a running task of ${service}`)
}

export async function startContainer(engine: Engine, name: string, script: string, tty = false): Promise<string> {
  const { Id } = await engine.containers.create(
    { Image: image, Cmd: ['sh', '-c', script], Tty: tty, HostConfig: { Init: true, NetworkMode: 'none' } },
    { name },
  )
  await engine.containers.start(Id)
  return Id
}

export async function collect(
  frames: AsyncIterable<Frame>,
): Promise<{ stdout: string; stderr: string; frames: Frame[] }> {
  const all: Frame[] = []
  for await (const frame of frames) all.push(frame)
  const text = (stream: Frame['stream']): string =>
    Buffer.concat(all.filter((frame) => frame.stream === stream).map(({ data }) => data)).toString()
  return { stdout: text('stdout'), stderr: text('stderr'), frames: all }
}
