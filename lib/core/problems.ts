/**
 * A problem in something a user gave us. Problems are values: they are gathered and returned together,
 * never thrown one by one. Text may change between releases; `code` and `path` may not.
 */
import type { Code, Severity } from './codes.ts'

/** Where in a file something stands; lines and columns count from 1. */
export interface SourcePosition {
  readonly file?: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  readonly code: Code
  readonly severity: Severity
  /** What is wrong, quoting the offending value unless it may be secret. One sentence, no trailing newline. */
  readonly message: string
  /** Dotted path into the input, e.g. `services.web.ports.http`. Keys that hold dots are quoted: `files."/etc/a.conf"`. */
  readonly path?: string
  readonly source?: SourcePosition
  /** The offending value as text, masked where it may be secret. */
  readonly value?: string
  readonly allowed?: readonly string[]
  /** What to do about it, as an instruction. */
  readonly fix?: string
}

/** Either a value (perhaps with warnings) or the errors that stand in its way. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export const isError = (problem: Problem): boolean => problem.severity === 'error'

export const hasErrors = (problems: readonly Problem[]): boolean => problems.some(isError)

/** The outcome that `problems` allow: any error among them makes it a refusal. */
export function outcome<T>(value: T, problems: readonly Problem[]): Outcome<T> {
  return hasErrors(problems) ? { ok: false, problems } : { ok: true, value, problems }
}

const plainSegment = /^[A-Za-z_][A-Za-z0-9_-]*$|^\d+$/

/** Joins path segments the way problems, ledger rows and plans print them. */
export function formatPath(segments: readonly (string | number)[]): string {
  return segments
    .map((segment) => (plainSegment.test(String(segment)) ? String(segment) : JSON.stringify(String(segment))))
    .join('.')
}
