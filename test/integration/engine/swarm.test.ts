import { expect, it } from 'vitest'
import { classifyEngineError, EngineError } from '../../../lib/targets/docker/engine/errors.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { collect, eventually, image, runningTask, sleeper, tasksOf } from './support.ts'
import { runExec } from '../../../lib/targets/docker/engine/exec.ts'
import { parseLogMessage } from '../../../lib/targets/docker/engine/logs.ts'

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )
const kindOf = async (call: Promise<unknown>): Promise<string> => classifyEngineError(await errorOf(call))

describeWithEngine('swarm mode', { images: ['busybox'] }, (tools) => {
  it('shows the swarm, its tokens and its nodes', async () => {
    const { engine } = tools()
    const swarm = await engine.swarm.inspect()
    expect(swarm.JoinTokens.Worker).toMatch(/^SWMTKN-1-/)
    const [node] = await engine.nodes.list({ filters: { role: ['manager'] } })
    expect(node?.ManagerStatus?.Leader).toBe(true)
    expect(await engine.nodes.inspect(node?.ID ?? '')).toMatchObject({ ID: node?.ID, Status: { State: 'ready' } })
  })

  it('refuses to be initialised twice', async () => {
    const { engine } = tools()
    const error = await errorOf(engine.swarm.init({ AdvertiseAddr: '127.0.0.1' }))
    expect(error).toBeInstanceOf(EngineError)
    expect(String(error)).toMatch(/already part of a swarm/)
    expect(classifyEngineError(error)).toBe('conflict')
  })

  it('takes node labels at the right version and refuses them at a stale one', async () => {
    const { engine, prefix } = tools()
    const [node] = await engine.nodes.list()
    if (node === undefined) throw new Error('the swarm has no node')
    const labels = { ...node.Spec.Labels, [prefix]: 'yes' }
    await engine.nodes.update(node.ID, node.Version.Index, { ...node.Spec, Labels: labels })
    expect(await kindOf(engine.nodes.update(node.ID, node.Version.Index, node.Spec))).toBe('outOfSequence')
    expect((await engine.nodes.inspect(node.ID)).Spec.Labels[prefix]).toBe('yes')
  })

  it('runs a service, whose tasks and logs are to be had', async () => {
    const { engine, prefix } = tools()
    const name = `${prefix}-run`
    const { ID } = await engine.services.create(sleeper(name, 'echo ready; echo trouble >&2; sleep 1000'))
    const task = await runningTask(engine, name)
    expect(task.ServiceID).toBe(ID)
    expect(await engine.tasks.inspect(task.ID)).toMatchObject({ ID: task.ID, DesiredState: 'running' })
    const { frames } = await collect(engine.services.logs(name, { details: true, timestamps: true }))
    const messages = frames.map((frame) => parseLogMessage(frame, { timestamps: true, details: true }))
    expect(messages.map(({ stream, text }) => `${stream} ${text}`).sort()).toEqual(['stderr trouble', 'stdout ready'])
    expect(messages[0]?.attributes['com.docker.swarm.task.id']).toBe(task.ID)
    expect((await collect(engine.tasks.logs(task.ID))).stdout).toBe('ready\n')
    const listed = await engine.services.list({ filters: { name: [name] }, status: true })
    expect(listed[0]?.ServiceStatus).toMatchObject({ RunningTasks: 1, DesiredTasks: 1 })
  })

  it('refuses a stale version index as outOfSequence with status 500, and the service is unchanged', async () => {
    const { engine, prefix } = tools()
    const { ID } = await engine.services.create(sleeper(`${prefix}-stale`))
    const before = await engine.services.inspect(ID)
    await engine.services.update(ID, before.Version.Index, { ...before.Spec, Labels: { step: '1' } })
    const error = await errorOf(
      engine.services.update(ID, before.Version.Index, { ...before.Spec, Labels: { step: '2' } }),
    )
    expect(error).toMatchObject({ kind: 'outOfSequence', status: 500, delivery: 'answered', code: 'version-conflict' })
    expect((await engine.services.inspect(ID)).Spec.Labels).toEqual({ step: '1' })
  })

  it('restarts nothing when only labels of the service change', async () => {
    const { engine, prefix } = tools()
    const name = `${prefix}-label`
    const { ID } = await engine.services.create(sleeper(name))
    const task = await runningTask(engine, name)
    const service = await engine.services.inspect(ID)
    await engine.services.update(ID, service.Version.Index, { ...service.Spec, Labels: { hash: 'x' } })
    const after = await tasksOf(engine, name)
    expect(after.map(({ ID: id, DesiredState }) => [id, DesiredState])).toEqual([[task.ID, 'running']])
  })

  it('puts the previous specification back when asked to', async () => {
    const { engine, prefix } = tools()
    const { ID } = await engine.services.create(sleeper(`${prefix}-back`, 'sleep 1000', { Labels: { v: '1' } }))
    const first = await engine.services.inspect(ID)
    await engine.services.update(ID, first.Version.Index, { ...first.Spec, Labels: { v: '2' } })
    const second = await engine.services.inspect(ID)
    await engine.services.update(ID, second.Version.Index, second.Spec, { rollback: 'previous' })
    expect((await engine.services.inspect(ID)).Spec.Labels).toEqual({ v: '1' })
  })

  it('mounts a config with mode 0555 that can be executed, and a secret with owner and mode', async () => {
    const { engine, prefix } = tools()
    const config = await engine.configs.create({
      name: `${prefix}-helper`,
      data: Buffer.from('#!/bin/sh\necho helped "$@"\n'),
    })
    const secret = await engine.secrets.create({ name: `${prefix}-secret`, data: Buffer.from('s3') })
    const name = `${prefix}-files`
    const base = sleeper(name)
    await engine.services.create({
      ...base,
      TaskTemplate: {
        ...base.TaskTemplate,
        ContainerSpec: {
          Image: image,
          Command: ['/helper', 'it'],
          Args: ['well'],
          Configs: [
            {
              ConfigID: config.ID,
              ConfigName: `${prefix}-helper`,
              File: { Name: '/helper', UID: '0', GID: '0', Mode: 0o555 },
            },
          ],
          Secrets: [
            {
              SecretID: secret.ID,
              SecretName: `${prefix}-secret`,
              File: { Name: '/run/secrets/one', UID: '1000', GID: '1000', Mode: 0o400 },
            },
          ],
        },
      },
    })
    const [task] = await eventually(async () => {
      const tasks = await tasksOf(engine, name)
      return tasks[0]?.Status.State === 'complete' ? tasks : undefined
    }, 'the end of the task')
    expect((await collect(engine.services.logs(name))).stdout).toBe('helped it well\n')
    expect(task?.Status.ContainerStatus?.ExitCode).toBe(0)
    expect(await kindOf(engine.secrets.remove(secret.ID))).toBe('inUse')
    expect(await kindOf(engine.configs.remove(config.ID))).toBe('inUse')
  })

  it('shows a file its mode and owner inside the task', async () => {
    const { engine, prefix } = tools()
    const { ID } = await engine.secrets.create({ name: `${prefix}-owned`, data: Buffer.from('s3') })
    const name = `${prefix}-owner`
    const File = { Name: '/etc/own', UID: '1000', GID: '1000', Mode: 0o400 }
    const spec = sleeper(name)
    const ContainerSpec = {
      Image: image,
      Command: ['sleep', '1000'],
      Init: true,
      Secrets: [{ SecretID: ID, SecretName: `${prefix}-owned`, File }],
    }
    await engine.services.create({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec } })
    const task = await runningTask(engine, name)
    const container = task.Status.ContainerStatus?.ContainerID ?? ''
    const { stdout } = await runExec(
      engine.exec,
      container,
      { Cmd: ['stat', '-c', '%a %u %g', '/etc/own'] },
      { timeoutMs: 10_000 },
    )
    expect(stdout.toString()).toBe('400 1000 1000\n')
  })

  it('connects a running task to a network without a restart, once a task of that network is on the node', async () => {
    const { engine, prefix } = tools()
    const { Id } = await engine.networks.create({ Name: `${prefix}-late`, Driver: 'overlay', Attachable: true })
    const name = `${prefix}-joined`
    await engine.services.create(sleeper(name))
    const task = await runningTask(engine, name)
    const container = task.Status.ContainerStatus?.ContainerID ?? ''
    // The node learns of an overlay network with its first task there; until then it does not know the network.
    expect(await kindOf(engine.networks.connect(Id, container))).toBe('notFound')
    await engine.services.create(sleeper(`${prefix}-there`, 'sleep 1000', {}, { Networks: [{ Target: Id }] }))
    await runningTask(engine, `${prefix}-there`)
    await engine.networks.connect(Id, container)
    const networks = (await engine.containers.inspect(container)).NetworkSettings.Networks
    expect(networks[`${prefix}-late`]?.IPAddress).toMatch(/^10\./)
    await engine.networks.disconnect(Id, container)
    expect((await tasksOf(engine, name)).map(({ ID }) => ID)).toEqual([task.ID])
  })

  it('refuses taken names for services, secrets, configs and networks', async () => {
    const { engine, prefix } = tools()
    const name = `${prefix}-twice`
    const data = Buffer.from('x')
    await engine.services.create(sleeper(name))
    await engine.secrets.create({ name, data })
    await engine.configs.create({ name, data })
    await engine.networks.create({ Name: name, Driver: 'overlay' })
    await engine.networks.create({ Name: `${name}-local`, Driver: 'bridge' })
    const calls = [
      engine.services.create(sleeper(name)),
      engine.secrets.create({ name, data }),
      engine.configs.create({ name, data }),
      engine.networks.create({ Name: name, Driver: 'overlay' }),
      engine.networks.create({ Name: `${name}-local`, Driver: 'bridge' }),
    ]
    expect(await Promise.all(calls.map(kindOf))).toEqual(calls.map(() => 'nameTaken'))
  })

  it('answers an existing volume, and refuses to remove networks and volumes in use', async () => {
    const { engine, prefix } = tools()
    const volume = await engine.volumes.create({ Name: `${prefix}-data`, Labels: { a: 'b' } })
    expect(await engine.volumes.create({ Name: `${prefix}-data`, Labels: { a: 'b' } })).toEqual(volume)
    const network = await engine.networks.create({ Name: `${prefix}-used`, Driver: 'overlay', Attachable: true })
    const name = `${prefix}-user`
    const spec = sleeper(name)
    const ContainerSpec = {
      Image: image,
      Command: ['sleep', '1000'],
      Init: true,
      Mounts: [{ Type: 'volume' as const, Source: `${prefix}-data`, Target: '/data' }],
    }
    await engine.services.create({
      ...spec,
      TaskTemplate: { ...spec.TaskTemplate, ContainerSpec, Networks: [{ Target: network.Id }] },
    })
    await runningTask(engine, name)
    expect(await kindOf(engine.volumes.remove(`${prefix}-data`))).toBe('inUse')
    expect(await kindOf(engine.networks.remove(network.Id))).toBe('inUse')
    const inspected = await engine.networks.inspect(network.Id, { verbose: true })
    expect(inspected).toMatchObject({ Name: `${prefix}-used`, Attachable: true, Scope: 'swarm' })
  })

  it('refuses empty files and files that are too large, as bad requests', async () => {
    const { engine, prefix } = tools()
    expect(await kindOf(engine.configs.create({ name: `${prefix}-empty`, data: Buffer.alloc(0) }))).toBe('badRequest')
    expect(await kindOf(engine.secrets.create({ name: `${prefix}-big`, data: Buffer.alloc(512_001, 1) }))).toBe(
      'badRequest',
    )
  })

  it('changes labels of configs at their version only', async () => {
    const { engine, prefix } = tools()
    const { ID } = await engine.configs.create({ name: `${prefix}-labels`, data: Buffer.from('x') })
    const config = await engine.configs.inspect(ID)
    await engine.configs.update(ID, config.Version.Index, { ...config.Spec, Labels: { a: 'b' } })
    expect(await kindOf(engine.configs.update(ID, config.Version.Index, config.Spec))).toBe('outOfSequence')
    expect(
      (await engine.configs.list({ filters: { label: ['a=b'], name: [`${prefix}-labels`] } })).map((found) => found.ID),
    ).toEqual([ID])
  })

  it('tells a job apart that has completed', async () => {
    const { engine, prefix } = tools()
    const name = `${prefix}-job`
    const Mode = { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 3 } }
    const TaskTemplate = {
      ContainerSpec: { Image: image, Command: ['true'] },
      RestartPolicy: { Condition: 'none' as const },
    }
    await engine.services.create({ Name: name, TaskTemplate, Mode })
    const completed = await eventually(async () => {
      const [service] = await engine.services.list({ filters: { name: [name] }, status: true })
      return service?.ServiceStatus?.CompletedTasks === 3 ? service : undefined
    }, 'three completed tasks')
    expect(completed.JobStatus?.JobIteration).toEqual({})
  })
})
