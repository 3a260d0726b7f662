/** What went wrong, said once, and the exit status that it stands for. */
import { catalogue } from '../core/codes.ts'
import type { Code } from '../core/codes.ts'
import { EscaleError } from '../core/errors.ts'
import { isApiError } from './api-error.ts'
import type { Output } from './output/output.ts'
import type { ShownProblem } from './output/problems.ts'

/** As a shell says of a program that Ctrl-C ended. */
export const interruptedStatus = 130

/** A refusal that belongs to a text of the user: shown with its lines. */
export class RefusedText extends EscaleError {
  override readonly name = 'RefusedText'
  readonly text: string
  readonly file: string

  constructor(code: Code, problems: EscaleError['problems'], source: { readonly text: string; readonly file: string }) {
    super(code, `${source.file} has problems`, { problems })
    this.text = source.text
    this.file = source.file
  }
}

/** A newer server may know codes that we do not. */
export const exitStatusOf = (code: Code): number => (Object.hasOwn(catalogue, code) ? catalogue[code].exitCode : 1) || 1

export function tellFailure(
  out: Output,
  error: unknown,
  debug: boolean,
  source?: { readonly text: string; readonly file: string },
): number {
  if (error instanceof RefusedText) {
    out.problems(error.problems, { text: error.text, file: error.file })
    return exitStatusOf(error.code)
  }
  if (error instanceof EscaleError) {
    out.problems(withFix(error.problems), source)
    return exitStatusOf(error.code)
  }
  if (isApiError(error)) {
    out.problems(withFix(error.problems), source)
    if (error.traceId !== undefined && out.forPeople && error.status >= 500)
      out.note(`trace id of the server: ${error.traceId}`)
    return exitStatusOf(error.code)
  }
  const message = error instanceof Error ? error.message : String(error)
  out.problems([
    {
      code: 'internal-error',
      severity: 'error',
      message,
      fix: 'this is a fault of escale itself: run it again with ESCALE_DEBUG=1 to see where',
    },
  ])
  if (debug && error instanceof Error && error.stack !== undefined) out.note(error.stack)
  return 1
}

/** What to do about a code where nobody said. */
const remedies: Partial<Readonly<Record<Code, string>>> = {
  unreachable: 'is it running? `escale up` starts one on this machine, `escale doctor` looks for what is missing',
  unauthenticated: 'log in again: escale login URL',
  forbidden: 'ask an owner of the project for a token that may',
}

const withFix = (problems: readonly ShownProblem[]): readonly ShownProblem[] =>
  problems.map((problem) => {
    const remedy = Object.hasOwn(remedies, problem.code) ? remedies[problem.code] : undefined
    return problem.fix !== undefined || remedy === undefined ? problem : { ...problem, fix: remedy }
  })
