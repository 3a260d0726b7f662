/** Gathers problems and gives them their place in the file. */
import { problem } from '../../core/errors.ts'
import type { Code } from '../../core/codes.ts'
import { formatPath } from '../../core/problems.ts'
import type { Problem, SourcePosition } from '../../core/problems.ts'

export interface Finding {
  readonly code: Code
  readonly message: string
  readonly path?: readonly string[]
  /** Offset into the text; `nowhere` where it stands in none. */
  readonly at: number
  readonly value?: string
  readonly allowed?: readonly string[]
  readonly fix?: string
}

export interface Reporter {
  report(finding: Finding): void
  /** What was gathered, in the order of the file, each thing once. */
  problems(): readonly Problem[]
}

export type Locate = (offset: number) => SourcePosition | undefined

const longestValue = 120

const shorten = (value: string): string => (value.length > longestValue ? `${value.slice(0, longestValue)}…` : value)

/**
 * One slip is one problem: several stages may meet it, under the path of an overlay and of what it is laid over,
 * or wherever an alias repeats it.
 */
function identityOf({ code, path = [], at }: Finding): string {
  return at < 0 ? `${code}\n${path.join('\0')}` : `${code}\n${at}\n${path.at(-1) ?? ''}`
}

export function createReporter(locate: Locate, maxProblems: number): Reporter {
  const found = new Map<string, Finding>()
  let total = 0
  return {
    report(finding) {
      const key = identityOf(finding)
      if (found.has(key)) return
      total += 1
      if (found.size < maxProblems) found.set(key, finding)
    },
    problems() {
      const sorted = [...found.values()].sort((a, b) => a.at - b.at)
      const problems = sorted.map((finding) =>
        problem(finding.code, finding.message, {
          path: finding.path === undefined || finding.path.length === 0 ? undefined : formatPath(finding.path),
          source: locate(finding.at),
          value: finding.value === undefined ? undefined : shorten(finding.value),
          allowed: finding.allowed,
          fix: finding.fix,
        }),
      )
      if (total <= found.size) return problems
      return [...problems, problem('too-large', `${total - found.size} further problems are not listed`)]
    },
  }
}
