/** Reads a Dockerfile into instructions with their positions; what is malformed is reported, not thrown. */
import type { Code } from '../../core/codes.ts'
import { problem } from '../../core/errors.ts'
import type { Problem, SourcePosition } from '../../core/problems.ts'
import { isKeyword, keywords, readLines } from './lines.ts'
import type { Heredoc, Keyword, LogicalLine, Place } from './lines.ts'
import { nearest } from './nearest.ts'

/** A finding always says where. */
export type Finding = Problem & { readonly source: SourcePosition }

export const finding = (
  code: Code,
  place: Place,
  message: string,
  rest: Pick<Problem, 'fix' | 'value' | 'allowed'> = {},
): Finding => ({
  ...problem(code, message, rest),
  source: { line: place.line, column: place.column },
})

export interface Word extends Place {
  /** As written, quotes included. */
  readonly text: string
}

export interface Flag extends Place {
  readonly name: string
  readonly value: string
}

export interface Instruction extends Place {
  readonly keyword: Keyword
  readonly flags: readonly Flag[]
  /** What follows keyword and flags, on one line. */
  readonly text: string
  readonly words: readonly Word[]
  /** The list of the exec form. */
  readonly json?: readonly string[]
  readonly heredocs: readonly Heredoc[]
  /** A continuation over an empty line has drawn other instructions in; its text means little. */
  readonly broken: boolean
  /** Set on what stands behind ONBUILD, which does not happen in this build. */
  readonly deferred: boolean
}

export interface Dockerfile {
  readonly escape: '\\' | '`'
  readonly directives: Readonly<Record<string, string>>
  readonly instructions: readonly Instruction[]
  readonly problems: readonly Finding[]
}

const takesJson: ReadonlySet<string> = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME'])
const takesFlags: ReadonlySet<string> = new Set(['ADD', 'COPY', 'FROM', 'HEALTHCHECK', 'RUN'])

export function parseDockerfile(source: string): Dockerfile {
  const { escape, directives, lines } = readLines(source)
  const problems: Finding[] = []
  const instructions = lines.flatMap((line) => {
    const read = readInstruction(line, escape, problems)
    return read === undefined ? [] : [read]
  })
  problems.push(...structure(instructions))
  return { escape, directives, instructions, problems }
}

function readInstruction(line: LogicalLine, escape: string, problems: Finding[]): Instruction | undefined {
  const [, word = '', behind = ''] = /^(\S+)(\s*)/.exec(line.text) ?? []
  const place = line.placeOf(0)
  if (line.emptyAfterContinuation !== undefined) problems.push(emptyContinuation(line.emptyAfterContinuation))
  const keyword = word.toUpperCase()
  if (!isKeyword(keyword)) {
    const guess = nearest(keyword, keywords)
    problems.push(
      finding('df-unknown-instruction', place, `"${word}" is not an instruction`, {
        value: word,
        ...(guess === undefined ? { allowed: keywords } : { fix: `write \`${guess}\`` }),
      }),
    )
    // Read as what was meant, so that the rest is judged as the author sees it.
    if (guess === undefined) return undefined
    return build(guess, line, word.length + behind.length, escape, problems)
  }
  return build(keyword, line, word.length + behind.length, escape, problems)
}

const emptyContinuation = (at: Place & { readonly swallows: boolean }): Finding => {
  const fix = 'remove the `\\` at the end of the line before, or the empty line'
  if (at.swallows)
    return finding(
      'df-continuation',
      at,
      'the line before ends with a continuation and this line is empty, so the next instruction becomes part of it',
      { fix },
    )
  return {
    ...finding(
      'df-continuation',
      at,
      'an empty line stands within a continued instruction; builders will refuse it one day',
      { fix },
    ),
    severity: 'warning',
  }
}

