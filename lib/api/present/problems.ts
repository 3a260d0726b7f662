/** Problems and errors, from inside to the wire. */
import type * as z from 'zod'
import { codeInfo } from '../../core/codes.ts'
import { problem } from '../../core/errors.ts'
import type { Code } from '../../core/codes.ts'
import type { Problem } from '../../core/problems.ts'
import type { problemDocument, problemItem } from '../schemas/problem.ts'

export type ProblemItem = z.input<typeof problemItem>
export type ProblemDocument = z.input<typeof problemDocument>

/** A problem in a request: also says where in it. */
export interface RequestProblem extends Problem {
  /** JSON pointer into the body, as a URI fragment. */
  readonly pointer?: string
  /** Query parameter or header. */
  readonly parameter?: string
}

/** Makes a problem in a request. */
export const requestProblem = (
  code: Code,
  message: string,
  rest: Omit<RequestProblem, 'code' | 'message' | 'severity'> = {},
): RequestProblem => ({ ...problem(code, message), ...rest })

export const problemView = (problem: RequestProblem): ProblemItem => ({
  code: problem.code,
  severity: problem.severity,
  message: problem.message,
  ...(problem.path !== undefined && { path: problem.path }),
  ...(problem.pointer !== undefined && { pointer: problem.pointer }),
  ...(problem.parameter !== undefined && { parameter: problem.parameter }),
  ...(problem.source !== undefined && { source: problem.source }),
  ...(problem.value !== undefined && { value: problem.value }),
  ...(problem.allowed !== undefined && { allowed: problem.allowed }),
  ...(problem.fix !== undefined && { fix: problem.fix }),
})

export function problemBody(
  code: Code,
  detail: string,
  problems: readonly RequestProblem[],
  traceId: string,
): ProblemDocument {
  const info = codeInfo(code)
  return {
    type: `urn:escale:problem:${code}`,
    title: info.meaning,
    status: info.httpStatus,
    detail,
    code,
    problems: problems.map(problemView),
    traceId,
  }
}
