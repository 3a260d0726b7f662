/** Lines of a Dockerfile as builders join them, with the way back to where each character stood. */
import type { SourcePosition } from '../../core/problems.ts'

export type Place = Pick<SourcePosition, 'line' | 'column'>

export interface Heredoc {
  readonly name: string
  readonly content: string
  readonly place: Place
}

export interface LogicalLine {
  /** Continuations joined, comments within taken out. */
  readonly text: string
  /** Where the character of `text` at `offset` stands in the file. */
  placeOf(offset: number): Place
  readonly heredocs: readonly Heredoc[]
  /** Name of a heredoc whose end is missing. */
  readonly openHeredoc?: string
  /** Where an empty line stands after a continuation, and whether the next instruction was swallowed by it. */
  readonly emptyAfterContinuation?: Place & { readonly swallows: boolean }
}

export interface SourceLines {
  readonly escape: '\\' | '`'
  readonly directives: Readonly<Record<string, string>>
  readonly lines: readonly LogicalLine[]
}

export const keywords = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const
export type Keyword = (typeof keywords)[number]

export const isKeyword = (word: string): word is Keyword => keywords.some((keyword) => keyword === word)

const directivePattern = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*$/
const heredocPattern = /(?<!<)<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_]*)\2(?![<])/g

export function readLines(source: string): SourceLines {
  const rows = source.replace(/^\uFEFF/, '').split(/\r?\n/)
  const directives = readDirectives(rows)
  const escape = directives['escape'] === '`' ? '`' : '\\'
  const lines: LogicalLine[] = []
  for (let row = 0; row < rows.length;) {
    const text = rows[row] ?? ''
    if (text.trim() === '' || text.trimStart().startsWith('#')) {
      row += 1
      continue
    }
    const { line, next } = joinLine(rows, row, escape)
    lines.push(line)
    row = next
  }
  return { escape, directives, lines }
}

/** `# name=value` counts only above everything else. */
function readDirectives(rows: readonly string[]): Record<string, string> {
  const directives: Record<string, string> = {}
  for (const row of rows) {
    const [, name, value] = directivePattern.exec(row) ?? []
    if (name === undefined || value === undefined || !['syntax', 'escape', 'check'].includes(name.toLowerCase())) break
    directives[name.toLowerCase()] = value
  }
  return directives
}

function joinLine(
  rows: readonly string[],
  first: number,
  escape: string,
): { readonly line: LogicalLine; readonly next: number } {
  const pieces: { readonly start: number; readonly row: number; readonly column: number }[] = []
  const ending = escape === '`' ? /`[ \t]*$/ : /\\[ \t]*$/
  let text = ''
  let row = first
  let empty: LogicalLine['emptyAfterContinuation']
  for (; row < rows.length; row += 1) {
    const current = rows[row] ?? ''
    if (row > first && current.trimStart().startsWith('#')) continue
    if (row > first && current.trim() === '') {
      empty ??= { line: row + 1, column: 1, swallows: swallows(rows, row) }
      continue
    }
    const continues = ending.test(current)
    const from = row === first ? current.length - current.trimStart().length : 0
    pieces.push({ start: text.length, row, column: from })
    text += current.slice(from).replace(ending, '')
    if (!continues) break
  }
  const placeOf = (offset: number): Place => {
    const piece = pieces.findLast(({ start }) => start <= offset) ?? { start: 0, row: first, column: 0 }
    return { line: piece.row + 1, column: piece.column + offset - piece.start + 1 }
  }
  const { heredocs, open, next } = readHeredocs(text, rows, Math.min(row + 1, rows.length), placeOf)
  const line = {
    text: text.trimEnd(),
    placeOf,
    heredocs,
    ...(open === undefined ? {} : { openHeredoc: open }),
    ...(empty === undefined ? {} : { emptyAfterContinuation: empty }),
  }
  return { line, next }
}

function swallows(rows: readonly string[], row: number): boolean {
  const next = rows.slice(row).find((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  return next === undefined || isKeyword((next.trim().split(/\s/, 1)[0] ?? '').toUpperCase())
}

function readHeredocs(text: string, rows: readonly string[], from: number, placeOf: (offset: number) => Place) {
  const heredocs: Heredoc[] = []
  let next = from
  if (!/^(?:onbuild\s+)?(?:run|copy|add)\s/i.test(text)) return { heredocs, open: undefined, next }
  for (const found of text.matchAll(heredocPattern)) {
    const [, dash, , name = ''] = found
    const strip = (row: string): string => (dash === '-' ? row.replace(/^\t+/, '') : row)
    const end = rows.findIndex((row, at) => at >= next && strip(row) === name)
    if (end === -1) return { heredocs, open: name, next: rows.length }
    heredocs.push({ name, content: rows.slice(next, end).map(strip).join('\n'), place: placeOf(found.index) })
    next = end + 1
  }
  return { heredocs, open: undefined, next }
}
