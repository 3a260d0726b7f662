/** Writes events where readers look for them: the app's stream, and its project's. */
import type { EventType } from '../core/events.ts'
import type { Json } from '../core/hash.ts'
import { randomId } from '../core/ids.ts'
import { type AppKey, defaultEnvironment } from '../model/app.ts'
import type { EscaleEvent } from '../model/event.ts'
import type { Deps } from './deps.ts'
import { streams } from './records.ts'

export interface NewEvent {
  readonly type: EventType
  /** What within the app it is about, e.g. a service or a deployment; absent: the app. */
  readonly about?: string
  readonly actor: string
  readonly reason?: string
  readonly data?: { readonly [key: string]: Json }
}

export const appSubject = (key: AppKey): string =>
  key.environment === defaultEnvironment ? key.app : `${key.app}@${key.environment}`

export async function recordAppEvents(deps: Deps, key: AppKey, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  const subject = appSubject(key)
  const full = events.map((event) =>
    make(deps, event, event.about === undefined ? subject : `${subject}/${event.about}`),
  )
  await append(deps, streams.app(key), full)
  await append(deps, streams.project(key.project), full)
}

export async function recordProjectEvents(deps: Deps, project: string, events: readonly NewEvent[]): Promise<void> {
  const full = events.map((event) => make(deps, event, event.about ?? `project:${project}`))
  await append(deps, streams.project(project), full)
}

function make(deps: Deps, event: NewEvent, subject: string): EscaleEvent {
  return {
    id: randomId('evt', deps.random),
    atMs: deps.clock.nowMs(),
    type: event.type,
    subject,
    actor: event.actor,
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    data: event.data ?? {},
  }
}

async function append(deps: Deps, stream: string, events: readonly EscaleEvent[]): Promise<void> {
  await deps.store.append(
    stream,
    events.map((event) => ({ atMs: event.atMs, value: event as unknown as Json })),
  )
}
