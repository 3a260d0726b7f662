/**
 * A route as a record: what it is called, who may call it, what goes in and what comes out. Routing,
 * validation, access, audit, the OpenAPI document and the typed client all come from these records.
 */
import type * as z from 'zod'
import type { Principal } from '../control/access/principal.ts'
import type { Action } from '../control/access/roles.ts'
import type { Actor } from '../control/actor.ts'
import type { Deps } from '../control/deps.ts'
import type { AppKey } from '../model/app.ts'
import type { Json } from '../core/hash.ts'
import type { UseCases, Uploads } from './use-cases.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Names in braces of a path, e.g. `{ project: string }`. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name | keyof PathParams<Rest>]: string }
  : Readonly<Record<never, never>>

export interface ServerSentEvent {
  /** What a client sends back as `Last-Event-ID`. */
  readonly id?: string
  readonly event: string
  readonly data: Json
}

/** The world of a handler. */
export interface World {
  readonly deps: Deps
  readonly useCases: UseCases
  readonly uploads?: Uploads
  readonly version: string
  /** `wss://host/` that exec tickets point at; absent: made of the request's own address. */
  readonly execUrl?: string
}

export interface Call<Params, Query, Body> extends World {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly actor: Actor
  readonly principal: Principal
  readonly traceId: string
  readonly signal: AbortSignal
  /** Address of the request, as the caller sees it. */
  readonly url: URL
  readonly idempotencyKey?: string
  readonly lastEventId?: string
  /** The raw body, for routes that take an archive. */
  readonly archive?: ReadableStream<Uint8Array>
  /** Adds to the audit entry of this call. Never a secret value. */
  readonly note: (facts: { readonly resource?: string; readonly before?: object; readonly after?: object }) => void
}

/** For handlers that do not care about types of their route. */
export type AnyCall = Call<Readonly<Record<string, string>>, unknown, unknown>

export type Audience =
  /** Nobody needs to say who they are. */
  'public' | Action

/** What becomes of a write that arrives twice under one idempotency key (ruling D18). */
export type Repeat =
  /** The use case derives its ids from the key, so an interrupted call may simply run again. */
  | 'continue'
  /** An interrupted call may have taken effect: the caller must look before trying again. */
  | 'refuse'
  /** The answer holds a secret that is kept nowhere, so it cannot be given twice. */
  | 'never'

export interface Route<
  Path extends string,
  M extends Method,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: M
  readonly path: Path
  readonly summary: string
  readonly tag: string
  readonly needs: Audience
  readonly query?: Query
  readonly body?: Body
  /** The body may be left out. */
  readonly bodyOptional?: boolean
  /** The body is a tar archive instead of JSON. */
  readonly takesArchive?: boolean
  readonly bodyLimitBytes?: number
  /** Values of the body are never quoted in problems. */
  readonly secretBody?: boolean
  readonly status: 200 | 201 | 202 | 204
  /** Absent for 204. */
  readonly answer?: Answer
  /** Statuses of problems beyond those that follow from the record itself. */
  readonly refusals?: readonly number[]
  /** Present on writes: they are audited, and may carry an idempotency key. */
  readonly write?: { readonly repeat: Repeat }
  /** The app need not exist yet. */
  readonly newApp?: boolean
  readonly handler: (
    call: Call<PathParams<Path>, z.output<Query>, z.output<Body>>,
  ) => Promise<Answered<z.input<Answer>>>
  /** The same, as server-sent events. */
  readonly stream?: (
    call: Call<PathParams<Path>, z.output<Query>, z.output<Body>>,
  ) => AsyncIterable<ServerSentEvent | 'heartbeat'>
}

export interface Answered<Body> {
  readonly body: Body
  /** Address of what was made. */
  readonly location?: string
}

export type NoQuery = z.ZodObject<Record<never, never>>
export type NoBody = z.ZodUndefined
export type NoAnswer = z.ZodUndefined

/** Only there to infer the types of a record. */
export const route = <
  const Path extends string,
  const M extends Method,
  Query extends z.ZodObject = NoQuery,
  Body extends z.ZodType = NoBody,
  Answer extends z.ZodType = NoAnswer,
>(
  record: Route<Path, M, Query, Body, Answer>,
): Route<Path, M, Query, Body, Answer> => record

/** A record whose types have been forgotten: what the machinery works on. */
export interface AnyRoute {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly needs: Audience
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly bodyOptional?: boolean
  readonly takesArchive?: boolean
  readonly bodyLimitBytes?: number
  readonly secretBody?: boolean
  readonly status: 200 | 201 | 202 | 204
  readonly answer?: z.ZodType
  readonly refusals?: readonly number[]
  readonly write?: { readonly repeat: Repeat }
  readonly newApp?: boolean
  // Method syntax: a record of any types fits, the machinery having checked the input by its own schemas.
  handler(call: AnyCall): Promise<Answered<unknown>>
  stream?(call: AnyCall): AsyncIterable<ServerSentEvent | 'heartbeat'>
}

export const keyOf = (params: { readonly project: string; readonly app: string }, environment: string): AppKey => ({
  project: params.project,
  app: params.app,
  environment,
})
