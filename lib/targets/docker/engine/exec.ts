/** Commands in running containers, over a connection that stops being HTTP. */
import type { Duplex } from 'node:stream'
import { readFrames } from './frames.ts'
import type { Frame } from './frames.ts'
import { segment } from './path.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { ExecCreateRequest, ExecInspect } from './types/container.ts'

export interface ExecSession {
  /** Ends when the command does. With a terminal all output is stdout. */
  readonly output: AsyncIterable<Frame>
  /** Writes to the command's standard input; resolves when the connection took it. */
  write(data: Uint8Array): Promise<void>
  /** Closes standard input and leaves the output open. */
  endInput(): void
  close(): void
}

export interface ExecApi {
  /** Answers the exec's id. */
  create(container: string, request: ExecCreateRequest, options?: CallOptions): Promise<string>
  /** `timeoutMs` bounds the start only; the signal ends the session at any time. */
  start(id: string, options: CallOptions & { readonly terminal: boolean }): Promise<ExecSession>
  /** Starts it and does not attach. */
  startDetached(id: string, options?: CallOptions): Promise<void>
  inspect(id: string, options?: CallOptions): Promise<ExecInspect>
  resize(id: string, size: { readonly rows: number; readonly columns: number }, options?: CallOptions): Promise<void>
}

export function execApi(transport: Transport): ExecApi {
  const at = (id: string, rest: string): string => `/exec/${segment(id)}${rest}`
  return {
    create: async (container, request, options = {}) => {
      const answer = await transport.json<{ Id: string }>({
        method: 'POST',
        path: `/containers/${segment(container)}/exec`,
        body: { json: { AttachStdout: true, AttachStderr: true, ...request } },
        ...options,
      })
      return answer.Id
    },
    start: async (id, { terminal, ...options }) => {
      const body = { json: { Detach: false, Tty: terminal } }
      return session(await transport.hijack({ method: 'POST', path: at(id, '/start'), body, ...options }), terminal)
    },
    startDetached: (id, options = {}) =>
      transport.done({ method: 'POST', path: at(id, '/start'), body: { json: { Detach: true } }, ...options }),
    inspect: (id, options = {}) => transport.json({ method: 'GET', path: at(id, '/json'), ...options }),
    resize: (id, { rows, columns }, options = {}) =>
      transport.done({ method: 'POST', path: at(id, '/resize'), query: { h: rows, w: columns }, ...options }),
  }
}

function session(socket: Duplex, terminal: boolean): ExecSession {
  return {
    output: readFrames(socket, terminal),
    write: (data) =>
      new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve()))),
    endInput: () => void socket.end(),
    close: () => void socket.destroy(),
  }
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Output of a command run to its end is kept in memory, so it is bounded. */
const maxOutputBytes = 16 * 1024 * 1024

/** Runs a command to its end within `timeoutMs`, with `input` on its standard input. */
export async function runExec(
  exec: ExecApi,
  container: string,
  request: Omit<ExecCreateRequest, 'Tty' | 'AttachStdin'>,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly input?: Uint8Array },
): Promise<ExecResult> {
  const limit = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
  const calls = { timeoutMs: options.timeoutMs, signal }
  const id = await exec.create(container, { ...request, Tty: false, AttachStdin: options.input !== undefined }, calls)
  const running = await exec.start(id, { terminal: false, ...calls })
  try {
    if (options.input !== undefined) {
      await running.write(options.input)
      running.endInput()
    }
    const output = await gather(running.output)
    const { ExitCode } = await exec.inspect(id, calls)
    if (ExitCode === null)
      throw new Error(`the output of "${request.Cmd.join(' ')}" ended although the command still runs`)
    return { exitCode: ExitCode, ...output }
  } finally {
    running.close()
  }
}

async function gather(output: AsyncIterable<Frame>): Promise<{ stdout: Buffer; stderr: Buffer }> {
  const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  let bytes = 0
  for await (const frame of output) {
    bytes += frame.data.length
    if (bytes > maxOutputBytes) throw new Error(`the command wrote more than ${maxOutputBytes} bytes`)
    parts[frame.stream === 'stderr' ? 'stderr' : 'stdout'].push(frame.data)
  }
  return { stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) }
}
