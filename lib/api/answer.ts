/** Responses: JSON, problems, and the headers that all of them carry. */
import { EscaleError } from '../core/errors.ts'
import { hasErrors } from '../core/problems.ts'
import { problemBody } from './present/problems.ts'
import type { RequestProblem } from './present/problems.ts'

/** The API answers data, never pages: nothing of it may be framed, sniffed or cached. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export const jsonResponse = (
  status: number,
  body: unknown,
  traceId: string,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: {
      ...securityHeaders,
      ...(status !== 204 && { 'content-type': 'application/json' }),
      'x-trace-id': traceId,
      ...headers,
    },
  })

export function problemResponse(
  error: EscaleError,
  traceId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // What is unforeseen is told to the log, not to the caller.
  const hide = error.code === 'internal-error'
  const detail = hide ? `Something went wrong inside Escale; its log says more under trace ${traceId}.` : error.message
  const problems: readonly RequestProblem[] = hide
    ? [{ code: 'internal-error', severity: 'error', message: detail }]
    : error.problems
  const body = problemBody(error.code, detail, problems, traceId)
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: { ...securityHeaders, 'content-type': 'application/problem+json', 'x-trace-id': traceId, ...headers },
  })
}

/** Whatever was thrown, as an error with a code. */
export const asEscaleError = (thrown: unknown): EscaleError =>
  thrown instanceof EscaleError ? thrown : new EscaleError('internal-error', 'unforeseen', { cause: thrown })

/** Throws all problems of a request at once; the first error decides the status. */
export function refuseRequest(problems: readonly RequestProblem[]): void {
  if (!hasErrors(problems)) return
  const [first] = problems
  if (first === undefined) return
  const more = problems.length === 1 ? '' : ` And ${String(problems.length - 1)} more.`
  throw new EscaleError(first.code, `${first.message}${more}`, { problems })
}
