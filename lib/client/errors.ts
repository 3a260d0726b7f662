/** What went wrong, as the API told it. */
import type * as z from 'zod'
import type { problemDocument } from '../api/schemas/problem.ts'

export type ProblemDocument = z.output<typeof problemDocument>
export type ApiProblem = ProblemDocument['problems'][number]
export type ApiCode = ProblemDocument['code']

/** An answer that is no success, or none at all (`unreachable`, status 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: ApiCode
  readonly problems: readonly ApiProblem[]
  readonly traceId: string | undefined

  constructor(
    status: number,
    told: {
      readonly code: ApiCode
      readonly detail: string
      readonly problems?: readonly ApiProblem[]
      readonly traceId?: string
    },
    cause?: unknown,
  ) {
    super(told.detail, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = told.code
    this.problems = told.problems ?? [{ code: told.code, severity: 'error', message: told.detail }]
    this.traceId = told.traceId
  }
}

const isDocument = (value: unknown): value is ProblemDocument =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'problems' in value

/** The error that a response stands for. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  if (response.headers.get('content-type')?.includes('application/problem+json') === true) {
    const parsed: unknown = JSON.parse(text)
    if (isDocument(parsed)) return new ApiError(response.status, parsed)
  }
  const detail = `${response.url} answered ${String(response.status)} without a problem document: is this an Escale server?`
  return new ApiError(response.status, { code: response.status >= 500 ? 'unreachable' : 'internal-error', detail })
}
