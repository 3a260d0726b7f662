/** One request through one route: who, whether, what, once, done, written down. */
import { codeInfo } from '../core/codes.ts'
import { EscaleError } from '../core/errors.ts'
import type { Json } from '../core/hash.ts'
import { defaultEnvironment } from '../model/app.ts'
import { recordAudit } from '../control/audit.ts'
import { authenticate } from '../control/access/subjects.ts'
import type { Principal, TokenVerifier } from '../control/access/principal.ts'
import { asEscaleError, jsonResponse, problemResponse } from './answer.ts'
import { checkParams } from './check/params.ts'
import { checkRequest } from './check/request.ts'
import type { Checked } from './check/request.ts'
import { needApp, passGate } from './gate.ts'
import { underKey } from './once.ts'
import type { KeptAnswer } from './once.ts'
import { problemBody } from './present/problems.ts'
import type { AnyCall, AnyRoute, World } from './route.ts'
import { eventStream, withHeartbeat } from './sse.ts'

export interface HandleOptions extends World {
  readonly verifier?: TokenVerifier
  /** False where the edge cannot stream: followers get pages (ruling B10). */
  readonly streaming?: boolean
  /** Ends waiting and streaming requests when the server closes. */
  readonly closing?: AbortSignal
}

export interface Incoming {
  readonly operation: string
  readonly record: AnyRoute
  readonly params: Readonly<Record<string, string>>
  readonly request: Request
  readonly traceId: string
}

/** What the audit entry of a write is made of, as the call goes on. */
interface Notes {
  resource: string
  before?: object
  after?: object
  /** The project's own log gets what happened in sight of the caller. */
  project?: string
  written: boolean
}

const unauthenticated = (): EscaleError =>
  new EscaleError('unauthenticated', 'A valid token is needed: `Authorization: Bearer esc_…`.')

const retryHeaders = (error: EscaleError): Readonly<Record<string, string>> => {
  if (error.code === 'unauthenticated') return { 'www-authenticate': 'Bearer' }
  return error.code === 'in-progress' || codeInfo(error.code).httpStatus === 503 ? { 'retry-after': '1' } : {}
}

async function whoIs(options: HandleOptions, request: Request): Promise<Principal> {
  const match = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(request.headers.get('authorization') ?? '')
  const principal = match?.[1] === undefined ? undefined : await authenticate(options.deps, match[1], options.verifier)
  if (principal === undefined) throw unauthenticated()
  return principal
}

const nobody: Principal = { subject: 'anonymous', id: 'anonymous', grants: [] }

function resourceOf(incoming: Incoming, environment: string | undefined): string {
  const { project, app } = incoming.params
  if (project === undefined) return 'installation'
  return app === undefined ? `project:${project}` : `${project}/${app}/${environment ?? defaultEnvironment}`
}

async function audit(
  options: HandleOptions,
  incoming: Incoming,
  principal: Principal,
  notes: Notes,
  error?: EscaleError,
): Promise<void> {
  notes.written = true
  const failed = error !== undefined && codeInfo(error.code).httpStatus >= 500
  await recordAudit(
    options.deps,
    {
      atMs: options.deps.clock.nowMs(),
      subject: principal.subject,
      principal: principal.id,
      operation: incoming.operation,
      resource: notes.resource,
      outcome: error === undefined ? 'done' : failed ? 'failed' : 'refused',
      ...(error !== undefined && { code: error.code }),
      ...(notes.before !== undefined && { before: notes.before }),
      ...(error === undefined && notes.after !== undefined && { after: notes.after }),
      traceId: incoming.traceId,
    },
    notes.project,
  )
}

/** The environment a request speaks of stands in its query, or in its body where that carries a manifest. */
function environmentOf(checked: Checked): string | undefined {
  for (const part of [checked.query, checked.body]) {
    if (typeof part === 'object' && part !== null && 'environment' in part && typeof part.environment === 'string') {
      return part.environment
    }
  }
  return undefined
}

function keptProblem(thrown: unknown, traceId: string): KeptAnswer | undefined {
  const error = asEscaleError(thrown)
  const { httpStatus } = codeInfo(error.code)
  if (httpStatus >= 500) return undefined
  const body = problemBody(error.code, error.message, error.problems, traceId)
  return { status: httpStatus, body: body as unknown as Json, problem: true }
}

async function run(record: AnyRoute, call: AnyCall): Promise<KeptAnswer> {
  const answered = await record.handler(call)
  // Parsed even though it is ours: a field that is not documented never leaves.
  const body = record.answer === undefined ? null : (record.answer.parse(answered.body) as Json)
  return {
    status: record.status,
    body,
    problem: false,
    ...(answered.location !== undefined && { location: answered.location }),
  }
}

const respond = (kept: KeptAnswer, traceId: string): Response =>
  jsonResponse(kept.status, kept.body, traceId, {
    ...(kept.problem && { 'content-type': 'application/problem+json' }),
    ...(kept.location !== undefined && { location: kept.location }),
  })

