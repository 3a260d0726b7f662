/** Log lines by cursor, with long poll; as server-sent events where asked for (ruling B10). */
import * as z from 'zod'
import type { Json } from '../../core/hash.ts'
import { parseTime } from '../../core/time.ts'
import type { AppKey } from '../../model/app.ts'
import { refuseRequest } from '../answer.ts'
import { LogReader, decodeCursor, encodeCursor, sinceMs, startOfLogs } from '../logs.ts'
import type { LogCursor } from '../logs.ts'
import { logLineView } from '../present/app.ts'
import { requestProblem } from '../present/problems.ts'
import { keyOf, route } from '../route.ts'
import type { AnyCall, ServerSentEvent } from '../route.ts'
import { logsAnswer } from '../schemas/app.ts'
import { environment, waitSeconds } from '../schemas/common.ts'
import { flag, line, name, time, wholeNumber } from '../schemas/text.ts'
import type { LogLine, LogQuery } from '../../targets/target.ts'

const logsQuery = z.strictObject({
  environment,
  unit: name.optional().describe('A service or job.'),
  instance: line(256).optional(),
  run: z
    .string()
    .regex(/^run_[a-z2-7]{26}$/)
    .optional(),
  since: time.optional(),
  tail: wholeNumber(0, 10_000)
    .optional()
    .describe('Only that many of the newest lines; with `after` it has no meaning.'),
  after: z.string().min(1).max(8_192).optional().describe('`next` of the answer before.'),
  wait: waitSeconds.default(0),
  limit: wholeNumber(1, 5_000).default(1_000),
  follow: flag.default(false).describe('Answer as server-sent events, whatever `Accept` says.'),
})

type Query = z.output<typeof logsQuery>
type Call = Pick<AnyCall, 'useCases' | 'signal' | 'deps'>

/** After the first new line, how long to gather those that come right behind it. */
const gatherMs = 50

function startMs(query: Query, cursor: LogCursor): number | undefined {
  if (cursor !== startOfLogs) return sinceMs(cursor)
  if (query.since === undefined) return undefined
  const timeMs = parseTime(query.since)
  if (timeMs === undefined) {
    refuseRequest([
      requestProblem('invalid-format', `\`since\` is no time: ${JSON.stringify(query.since)}.`, { parameter: 'since' }),
    ])
  }
  return timeMs
}

function logQuery(query: Query, cursor: LogCursor, follow: boolean, signal: AbortSignal): LogQuery {
  const fromMs = startMs(query, cursor)
  return {
    ...(query.unit !== undefined && { unit: query.unit }),
    ...(query.instance !== undefined && { instance: query.instance }),
    ...(query.run !== undefined && { runId: query.run }),
    ...(fromMs !== undefined && { sinceMs: fromMs }),
    ...(query.tail !== undefined && cursor === startOfLogs && { tail: query.tail }),
    follow,
    signal,
  }
}

/** New lines there are now, up to the limit. */
async function readNow(call: Call, key: AppKey, query: Query, cursor: LogCursor, reader: LogReader) {
  const lines: LogLine[] = []
  for await (const logLine of call.useCases.readLogs(key, logQuery(query, cursor, false, call.signal))) {
    if (!reader.take(logLine)) continue
    lines.push(logLine)
    if (lines.length >= query.limit) break
  }
  return lines
}

/** Waits for the first new line, and takes those that come right behind it. */
async function readNext(
  call: Call,
  key: AppKey,
  query: Query,
  cursor: LogCursor,
): Promise<{ lines: readonly LogLine[]; cursor: LogCursor }> {
  const enough = new AbortController()
  const signal = AbortSignal.any([enough.signal, call.signal])
  const waited = call.deps.clock.sleep(query.wait * 1000, signal).then(() => enough.abort())
  const reader = new LogReader(cursor)
  const lines: LogLine[] = []
  for await (const logLine of call.useCases.readLogs(key, logQuery(query, cursor, true, signal))) {
    if (signal.aborted) break
    if (!reader.take(logLine)) continue
    lines.push(logLine)
    if (lines.length >= query.limit) break
    if (lines.length === 1) void call.deps.clock.sleep(gatherMs, signal).then(() => enough.abort())
  }
  enough.abort()
  await waited
  return { lines, cursor: reader.cursor() }
}

async function* follow(call: Call, key: AppKey, query: Query, cursor: LogCursor): AsyncGenerator<ServerSentEvent> {
  const reader = new LogReader(cursor)
  for await (const logLine of call.useCases.readLogs(key, logQuery(query, cursor, true, call.signal))) {
    if (!reader.take(logLine)) continue
    yield { id: encodeCursor(reader.cursor()), event: 'log', data: logLineView(logLine) as unknown as Json }
  }
}

export const logRoutes = {
  readLogs: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/logs',
    summary: 'Log lines of an app',
    tag: 'logs',
    needs: 'app.logs',
    query: logsQuery,
    status: 200,
    answer: logsAnswer,
    refusals: [409, 422, 503],
    async handler(call) {
      const { query } = call
      const key = keyOf(call.params, query.environment)
      const cursor = query.after === undefined ? startOfLogs : decodeCursor(query.after)
      const reader = new LogReader(cursor)
      const now = await readNow(call, key, query, cursor, reader)
      if (now.length > 0 || query.wait === 0) {
        return { body: { items: now.map(logLineView), next: encodeCursor(reader.cursor()) } }
      }
      const later = await readNext(call, key, query, cursor)
      return { body: { items: later.lines.map(logLineView), next: encodeCursor(later.cursor) } }
    },
    stream(call) {
      const from = call.lastEventId ?? call.query.after
      const cursor = from === undefined ? startOfLogs : decodeCursor(from)
      return follow(call, keyOf(call.params, call.query.environment), call.query, cursor)
    },
  }),
}
