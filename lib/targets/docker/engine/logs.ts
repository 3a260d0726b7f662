/** Log streams of containers, services and tasks. */
import type { Frame } from './frames.ts'
import { frameStream } from './system.ts'
import type { Call, CallOptions } from './call.ts'
import type { Transport } from './transport.ts'

export interface LogOptions extends CallOptions {
  /** Goes on until the signal ends it. */
  readonly follow?: boolean
  readonly stdout?: boolean
  readonly stderr?: boolean
  /** Epoch seconds, with fraction. */
  readonly since?: number
  readonly until?: number
  readonly tail?: number | 'all'
  readonly timestamps?: boolean
  /** Prefixes each message with attributes; for services those name node and task. */
  readonly details?: boolean
  /** Whether the container has a terminal, which has no framing. Asked of the engine when absent. */
  readonly terminal?: boolean
}

/** Longest wait for a finite log, whose containers may lie on other nodes. */
const logTimeoutMs = 60_000

export async function* logs(
  transport: Transport,
  path: string,
  options: LogOptions,
  hasTerminal: (options: CallOptions) => Promise<boolean>,
): AsyncGenerator<Frame> {
  const {
    follow = false,
    stdout = true,
    stderr = true,
    since,
    until,
    tail,
    timestamps,
    details,
    terminal,
    signal,
    timeoutMs,
  } = options
  const query = { follow, stdout, stderr, since, until, tail, timestamps, details }
  const isTerminal = terminal ?? (await hasTerminal({ signal }))
  const call: Call = { method: 'GET', path, query, signal }
  if (follow) {
    // A silent container gives no head before its first line, so only the signal may bound the wait.
    yield* frameStream(await transport.stream({ ...call, timeoutMs: timeoutMs ?? 2 ** 31 - 1 }), isTerminal)
    return
  }
  const limit = AbortSignal.timeout(timeoutMs ?? logTimeoutMs)
  const bounded = {
    ...call,
    timeoutMs: timeoutMs ?? logTimeoutMs,
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  }
  yield* frameStream(await transport.stream(bounded), isTerminal)
}

export interface LogMessage {
  readonly stream: 'stdout' | 'stderr'
  /** RFC 3339 with nanoseconds, when timestamps were asked for. */
  readonly at: string | undefined
  /** Attributes, when details were asked for. */
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
}

/** One frame of a log is one message: time, attributes and text, each followed by a blank. */
export function parseLogMessage(
  frame: Frame,
  has: { readonly timestamps: boolean; readonly details: boolean },
): LogMessage {
  let text = frame.data.toString('utf8').replace(/\r?\n$/, '')
  const take = (): string => {
    const blank = text.indexOf(' ')
    const word = blank === -1 ? text : text.slice(0, blank)
    text = blank === -1 ? '' : text.slice(blank + 1)
    return word
  }
  const at = has.timestamps ? take() : undefined
  const attributes = has.details ? parseAttributes(take()) : {}
  return { stream: frame.stream === 'stderr' ? 'stderr' : 'stdout', at, attributes, text }
}

function parseAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    if (at > 0) attributes[decode(pair.slice(0, at))] = decode(pair.slice(at + 1))
  }
  return attributes
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
