/** Progress streams: the engine answers 200 first and tells of failures inside the stream. */
import { classifyAnswer, EngineError } from './errors.ts'
import { jsonStream } from './system.ts'
import { callText } from './call.ts'
import type { Call } from './call.ts'
import type { Transport } from './transport.ts'
import type { Progress } from './types/resource.ts'

export type OnProgress = (message: Progress) => void

/** Runs a call to the end of its progress; the last messages are what its result is read from. */
export async function follow(
  transport: Transport,
  call: Call,
  onProgress: OnProgress | undefined,
): Promise<Progress[]> {
  const limit = AbortSignal.timeout(call.timeoutMs ?? 2 ** 31 - 1)
  const signal = call.signal === undefined ? limit : AbortSignal.any([call.signal, limit])
  const open = await transport.stream({ ...call, signal })
  const kept: Progress[] = []
  for await (const message of jsonStream<Progress>(open)) {
    onProgress?.(message)
    const failure = message.errorDetail?.message ?? message.error
    if (failure !== undefined) throw failedInside(transport, call, failure, message.errorDetail?.code)
    // Byte counts of layers are for the eye; there can be very many of them.
    if (message.progressDetail?.current === undefined) kept.push(message)
  }
  return kept
}

function failedInside(transport: Transport, call: Call, reason: string, code: number | undefined): EngineError {
  const isStatus = code !== undefined && code >= 400 && code < 600
  return new EngineError({
    kind: classifyAnswer(isStatus ? code : undefined, reason),
    delivery: 'answered',
    ...(isStatus ? { status: code } : {}),
    reason: reason.trim(),
    call: callText(call),
    endpoint: transport.endpoint.text,
  })
}

/** The last value of a field among the `aux` messages. */
export function lastAux(messages: readonly Progress[], field: string): string | undefined {
  for (const message of messages.toReversed()) {
    const value = message.aux?.[field]
    if (typeof value === 'string') return value
  }
  return undefined
}
