/** A command in an instance, over a WebSocket: each frame begins with one channel byte. */
import { ApiError } from './errors.ts'
import type { ApiCode } from './errors.ts'
import type { Input } from './types.ts'

export type ExecCommand = Input<'openExec'>['body']

export interface ExecOutput {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Uint8Array
}

export interface ExecStream {
  /** Ends with the command. */
  readonly output: AsyncIterable<ExecOutput>
  write(data: Uint8Array): void
  endInput(): void
  resize(columns: number, rows: number): void
  /** Exit status of the command; rejects with an {@link ApiError} where it could not be run or was cut off. */
  readonly exitCode: Promise<number>
  close(): void
}

const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const

type Status = { readonly exitCode: number } | { readonly code: ApiCode; readonly message: string }

const frame = (channel: number, data: Uint8Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(data.length + 1)
  bytes[0] = channel
  bytes.set(data, 1)
  return bytes
}

/** Opens the stream of a ticket. */
export function openExec(url: string, webSocket: typeof WebSocket): Promise<ExecStream> {
  const socket = new webSocket(url)
  socket.binaryType = 'arraybuffer'
  const queue: ExecOutput[] = []
  const exit = Promise.withResolvers<number>()
  // Whoever reads the output alone must not be killed by a rejection that nobody awaits.
  exit.promise.catch(() => undefined)
  let wake = Promise.withResolvers<void>()
  let ended = false
  const end = (): void => {
    ended = true
    wake.resolve()
  }

  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (!(data instanceof ArrayBuffer)) return
    const bytes = new Uint8Array(data)
    const payload = bytes.subarray(1)
    switch (bytes.at(0) ?? -1) {
      case channels.stdout:
      case channels.stderr:
        queue.push({ stream: bytes[0] === channels.stdout ? 'stdout' : 'stderr', data: payload })
        wake.resolve()
        return
      case channels.status: {
        const status = JSON.parse(new TextDecoder().decode(payload)) as Status
        if ('exitCode' in status) exit.resolve(status.exitCode)
        else exit.reject(new ApiError(0, { code: status.code, detail: status.message }))
        return
      }
    }
  })
  socket.addEventListener('close', () => {
    exit.reject(new ApiError(0, { code: 'unreachable', detail: 'The connection to the command was cut off.' }))
    end()
  })

  async function* output(): AsyncGenerator<ExecOutput> {
    for (;;) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next
      if (ended) return
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
  }

  const stream: ExecStream = {
    output: output(),
    write: (data) => {
      if (data.length > 0) socket.send(frame(channels.stdin, data))
    },
    // An empty frame is the end of the input.
    endInput: () => socket.send(frame(channels.stdin, new Uint8Array())),
    resize: (columns, rows) =>
      socket.send(frame(channels.resize, new TextEncoder().encode(JSON.stringify({ columns, rows })))),
    exitCode: exit.promise,
    close: () => socket.close(),
  }

  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(stream))
    socket.addEventListener('error', () => {
      reject(
        new ApiError(0, {
          code: 'unreachable',
          detail: 'The stream of the command could not be opened; its ticket may have expired.',
        }),
      )
    })
  })
}
