/** Reads `WWW-Authenticate` (RFC 9110 §11): one or more challenges with quoted or plain parameters. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  /** By name in lower case. */
  readonly params: Readonly<Record<string, string>>
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const quoted = /"((?:[^"\\]|\\.)*)"/y
const blanks = /[ \t]*/y
const separators = /[ \t,]*/y

export function parseChallenges(header: string): readonly Challenge[] {
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(header)
    if (found === null) return undefined
    at = pattern.lastIndex
    return found
  }
  const challenges: { readonly scheme: string; readonly params: Record<string, string> }[] = []
  while (at < header.length) {
    take(separators)
    const word = take(token)?.[0]
    if (word === undefined) break
    take(blanks)
    const current = challenges.at(-1)
    if (header[at] !== '=' || current === undefined) {
      challenges.push({ scheme: word.toLowerCase(), params: {} })
      continue
    }
    at += 1
    take(blanks)
    const value = take(quoted)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? take(token)?.[0] ?? ''
    current.params[word.toLowerCase()] = value
  }
  return challenges
}
