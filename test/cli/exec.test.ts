/** `exec` over a real WebSocket to a real server in process. */
import { onTestFinished, describe, expect, it } from 'vitest'
import { bindUseCases } from '../../lib/api/bind.ts'
import { serveApi } from '../../lib/api/serve.ts'
import type { ExecRequest, ExecSession } from '../../lib/targets/target.ts'
import { hello } from './support/manifests.ts'
import { testServer } from './support/server.ts'
import { terminal } from './support/terminal.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

interface Asked {
  request?: ExecRequest
  input: string
  resized: readonly [number, number][]
}

/** A server whose instances say what they were given and end with 7. */
async function serving(options: { readonly tty?: boolean; readonly stdin?: string } = {}) {
  const server = await testServer()
  const asked: Asked = { input: '', resized: [] }
  const t = terminal({
    files: { 'escale.yaml': hello },
    fetch: server.fetch,
    env: server.env,
    clock: server.platform.clock,
  })
  await t.run('deploy')
  const { deps } = server.platform
  const target = await deps.target('local')
  const exec = (_site: unknown, _key: unknown, request: ExecRequest): Promise<ExecSession> => {
    asked.request = request
    const exit = Promise.withResolvers<number>()
    const ended = Promise.withResolvers<void>()
    async function* output() {
      yield { stream: 'stdout' as const, data: bytes(`ran ${request.command.join(' ')}\n`) }
      if (!request.tty) await ended.promise
      yield { stream: 'stderr' as const, data: bytes('done\n') }
      exit.resolve(7)
    }
    return Promise.resolve({
      output: output(),
      write: (data: Uint8Array) => void (asked.input += Buffer.from(data).toString()),
      endInput: () => ended.resolve(),
      resize: (columns: number, rows: number) => void (asked.resized = [...asked.resized, [columns, rows]]),
      exitCode: exit.promise,
      close: () => ended.resolve(),
    } as unknown as ExecSession)
  }
  const withExec = { ...deps, target: () => Promise.resolve({ ...target, exec }) }
  const running = await serveApi({
    api: { deps: withExec, useCases: bindUseCases(withExec), version: '1.2.3' },
    port: 0,
  })
  onTestFinished(() => running.close(0))
  const run = (line: string) =>
    t.run(line, {
      fetch: globalThis.fetch,
      env: { ...server.env, ESCALE_URL: running.url },
      ...options,
      rows: 40,
      columns: 120,
    })
  return { run, asked }
}

describe('exec', () => {
  it('passes the command, its input and its output on, and ends with its status', async () => {
    const { run, asked } = await serving({ stdin: 'select 1' })
    const { status, stdout, stderr } = await run('exec web -- psql -c x')
    expect({ status, stdout, stderr }).toEqual({ status: 7, stdout: 'ran psql -c x\n', stderr: 'done\n' })
    expect(asked).toMatchObject({
      input: 'select 1',
      request: { unit: 'web', command: ['psql', '-c', 'x'], tty: false },
    })
  })

  it('gives a shell where no command is named', async () => {
    const { run, asked } = await serving({ stdin: '' })
    await run('exec web')
    expect(asked.request?.command[0]).toBe('/bin/sh')
  })

  it('gives the command a terminal of the same size on one', async () => {
    const { run, asked } = await serving({ tty: true })
    expect((await run('exec web -- top')).status).toBe(7)
    expect(asked).toMatchObject({ request: { tty: true }, resized: [[120, 40]] })
  })

  it('gives it none with --without-terminal', async () => {
    const { run, asked } = await serving({ tty: true })
    await run('exec web -T -- env')
    expect(asked.request?.tty).toBe(false)
  })
})
