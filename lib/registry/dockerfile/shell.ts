/** Splits shell text into its commands, as far as a linter needs it. */
export interface Command {
  /** Quotes taken off, assignments before the program left out. */
  readonly words: readonly string[]
  readonly offset: number
}

const breaks = new Set([';', '&', '|', '\n', '(', ')'])
const leading = new Set(['sudo', 'exec', 'command', 'time', 'then', 'do', 'else', 'if', '!', '{'])

export function splitCommands(text: string): readonly Command[] {
  const commands: { words: string[]; offset: number }[] = []
  let words: string[] = []
  let word: string | undefined
  let quote = ''
  let start = 0
  const endWord = (): void => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = (at: number): void => {
    endWord()
    if (words.length > 0) commands.push({ words, offset: start })
    words = []
    start = at + 1
  }
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (char === '\\' && quote !== "'") {
      word = (word ?? '') + (text[at + 1] === '\n' ? '' : (text[at + 1] ?? ''))
      at += 1
    } else if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === '#' && word === undefined) {
      while (at + 1 < text.length && text[at + 1] !== '\n') at += 1
    } else if (char === '&' && (text[at - 1] === '>' || text[at + 1] === '>')) word = (word ?? '') + char
    else if (breaks.has(char) && !(char === '(' && word?.endsWith('$'))) endCommand(at)
    else if (/\s/.test(char)) endWord()
    else word = (word ?? '') + char
  }
  endCommand(text.length)
  return commands
    .map(({ words: all, offset }) => ({ words: all.slice(programAt(all)), offset }))
    .filter(({ words: rest }) => rest.length > 0)
}

function programAt(words: readonly string[]): number {
  let at = 0
  while (at < words.length && (leading.has(words[at] ?? '') || /^[A-Za-z_]\w*=/.test(words[at] ?? ''))) at += 1
  return at
}

/** The last part of a program's path. */
export const programOf = ({ words }: Command): string => words[0]?.split('/').at(-1) ?? ''
