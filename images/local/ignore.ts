/** Which files of a build context `.dockerignore` leaves out. The last pattern that matches decides; `!` takes back. */
export type Ignores = (path: string) => boolean

interface Rule {
  readonly pattern: RegExp
  readonly keeps: boolean
}

export function parseIgnore(text: string): Ignores {
  const rules: Rule[] = []
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const keeps = line.startsWith('!')
    const glob = (keeps ? line.slice(1) : line)
      .trim()
      .replace(/^(\.?\/)+/, '')
      .replace(/\/+$/, '')
    if (glob !== '' && glob !== '.') rules.push({ pattern: toPattern(glob), keeps })
  }
  return (path) => {
    let ignored = false
    for (const { pattern, keeps } of rules) if (pattern.test(path)) ignored = !keeps
    return ignored
  }
}

/** A pattern that names a folder covers what is below it. */
function toPattern(glob: string): RegExp {
  let text = ''
  for (let at = 0; at < glob.length; at++) {
    const char = glob.charAt(at)
    if (char === '*' && glob.charAt(at + 1) === '*') {
      at += glob.charAt(at + 2) === '/' ? 2 : 1
      text += glob.charAt(at) === '/' ? '(?:.*/)?' : '.*'
    } else if (char === '*') text += '[^/]*'
    else if (char === '?') text += '[^/]'
    else if (char === '[' && glob.indexOf(']', at) > at) {
      const end = glob.indexOf(']', at)
      text += glob.slice(at, end + 1).replace('[!', '[^')
      at = end
    } else text += char.replace(/[.+^${}()|\\\]]/, '\\$&')
  }
  try {
    return new RegExp(`^${text}(?:/.*)?$`)
  } catch {
    // A class such as [z-a] is no pattern; the engine's own reader matches nothing by it but its own text.
    return new RegExp(`^${glob.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?:/.*)?$`)
  }
}
