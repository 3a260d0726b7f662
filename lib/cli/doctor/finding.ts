/** What a look at the machine found. */
import type { Code } from '../../core/codes.ts'

export interface Finding {
  /** What was looked at, e.g. `engine`. */
  readonly subject: string
  readonly state: 'ok' | 'warning' | 'error'
  /** Absent where all is well. */
  readonly code?: Code
  readonly finding: string
  readonly fix?: string
}
