/** What can go wrong when the engine is called, in terms that a reconciler decides by. */
import { EscaleError } from '../../../core/errors.ts'
import type { Code } from '../../../core/codes.ts'

export type EngineErrorKind =
  | 'notFound'
  /** The object's state does not allow the call. */
  | 'conflict'
  /** A swarm write at a version that is no longer the object's (D1): read again and decide again. */
  | 'outOfSequence'
  | 'nameTaken'
  | 'inUse'
  /** The engine is not part of a swarm, or not a manager of it. */
  | 'notManager'
  /** The swarm has lost its leader or its majority: no write is possible for now. */
  | 'noQuorum'
  | 'unauthorized'
  | 'badRequest'
  /** No connection came about: nothing was sent, so nothing has happened. */
  | 'unreachable'
  /** The connection broke after the request went out: the call may or may not have taken effect (D1). */
  | 'lostAnswer'
  /** The deadline passed; `delivery` says whether the request can have taken effect. */
  | 'timeout'
  /** The caller's own signal ended the call. */
  | 'aborted'
  | 'other'

/** Whether the engine can have acted: it never got the request, nobody knows, or it answered. */
export type Delivery = 'notSent' | 'unknown' | 'answered'

export interface EngineErrorDetails {
  readonly kind: EngineErrorKind
  readonly delivery: Delivery
  /** HTTP status of the answer, when there was one. */
  readonly status?: number
  /** What the engine said, or the system error, as text. */
  readonly reason: string
  /** Method and path, without query: `POST /services/create`. */
  readonly call: string
  readonly endpoint: string
  readonly cause?: unknown
}

const codes: Readonly<Record<EngineErrorKind, Code>> = {
  notFound: 'not-found',
  conflict: 'engine-refused',
  outOfSequence: 'version-conflict',
  nameTaken: 'name-taken',
  inUse: 'in-use',
  notManager: 'engine-refused',
  noQuorum: 'unreachable',
  unauthorized: 'engine-refused',
  badRequest: 'engine-refused',
  unreachable: 'unreachable',
  lostAnswer: 'unreachable',
  timeout: 'timed-out',
  aborted: 'timed-out',
  other: 'engine-refused',
}

export class EngineError extends EscaleError {
  override readonly name = 'EngineError'
  readonly kind: EngineErrorKind
  readonly delivery: Delivery
  readonly status: number | undefined
  readonly reason: string
  readonly call: string

  constructor(details: EngineErrorDetails) {
    super(codes[details.kind], describe(details), details.cause === undefined ? {} : { cause: details.cause })
    this.kind = details.kind
    this.delivery = details.delivery
    this.status = details.status
    this.reason = details.reason
    this.call = details.call
  }
}

function describe({ kind, status, reason, call, endpoint, delivery }: EngineErrorDetails): string {
  switch (kind) {
    case 'unreachable':
      return `the engine at ${endpoint} cannot be reached for ${call}: ${reason}; is it running, and may you use it?`
    case 'lostAnswer':
      return `the engine at ${endpoint} broke off before answering ${call}: ${reason}; the call may have taken effect`
    case 'timeout':
      return `the engine at ${endpoint} did not answer ${call} in time: ${reason}${delivery === 'unknown' ? '; the call may have taken effect' : ''}`
    case 'aborted':
      return `${call} at the engine ${endpoint} was given up: ${reason}`
    default:
      return `the engine at ${endpoint} refused ${call}: ${reason}${status === undefined ? '' : ` (HTTP ${status})`}`
  }
}

/** The kind of any thrown value; what did not come from the engine is `other`. */
export function classifyEngineError(error: unknown): EngineErrorKind {
  return error instanceof EngineError ? error.kind : 'other'
}

export const isEngineError = (error: unknown, kind: EngineErrorKind): error is EngineError =>
  error instanceof EngineError && error.kind === kind

/**
 * What an engine's refusal means. Texts come first, since the engine answers one situation with several
 * statuses: a secret in use is 400, a network in use 403, a volume in use 409, a stale version 500.
 */
export function classifyAnswer(status: number | undefined, message: string): EngineErrorKind {
  if (/update out of sequence/i.test(message)) return 'outOfSequence'
  if (/does not have a leader|DeadlineExceeded|context deadline exceeded|lost.*quorum/i.test(message)) return 'noQuorum'
  if (/not a swarm manager|not part of a swarm/i.test(message)) return 'notManager'
  if (/already part of a swarm/i.test(message)) return 'conflict'
  if (
    /name conflicts with an existing|already in use by container|with name \S+ already exists|AlreadyExists/i.test(
      message,
    )
  )
    return 'nameTaken'
  if (
    /\b(is|are) in use\b|has active endpoints|is being used by|is using (its|the) referenced image|image is referenced in multiple/i.test(
      message,
    )
  )
    return 'inUse'
  switch (status) {
    case 400:
      return 'badRequest'
    case 401:
    case 403:
      return 'unauthorized'
    case 404:
      return 'notFound'
    case 406:
      return 'conflict'
    case 409:
      return 'conflict'
    default:
      return classifyText(message)
  }
}

/** Refusals inside a progress stream, or with status 500, say what they are by their text only. */
function classifyText(message: string): EngineErrorKind {
  if (/authentication required|unauthorized|no basic auth credentials|denied: requested access/i.test(message))
    return 'unauthorized'
  if (
    /manifest unknown|manifest for .* not found|repository does not exist|no such image|name unknown|^network \S+ not found/i.test(
      message,
    )
  )
    return 'notFound'
  return 'other'
}
