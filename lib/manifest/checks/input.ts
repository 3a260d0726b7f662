/** What every check sees: the manifest with its defaults, and a way to report that knows positions. */
import type { Code } from '../../core/codes.ts'
import type { Node } from '../text/tree.ts'
import type { CompleteManifest } from '../sections/manifest.ts'

export interface ReportOptions {
  readonly value?: string
  readonly allowed?: readonly string[]
  readonly fix?: string
  /** Point at the key rather than at its value. */
  readonly part?: 'key' | 'value'
}

export type Report = (path: readonly string[], code: Code, message: string, options?: ReportOptions) => void

export interface CheckInput {
  readonly manifest: CompleteManifest
  /** Services and jobs that only the environment brings: perhaps misspelt names. */
  readonly added: ReadonlySet<string>
  /** What the author wrote at a path, right or wrong, in the long form and before any default. */
  readonly written: (path: readonly string[]) => Node | undefined
  readonly report: Report
}
