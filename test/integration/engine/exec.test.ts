import { describe, expect, it } from 'vitest'
import { runExec } from '../../../lib/targets/docker/engine/exec.ts'
import { classifyEngineError } from '../../../lib/targets/docker/engine/errors.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { collect, eventually, startContainer } from './support.ts'

describeWithEngine('exec', { images: ['busybox'] }, (tools) => {
  const limits = { timeoutMs: 15_000 }

  it('gives the exit status and both outputs apart', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-exec`, 'sleep 1000')
    const result = await runExec(engine.exec, id, { Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'] }, limits)
    expect([result.exitCode, result.stdout.toString(), result.stderr.toString()]).toEqual([3, 'out\n', 'err\n'])
  })

  it('passes environment, folder, user and standard input', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-input`, 'sleep 1000')
    const request = { Cmd: ['sh', '-c', 'cat; echo $A; pwd; id -u'], Env: ['A=b c'], WorkingDir: '/tmp', User: '65534' }
    const result = await runExec(engine.exec, id, request, { ...limits, input: Buffer.from('given\n') })
    expect(result.stdout.toString()).toBe('given\nb c\n/tmp\n65534\n')
  })

  it('brings large output whole', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-large`, 'sleep 1000')
    const result = await runExec(
      engine.exec,
      id,
      { Cmd: ['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x'] },
      limits,
    )
    expect(result.stdout.length).toBe(3_000_000)
    expect(result.stdout.every((byte) => byte === 120)).toBe(true)
  })

  it('with a terminal is interactive, echoes, and takes a new size', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-tty`, 'sleep 1000')
    const exec = await engine.exec.create(id, { Cmd: ['sh'], Tty: true, AttachStdin: true })
    const session = await engine.exec.start(exec, { terminal: true })
    const output = collect(session.output)
    await engine.exec.resize(exec, { rows: 41, columns: 133 })
    await session.write(Buffer.from('stty size; exit 5\n'))
    expect((await output).stdout).toContain('41 133')
    expect(await engine.exec.inspect(exec)).toMatchObject({ ExitCode: 5, Running: false })
  })

  it('can be started without attaching', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-detached`, 'sleep 1000')
    const exec = await engine.exec.create(id, { Cmd: ['sh', '-c', 'exit 7'] })
    await engine.exec.startDetached(exec)
    const code = await eventually(
      async () => (await engine.exec.inspect(exec)).ExitCode ?? undefined,
      'the exit status',
    )
    expect(code).toBe(7)
  })

  it('ends within its time', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-slow`, 'sleep 1000')
    await expect(runExec(engine.exec, id, { Cmd: ['sleep', '100'] }, { timeoutMs: 700 })).rejects.toThrow()
  })

  describe('is refused', () => {
    it('for a container that does not exist, as notFound', async () => {
      const refused = tools().engine.exec.create('no-such-container', { Cmd: ['true'] })
      expect(classifyEngineError(await refused.catch((error: unknown) => error))).toBe('notFound')
    })

    it('for a container that does not run, as conflict', async () => {
      const { engine, prefix } = tools()
      const { Id } = await engine.containers.create({ Image: 'escale.local/busybox:1' }, { name: `${prefix}-created` })
      const error = await engine.exec.create(Id, { Cmd: ['true'] }).catch((caught: unknown) => caught)
      expect(classifyEngineError(error)).toBe('conflict')
    })

    it('for an exec that does not exist, at its start', async () => {
      const error = await tools()
        .engine.exec.start('0123', { terminal: false })
        .catch((caught: unknown) => caught)
      expect(classifyEngineError(error)).toBe('notFound')
    })
  })

  it('of a program that is missing ends with status 126 or 127', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-missing`, 'sleep 1000')
    const result = await runExec(engine.exec, id, { Cmd: ['no-such-program'] }, limits)
    expect([126, 127]).toContain(result.exitCode)
  })
})
