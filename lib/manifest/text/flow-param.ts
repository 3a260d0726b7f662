/** Finds `${name}` that stands unquoted in flow style: YAML's answer to it is no help to anybody. */

export interface FlowParam {
  readonly at: number
  readonly text: string
  /** The whole word it stands in, which has to be quoted. */
  readonly scalar: string
}

const reference = /\$\{[A-Za-z][A-Za-z0-9_-]*\}/g

/** The unquoted reference at or nearest before an error at `offset`, on its line. */
export function findFlowParam(text: string, offset: number): FlowParam | undefined {
  const lineStart = text.lastIndexOf('\n', Math.max(offset - 1, 0)) + 1
  const lineEnd = text.indexOf('\n', offset)
  const line = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd)
  // A line of a megabyte is nobody's flow map.
  if (line.length > 10_000) return undefined
  const quoted = quotedSpans(line)
  for (const match of line.matchAll(reference)) {
    if (quoted[match.index] === true) continue
    const end = match.index + match[0].length
    if (lineStart + end <= offset - 1) continue
    let from = match.index
    while (from > 0 && !/[\s,[\]{}]/.test(line[from - 1] ?? ' ')) from -= 1
    let to = end
    while (to < line.length && !/[\s,[\]{}]/.test(line[to] ?? ' ')) to += 1
    return { at: lineStart + match.index, text: match[0], scalar: line.slice(from, to) }
  }
  return undefined
}

/** For each character of a line, whether it stands in quotes. */
function quotedSpans(line: string): readonly boolean[] {
  const inside: boolean[] = []
  let quote = ''
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? ''
    if (quote === '' && (character === '"' || character === "'") && /[\s,[{:]/.test(line[index - 1] ?? ' '))
      quote = character
    else if (quote !== '' && character === quote && !(quote === '"' && line[index - 1] === '\\')) quote = ''
    inside.push(quote !== '')
  }
  return inside
}
