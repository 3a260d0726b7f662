import { expect, it } from 'vitest'
import { classifyEngineError } from '../../../lib/targets/docker/engine/errors.ts'
import { parseLogMessage } from '../../../lib/targets/docker/engine/logs.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { collect, image, startContainer } from './support.ts'

const kindOf = async (call: Promise<unknown>): Promise<string> =>
  classifyEngineError(await call.catch((error: unknown) => error))

describeWithEngine('containers', { images: ['busybox'] }, (tools) => {
  it('run to their end, which wait answers, and their logs keep both streams', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-once`, 'echo one; echo two >&2; exit 4')
    expect(await engine.containers.wait(id)).toBe(4)
    const { stdout, stderr } = await collect(engine.containers.logs(id))
    expect([stdout, stderr]).toEqual(['one\n', 'two\n'])
    expect((await engine.containers.inspect(id)).State).toMatchObject({
      Status: 'exited',
      ExitCode: 4,
      OOMKilled: false,
    })
  })

  it('with a terminal have logs without frames, found out by itself', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-tty`, 'echo one; echo two >&2', true)
    await engine.containers.wait(id)
    expect((await collect(engine.containers.logs(id))).stdout).toBe('one\r\ntwo\r\n')
  })

  it('give the last lines with their times', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-tail`, 'for i in 1 2 3 4; do echo line $i; done')
    await engine.containers.wait(id)
    const { frames } = await collect(engine.containers.logs(id, { tail: 2, timestamps: true }))
    const messages = frames.map((frame) => parseLogMessage(frame, { timestamps: true, details: false }))
    expect(messages.map(({ text }) => text)).toEqual(['line 3', 'line 4'])
    expect(messages[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('are followed while silent, and the signal ends it', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-follow`, 'sleep 1; echo late; sleep 1000')
    const end = new AbortController()
    const seen: string[] = []
    const reading = (async () => {
      for await (const frame of engine.containers.logs(id, { follow: true, signal: end.signal })) {
        seen.push(frame.data.toString())
        end.abort()
      }
    })()
    expect(await kindOf(reading)).toBe('aborted')
    expect(seen).toEqual(['late\n'])
  })

  it('show their processes and what they use', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-busy`, 'sleep 1000')
    const top = await engine.containers.top(id)
    expect(top.Processes?.flat().join(' ')).toContain('sleep 1000')
    const stats = await engine.containers.stats(id, { oneShot: true })
    expect(stats.memory_stats.usage).toBeGreaterThan(0)
    const end = new AbortController()
    for await (const sample of await engine.containers.statsStream(id, { signal: end.signal })) {
      expect(sample.pids_stats.current).toBeGreaterThan(0)
      break
    }
    end.abort()
  })

  it('stop within their grace and are listed by label', async () => {
    const { engine, prefix } = tools()
    const { Id } = await engine.containers.create(
      { Image: image, Cmd: ['sleep', '1000'], Labels: { probe: prefix }, HostConfig: { Init: true } },
      { name: `${prefix}-stop` },
    )
    await engine.containers.start(Id)
    await engine.containers.stop(Id, { graceSeconds: 2 })
    const found = await engine.containers.list({ all: true, filters: { label: [`probe=${prefix}`] } })
    expect(found.map(({ Names, State }) => [Names, State])).toEqual([[[`/${prefix}-stop`], 'exited']])
    expect(await engine.containers.list({ filters: { label: [`probe=${prefix}`] } })).toEqual([])
  })

  it('refuse a taken name, an unknown image, and removal while they run', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-one`, 'sleep 1000')
    expect(await kindOf(engine.containers.create({ Image: image }, { name: `${prefix}-one` }))).toBe('nameTaken')
    expect(await kindOf(engine.containers.create({ Image: 'no.such/image:1' }))).toBe('notFound')
    expect(await kindOf(engine.containers.remove(id))).toBe('conflict')
    expect(await kindOf(engine.containers.inspect(`${prefix}-none`))).toBe('notFound')
    await engine.containers.kill(id, { killSignal: 'SIGKILL' })
    expect(await engine.containers.wait(id)).toBe(137)
    await engine.containers.remove(id)
    expect(await kindOf(engine.containers.inspect(id))).toBe('notFound')
  })
})
