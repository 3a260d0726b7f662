/** Events by cursor, with long poll; as server-sent events where asked for (ruling B10). */
import * as z from 'zod'
import type { Json } from '../../core/hash.ts'
import { EscaleError } from '../../core/errors.ts'
import { eventView } from '../present/app.ts'
import { keyOf, route } from '../route.ts'
import type { ServerSentEvent } from '../route.ts'
import { eventsAnswer } from '../schemas/app.ts'
import { environment, waitSeconds } from '../schemas/common.ts'
import { wholeNumber } from '../schemas/text.ts'
import type { EventScope } from '../../control/queries.ts'
import type { UseCases } from '../use-cases.ts'

const cursorQuery = {
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('`next` of the answer before; absent: from the first.'),
  wait: waitSeconds.default(0),
  limit: wholeNumber(1, 500).default(100),
}

const longestWaitMs = 20_000

interface EventsQuery {
  readonly after?: number | undefined
  readonly wait: number
  readonly limit: number
}

async function page(useCases: UseCases, scope: EventScope, query: EventsQuery, signal: AbortSignal) {
  const found = await useCases.readEvents(scope, {
    after: query.after ?? 0,
    waitMs: query.wait * 1000,
    limit: query.limit,
    signal,
  })
  return { body: { items: found.items.map(eventView), next: found.next } }
}

/** `Last-Event-ID` counts more than `after`: a browser sends it when it comes back to the same address. */
function startOf(after: number | undefined, lastEventId: string | undefined): number {
  if (lastEventId === undefined) return after ?? 0
  if (!/^\d{1,15}$/.test(lastEventId)) {
    throw new EscaleError(
      'usage',
      `Last-Event-ID ${JSON.stringify(lastEventId.slice(0, 80))} is no number of an event.`,
    )
  }
  return Number(lastEventId)
}

async function* follow(
  useCases: UseCases,
  scope: EventScope,
  from: number,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  let after = from
  while (!signal.aborted) {
    const found = await useCases.readEvents(scope, { after, waitMs: longestWaitMs, limit, signal })
    for (const event of found.items) {
      yield { id: String(event.seq), event: event.type, data: eventView(event) as unknown as Json }
    }
    after = found.next
  }
}

export const eventRoutes = {
  readProjectEvents: route({
    method: 'GET',
    path: '/v1/projects/{project}/events',
    summary: 'What happened in a project',
    tag: 'events',
    needs: 'project.events',
    query: z.strictObject(cursorQuery),
    status: 200,
    answer: eventsAnswer,
    handler: ({ useCases, params, query, signal }) => page(useCases, { project: params.project }, query, signal),
    stream: ({ useCases, params, query, signal, lastEventId }) =>
      follow(useCases, { project: params.project }, startOf(query.after, lastEventId), query.limit, signal),
  }),
  readEvents: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/events',
    summary: 'What happened to an app',
    tag: 'events',
    needs: 'app.read',
    query: z.strictObject({ environment, ...cursorQuery }),
    status: 200,
    answer: eventsAnswer,
    handler: ({ useCases, params, query, signal }) =>
      page(useCases, { key: keyOf(params, query.environment) }, query, signal),
    stream: ({ useCases, params, query, signal, lastEventId }) =>
      follow(
        useCases,
        { key: keyOf(params, query.environment) },
        startOf(query.after, lastEventId),
        query.limit,
        signal,
      ),
  }),
}
