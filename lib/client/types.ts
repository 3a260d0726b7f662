/** What goes into and comes out of every operation, derived from the API's records; types alone are imported. */
import type * as z from 'zod'
import type { PathParams } from '../api/route.ts'
import type { Operation, Routes } from '../api/routes/table.ts'

type SchemaInput<Schema> = NonNullable<Schema> extends infer S extends z.ZodType ? z.input<S> : never
type SchemaOutput<Schema> = NonNullable<Schema> extends infer S extends z.ZodType ? z.output<S> : never

/** Numbers and flags of a query may be given as what they are. */
type QueryValue<Value> = [NonNullable<Value>] extends [string] ? Value | number | boolean : Value

type Query<K extends Operation> = {
  [P in keyof SchemaInput<Routes[K]['query']>]: QueryValue<SchemaInput<Routes[K]['query']>[P]>
}

type Params<K extends Operation> = PathParams<Routes[K]['path']>
type Body<K extends Operation> = SchemaInput<Routes[K]['body']>

type WithParams<K extends Operation> = keyof Params<K> extends never ? unknown : { readonly params: Params<K> }
type WithQuery<K extends Operation> =
  Record<never, never> extends Query<K> ? { readonly query?: Query<K> } : { readonly query: Query<K> }
type WithBody<K extends Operation> = [Body<K>] extends [undefined]
  ? unknown
  : Record<never, never> extends Body<K>
    ? { readonly body?: Body<K> }
    : { readonly body: Body<K> }

export interface CallOptions {
  readonly signal?: AbortSignal
  /** For writes: the same key with the same request gives the same answer, for a day. */
  readonly idempotencyKey?: string
}

/** A tar archive travels as it is made, so that its size costs no memory. */
type WithArchive<K extends Operation> = K extends 'uploadContext'
  ? { readonly body: ReadableStream<Uint8Array> }
  : unknown

export type Input<K extends Operation> = WithParams<K> & WithQuery<K> & WithBody<K> & WithArchive<K> & CallOptions

/** What an operation answers. */
export type Answer<K extends Operation> = SchemaOutput<Routes[K]['answer']>

export type Arguments<K extends Operation> =
  Record<never, never> extends Input<K> ? [input?: Input<K>] : [input: Input<K>]

export type Deployment = Answer<'getDeployment'>
export type DeploymentSummary = Answer<'listDeployments'>['items'][number]
export type Plan = Answer<'planApp'>
export type App = Answer<'getApp'>
export type AppStatus = Answer<'getStatus'>
export type Release = Answer<'getRelease'>
export type Run = Answer<'getRun'>
export type Event = Answer<'readEvents'>['items'][number]
export type LogLine = Answer<'readLogs'>['items'][number]

/** The app that a call is about. */
export interface AppAddress {
  readonly project: string
  readonly app: string
  /** Absent: `default`. */
  readonly environment?: string
}
