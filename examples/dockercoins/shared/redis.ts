/** As much of the Redis protocol (RESP2) as counting needs, over one connection that is made anew when it breaks. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export type Reply = string | number | null

export interface Redis {
  call(...command: readonly string[]): Promise<Reply>
  /** What is still asked fails. */
  close(): void
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

const timeoutMs = 2_000

export function createRedis(host: string, port = 6379): Redis {
  let socket: Socket | undefined
  let waiting: Waiting[] = []

  function open(): Socket {
    const opened = connect({ host, port, noDelay: true })
    let unread = Buffer.alloc(0)
    opened.setTimeout(timeoutMs, () => {
      // Silence is a fault only while an answer is due.
      if (waiting.length > 0)
        opened.destroy(new Error(`redis at ${host}:${port} did not answer within ${timeoutMs} ms`))
    })
    opened.on('data', (data) => {
      unread = Buffer.concat([unread, data])
      for (let parsed = parseReply(unread); parsed !== undefined; parsed = parseReply(unread)) {
        unread = unread.subarray(parsed.bytes)
        const first = waiting.shift()
        if (parsed.reply instanceof Error) first?.reject(parsed.reply)
        else first?.resolve(parsed.reply)
      }
    })
    opened.on('error', (error) => fail(opened, error))
    opened.on('close', () => fail(opened, new Error(`the connection to redis at ${host}:${port} was closed`)))
    return opened
  }

  function fail(broken: Socket, error: Error): void {
    if (broken !== socket) return
    socket = undefined
    const lost = waiting
    waiting = []
    for (const { reject } of lost) reject(error)
  }

  return {
    call: (...command) =>
      new Promise((resolve, reject) => {
        socket ??= open()
        waiting.push({ resolve, reject })
        socket.write(encodeCommand(command))
      }),
    close: () => {
      const open = socket
      open?.destroy()
      if (open !== undefined) fail(open, new Error('closed'))
    },
  }
}

export const encodeCommand = (command: readonly string[]): string =>
  `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`

/** The first reply in `bytes`, and how long it was; undefined while it is not complete. */
export function parseReply(bytes: Buffer): { readonly reply: Reply | Error; readonly bytes: number } | undefined {
  const end = bytes.indexOf('\r\n')
  if (end === -1) return undefined
  const line = bytes.toString('utf8', 1, end)
  const after = end + 2
  switch (bytes.toString('latin1', 0, 1)) {
    case '+':
      return { reply: line, bytes: after }
    case '-':
      return { reply: new Error(`redis refused: ${line}`), bytes: after }
    case ':':
      return { reply: Number(line), bytes: after }
    case '$': {
      const length = Number(line)
      if (length === -1) return { reply: null, bytes: after }
      if (bytes.length < after + length + 2) return undefined
      return { reply: bytes.toString('utf8', after, after + length), bytes: after + length + 2 }
    }
    default:
      throw new Error(`redis answered what was not asked for: ${line}`)
  }
}