function build(keyword: Keyword, line: LogicalLine, from: number, escape: string, problems: Finding[]): Instruction {
  const place = line.placeOf(0)
  if (keyword === 'ONBUILD') {
    const [, inner = '', behind = ''] = /^(\S+)(\s*)/.exec(line.text.slice(from)) ?? []
    const upper = inner.toUpperCase()
    if (isKeyword(upper) && !['ONBUILD', 'FROM', 'MAINTAINER'].includes(upper))
      return { ...build(upper, line, from + inner.length + behind.length, escape, problems), deferred: true }
    problems.push(
      finding('df-syntax', place, `ONBUILD cannot be followed by "${inner}"`, {
        fix: 'put an instruction such as RUN or COPY behind ONBUILD',
      }),
    )
  }
  const { flags, at } = takesFlags.has(keyword) ? readFlags(line, from) : { flags: [], at: from }
  const text = line.text.slice(at)
  const words = splitWords(text, escape).map((found) => ({ text: found.text, ...line.placeOf(at + found.offset) }))
  const json = takesJson.has(keyword) ? readJson(text) : undefined
  if (takesJson.has(keyword) && json === undefined && /^\[.*\]\s*$/.test(text) && keyword !== 'RUN')
    problems.push(
      finding('df-json-form', line.placeOf(at), `the list ${text} is not valid JSON, so it is taken as plain words`, {
        fix: 'put each element in double quotes and separate them by commas',
      }),
    )
  if (line.openHeredoc !== undefined)
    problems.push(
      finding('df-syntax', place, `the here-document "${line.openHeredoc}" has no end`, {
        fix: `put a line \`${line.openHeredoc}\` behind it`,
      }),
    )
  if (text === '' && keyword !== 'ONBUILD')
    problems.push(
      finding('df-syntax', place, `${keyword} needs an argument`, {
        fix: `write what ${keyword} is to do, or remove the line`,
      }),
    )
  return {
    keyword,
    ...place,
    flags,
    text,
    words,
    ...(json === undefined ? {} : { json }),
    heredocs: line.heredocs,
    broken: line.emptyAfterContinuation?.swallows ?? false,
    deferred: false,
  }
}

function readFlags(line: LogicalLine, from: number): { readonly flags: readonly Flag[]; readonly at: number } {
  const flags: Flag[] = []
  let at = from
  for (;;) {
    const found = /^--([a-z][a-z0-9-]*)(?:=("[^"]*"|\S*))?(?:\s+|$)/i.exec(line.text.slice(at))
    if (found === null) return { flags, at }
    flags.push({ name: found[1] ?? '', value: (found[2] ?? '').replaceAll('"', ''), ...line.placeOf(at) })
    at += found[0].length
  }
}

function readJson(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined
  } catch {
    // Builders take such text as shell form; the caller reports it.
    return undefined
  }
}

/** Blanks separate, except in quotes and behind the escape character. */
export function splitWords(
  text: string,
  escape: string,
): readonly { readonly text: string; readonly offset: number }[] {
  const words: { text: string; offset: number }[] = []
  let current = ''
  let start = 0
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (quote === '' && /\s/.test(char)) {
      if (current !== '') words.push({ text: current, offset: start })
      current = ''
      continue
    }
    if (current === '') start = at
    if (char === escape && quote !== "'" && at + 1 < text.length) {
      current += char + (text[at + 1] ?? '')
      at += 1
      continue
    }
    if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
    current += char
  }
  if (current !== '') words.push({ text: current, offset: start })
  return words
}

function structure(instructions: readonly Instruction[]): readonly Finding[] {
  const problems: Finding[] = []
  const first = instructions.find(({ keyword }) => keyword !== 'ARG')
  if (first?.keyword !== 'FROM')
    problems.push(
      finding('df-syntax', first ?? { line: 1, column: 1 }, 'the first instruction has to be FROM', {
        fix: 'begin with `FROM` and the base image',
      }),
    )
  for (const instruction of instructions) {
    const { keyword, words, json, heredocs } = instruction
    if (keyword === 'FROM' && words.length !== 1 && !(words.length === 3 && words[1]?.text.toUpperCase() === 'AS'))
      problems.push(
        finding('df-syntax', instruction, `FROM takes an image, and a name behind AS, not "${instruction.text}"`, {
          fix: 'write `FROM image:tag AS name`',
        }),
      )
    if (
      (keyword === 'COPY' || keyword === 'ADD') &&
      (json ?? words).length < 2 &&
      heredocs.length === 0 &&
      instruction.text !== ''
    )
      problems.push(
        finding('df-syntax', instruction, `${keyword} needs a source and a destination`, {
          fix: `write \`${keyword} source destination\``,
        }),
      )
    if (keyword === 'SHELL' && json === undefined)
      problems.push(
        finding('df-syntax', instruction, 'SHELL takes a JSON list only', {
          fix: 'write e.g. `SHELL ["/bin/bash", "-c"]`',
        }),
      )
  }
  return problems
}
