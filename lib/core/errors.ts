/** The unforeseen, typed and coded; and the one way to make a problem. The codes stand in `codes.ts`. */
import { catalogue, type Code } from './codes.ts'
import type { Problem } from './problems.ts'

/** Makes a problem with the catalogue's severity. */
export function problem(
  code: Code,
  message: string,
  rest: Omit<Problem, 'code' | 'message' | 'severity'> = {},
): Problem {
  return { code, severity: catalogue[code].severity, message, ...rest }
}

/** The unforeseen, typed and coded; also carries problems across a boundary that can only throw. */
export class EscaleError extends Error {
  override readonly name: string = 'EscaleError'
  readonly code: Code
  readonly problems: readonly Problem[]

  constructor(code: Code, message: string, options: { cause?: unknown; problems?: readonly Problem[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.problems = options.problems ?? [problem(code, message)]
  }
}

/** Throws the problems of a refusal as one error whose code is that of the first error among them. */
export function refuse(problems: readonly Problem[]): never {
  const first = problems.find((p) => p.severity === 'error')
  if (first === undefined) throw new EscaleError('internal-error', 'refused without an error among the problems')
  throw new EscaleError(first.code, first.message, { problems })
}
