/** The plan's own text, with colours where there are any. */
import type { Plan } from '../../client/types.ts'
import type { Style } from './style.ts'
import { harmless } from './width.ts'

export function planText(plan: Plan, style: Style): string {
  const colours: Readonly<Record<string, (text: string) => string>> = {
    '+': style.green,
    '~': style.yellow,
    '±': style.yellow,
    '-': style.red,
    '=': style.cyan,
    '▶': style.cyan,
  }
  return plan.text
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const text = harmless(line)
      if (index === 0) return style.bold(text)
      const sign = /^ {2}(\S) /.exec(text)?.[1]
      return sign === undefined ? text : (colours[sign]?.(text) ?? text)
    })
    .join('\n')
}
