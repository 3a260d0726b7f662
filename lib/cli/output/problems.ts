/** Problems as people read them: where, what, why, what to do, with the line in question. */
import { catalogue } from '../../core/codes.ts'
import type { Code, Severity } from '../../core/codes.ts'
import type { SourcePosition } from '../../core/problems.ts'
import type { Style } from './style.ts'
import { cut, harmless, wrap } from './width.ts'

/** What both our own problems and those of a server have. */
export interface ShownProblem {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  readonly path?: string | undefined
  readonly pointer?: string | undefined
  readonly parameter?: string | undefined
  readonly source?: (Omit<SourcePosition, 'file'> & { readonly file?: string | undefined }) | undefined
  readonly value?: string | undefined
  readonly allowed?: readonly string[] | undefined
  readonly fix?: string | undefined
}

export interface ProblemOptions {
  readonly style: Style
  readonly width?: number
  /** Text that positions refer to. */
  readonly text?: string
  /** Name of that text where a problem does not say. */
  readonly file?: string
}

const mostAllowed = 12
/** Whose meaning would only repeat the message. */
const selfEvident: ReadonlySet<Code> = new Set(['usage', 'declined'])

export function formatProblems(problems: readonly ShownProblem[], options: ProblemOptions): string {
  const ordered = [...problems].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.source?.line ?? 0) - (b.source?.line ?? 0) ||
      (a.source?.column ?? 0) - (b.source?.column ?? 0),
  )
  return ordered.map((problem) => formatProblem(problem, options)).join('\n\n')
}

const rank = (problem: ShownProblem): number => ({ error: 0, warning: 1, info: 2 })[problem.severity]

export function formatProblem(problem: ShownProblem, options: ProblemOptions): string {
  const { style } = options
  const colour = { error: style.red, warning: style.yellow, info: style.cyan }[problem.severity]
  const head = `${placeOf(problem, options, style)}${colour(`${problem.severity}[${problem.code}]`)} ${harmless(problem.message)}`
  const lines = [head, ...excerpt(problem, options)]
  const note = (name: string, text: string): void => {
    const width = (options.width ?? 100) - name.length - 6
    const [first = '', ...rest] = wrap(harmless(text), Math.max(40, width))
    lines.push(`  ${style.dim(`${name}:`)} ${first}`, ...rest.map((line) => `  ${' '.repeat(name.length + 2)}${line}`))
  }
  if (problem.source === undefined && problem.path !== undefined) note('at', problem.path)
  if (problem.parameter !== undefined) note('at', `parameter ${problem.parameter}`)
  const why = selfEvident.has(problem.code) ? undefined : catalogueMeaning(problem.code)
  if (why !== undefined) note('why', why)
  if (problem.allowed !== undefined && problem.allowed.length > 0) {
    const more = problem.allowed.length - mostAllowed
    note('allowed', problem.allowed.slice(0, mostAllowed).join(', ') + (more > 0 ? ` and ${String(more)} more` : ''))
  }
  if (problem.fix !== undefined) note('fix', problem.fix)
  return lines.join('\n')
}

/** A newer server may know codes that we do not. */
const catalogueMeaning = (code: string): string | undefined =>
  Object.hasOwn(catalogue, code) ? catalogue[code as Code].meaning : undefined

function placeOf(problem: ShownProblem, options: ProblemOptions, style: Style): string {
  if (problem.source === undefined) return ''
  const file = problem.source.file ?? options.file ?? 'manifest'
  return style.bold(`${file}:${String(problem.source.line)}:${String(problem.source.column)}:`) + ' '
}

/** The line, and a caret under what is meant. */
function excerpt({ source }: ShownProblem, { text, width = 100, style }: ProblemOptions): readonly string[] {
  const line = source === undefined ? undefined : text?.split(/\r?\n/)[source.line - 1]
  if (source === undefined || line === undefined) return []
  const number = String(source.line)
  const at = Math.min(source.column - 1, line.length)
  const token = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s:,[\]{}#]+|[^\s])/.exec(line.slice(at))?.[0] ?? ' '
  // A very long line is shown around its place.
  const room = Math.max(40, width - number.length - 6)
  const from = at > room - 20 ? at - Math.floor(room / 2) : 0
  const shownLine = cut(harmless(line.slice(from).replaceAll('\t', ' ')), room)
  const caret = ' '.repeat(at - from) + '^'.repeat(Math.min(token.length, Math.max(1, room - (at - from))))
  const bar = style.dim('│')
  return [`  ${style.dim(number)} ${bar} ${shownLine}`, `  ${' '.repeat(number.length)} ${bar} ${style.red(caret)}`]
}
