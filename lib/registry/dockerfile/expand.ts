/** Variables in instructions: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`. */
export type Variables = ReadonlyMap<string, string>

const reference = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\})/y

/** Quotes are taken off; single quotes keep `$` as it is. A variable that is not set becomes empty, as builders do. */
export function expand(text: string, variables: Variables, escape: string): string {
  let result = ''
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (char === escape && quote !== "'" && at + 1 < text.length) {
      const next = text[at + 1] ?? ''
      // Within quotes only what has a meaning of its own is escaped.
      result += quote === '"' && !['"', '$', escape].includes(next) ? char + next : next
      at += 1
      continue
    }
    if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === '$' && quote !== "'") {
      reference.lastIndex = at
      const found = reference.exec(text)
      if (found === null) {
        result += char
        continue
      }
      result += valueOf(found, variables, escape)
      at += found[0].length - 1
    } else result += char
  }
  return result
}

function valueOf(found: RegExpExecArray, variables: Variables, escape: string): string {
  const [, plain, braced, operator, word = ''] = found
  const value = variables.get(plain ?? braced ?? '')
  if (operator === undefined) return value ?? ''
  const present = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined
  if (operator.endsWith('+')) return present ? expand(word, variables, escape) : ''
  return present ? (value ?? '') : expand(word, variables, escape)
}

/** The pairs of ENV, LABEL and ARG; `ENV key some words` is the old form with one pair. */
export function readPairs(
  words: readonly { readonly text: string }[],
  text: string,
): readonly (readonly [string, string])[] {
  const first = words[0]?.text ?? ''
  if (!first.includes('=')) return first === '' ? [] : [[first, text.slice(text.indexOf(first) + first.length).trim()]]
  return words.map(({ text: word }) => {
    const at = word.indexOf('=')
    return at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
  })
}
