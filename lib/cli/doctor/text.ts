/** Findings as a list: what is well, what is not, and what to do. */
import type { Style } from '../output/style.ts'
import { harmless, pad, widthOf, wrap } from '../output/width.ts'
import type { Finding } from './finding.ts'

export function findingsText(findings: readonly Finding[], style: Style, width = 100): string {
  const column = Math.max(0, ...findings.map((finding) => widthOf(finding.subject)))
  return findings
    .flatMap((finding) => {
      const sign = { ok: style.green('✓'), warning: style.yellow('!'), error: style.red('✗') }[finding.state]
      const indent = ' '.repeat(column + 4)
      const room = Math.max(40, width - column - 4)
      const code = finding.code === undefined ? '' : ` [${finding.code}]`
      const [first = '', ...rest] = wrap(harmless(finding.finding) + code, room)
      const fix = finding.fix === undefined ? [] : wrap(`→ ${harmless(finding.fix)}`, room)
      return [`${sign} ${pad(finding.subject, column)}  ${first}`, ...[...rest, ...fix].map((line) => indent + line)]
    })
    .join('\n')
}