/** A write: audited whatever comes of it, and done once under an idempotency key. */
async function write(
  options: HandleOptions,
  incoming: Incoming,
  principal: Principal,
  call: AnyCall,
  checked: Checked,
  notes: Notes,
): Promise<Response> {
  const { record, traceId } = incoming
  const work = async (): Promise<KeptAnswer> => {
    try {
      const answer = await run(record, call)
      await audit(options, incoming, principal, notes)
      return answer
    } catch (thrown) {
      const error = asEscaleError(thrown)
      if (!notes.written) await audit(options, incoming, principal, notes, error)
      const kept = keptProblem(thrown, traceId)
      if (kept === undefined || checked.idempotencyKey === undefined) throw thrown
      return kept
    }
  }
  if (checked.idempotencyKey === undefined || record.write === undefined) return respond(await work(), traceId)
  const result = await underKey(
    options.deps,
    {
      key: checked.idempotencyKey,
      project: incoming.params['project'],
      fingerprint: [
        principal.id,
        incoming.operation,
        { ...incoming.params },
        (checked.query ?? null) as Json,
        (checked.body ?? null) as Json,
      ],
      repeat: record.write.repeat,
      holder: traceId,
    },
    work,
    (answer) => answer,
  )
  return 'kept' in result ? respond(result.kept, traceId) : respond(result.fresh, traceId)
}

/** Undefined where the route has no stream. */
function stream(options: HandleOptions, incoming: Incoming, call: AnyCall): Response | undefined {
  const controller = new AbortController()
  const signal = AbortSignal.any([call.signal, controller.signal])
  const source = incoming.record.stream?.({ ...call, signal })
  if (source === undefined) return undefined
  return eventStream(withHeartbeat(source, options.deps.clock, signal), {
    traceId: incoming.traceId,
    stop: () => controller.abort(),
    failed: (error) => {
      options.deps.log.error('a stream broke', { operation: incoming.operation, trace: incoming.traceId, error })
    },
  })
}

const wantsStream = (request: Request, query: unknown): boolean =>
  (request.headers.get('accept') ?? '').toLowerCase().includes('text/event-stream') ||
  (typeof query === 'object' && query !== null && 'follow' in query && query.follow === true)

async function answer(options: HandleOptions, incoming: Incoming, notes: Notes, known: { principal: Principal }) {
  const { record, params, request } = incoming
  const url = new URL(request.url)
  if (record.needs !== 'public') {
    known.principal = await whoIs(options, request)
    const seen = (project: string): void => {
      notes.project = project
    }
    await passGate(options.deps, known.principal, { action: record.needs, ...params, seen })
  }
  checkParams(params)
  const checked = await checkRequest(record, request, url)
  const environment = environmentOf(checked)
  notes.resource = resourceOf(incoming, environment)
  if (params['project'] !== undefined && params['app'] !== undefined && record.newApp !== true) {
    await needApp(options.deps, params['project'], params['app'], environment)
  }
  const lastEventId = request.headers.get('last-event-id')
  const { deps, useCases, version, uploads, execUrl } = options
  const call: AnyCall = {
    deps,
    useCases,
    version,
    ...(uploads !== undefined && { uploads }),
    ...(execUrl !== undefined && { execUrl }),
    params,
    query: checked.query,
    body: checked.body,
    actor: { subject: known.principal.subject, traceId: incoming.traceId },
    principal: known.principal,
    traceId: incoming.traceId,
    signal: options.closing === undefined ? request.signal : AbortSignal.any([request.signal, options.closing]),
    url,
    ...(checked.idempotencyKey !== undefined && { idempotencyKey: checked.idempotencyKey }),
    ...(lastEventId !== null && { lastEventId }),
    ...(checked.archive !== undefined && { archive: checked.archive }),
    note: (facts) => Object.assign(notes, facts),
  }
  if (record.write !== undefined) return write(options, incoming, known.principal, call, checked, notes)
  if (options.streaming !== false && wantsStream(request, checked.query)) {
    const streamed = stream(options, incoming, call)
    if (streamed !== undefined) return streamed
  }
  return respond(await run(record, call), incoming.traceId)
}

export async function handle(options: HandleOptions, incoming: Incoming): Promise<Response> {
  const { log, clock } = options.deps
  const startedAtMs = clock.nowMs()
  const notes: Notes = { resource: resourceOf(incoming, undefined), written: false }
  const known = { principal: nobody }
  const told = { operation: incoming.operation, trace: incoming.traceId }
  let response: Response
  try {
    response = await answer(options, incoming, notes, known)
  } catch (thrown) {
    let error = asEscaleError(thrown)
    if (incoming.record.write !== undefined && known.principal !== nobody && !notes.written) {
      try {
        await audit(options, incoming, known.principal, notes, error)
      } catch (unwritten) {
        error = asEscaleError(unwritten)
      }
    }
    if (codeInfo(error.code).httpStatus >= 500) log.error('a request failed', { ...told, error, cause: error.cause })
    response = problemResponse(error, incoming.traceId, retryHeaders(error))
  }
  log.info('request', {
    ...told,
    subject: known.principal.subject,
    status: response.status,
    tookMs: clock.nowMs() - startedAtMs,
  })
  return response
}
