/** What could stand as the last word of a command line. */
import { longName } from '../spec.ts'
import type { AnyCommand, AnyRecord } from '../command.ts'
import type { ArgumentSpec, OptionSpec, OptionSpecs } from '../spec.ts'
import { globalOptions, watchOption } from '../globals.ts'
import type { World } from '../world.ts'
import { namesFor } from './names.ts'

export interface Candidate {
  readonly word: string
  readonly says: string
}

/** Told to the shell instead of names: it knows its own files best. */
export const fileDirective = ':file'
export const folderDirective = ':folder'

interface Place {
  readonly records: readonly AnyRecord[]
  readonly command?: AnyCommand
  /** Operands so far. */
  readonly operands: readonly string[]
  /** The option that waits for its value. */
  readonly pending?: OptionSpec
  readonly values: Readonly<Record<string, string>>
  readonly literal: boolean
}

export async function candidates(
  world: World,
  records: readonly AnyRecord[],
  words: readonly string[],
): Promise<readonly Candidate[]> {
  // bash hands over `--output=json` as three words.
  const joined = words.filter((word, index) => !(word === '=' && index > 0 && words[index - 1]!.startsWith('--')))
  const unfinished = joined.at(-1) ?? ''
  const place = locate(records, joined.slice(0, -1))
  const starting = (items: readonly Candidate[]): readonly Candidate[] =>
    items.filter(({ word }) => word.startsWith(unfinished) || word.startsWith(':'))
  if (place.pending !== undefined) return starting(await valuesOf(world, place.pending, place.values))
  const assigned = /^--([a-z-]+)=(.*)$/.exec(unfinished)
  if (assigned !== null && !place.literal) {
    const spec = findOption(place.command, `--${assigned[1]!}`)
    const found = spec === undefined ? [] : await valuesOf(world, spec, place.values)
    return starting(found.map(({ word, says }) => ({ word: `--${assigned[1]!}=${word}`, says })))
  }
  if (unfinished.startsWith('-') && !place.literal) return starting(optionsAt(place.command))
  if (place.command === undefined) {
    return starting(
      place.records
        .filter((record) => record.hidden !== true)
        .map(({ name, summary }) => ({ word: name, says: summary })),
    )
  }
  const spec = argumentAt(place.command, place.operands.length)
  return spec === undefined ? [] : starting(await valuesOf(world, spec, place.values))
}

const optionSpecs = (command: AnyCommand | undefined): OptionSpecs => ({
  ...command?.options,
  ...(command?.watchable === true && watchOption),
  ...globalOptions,
})

const optionsAt = (command: AnyCommand | undefined): readonly Candidate[] => [
  ...Object.entries(optionSpecs(command)).map(([key, spec]) => ({
    word: `--${longName(key)}`,
    says: spec.description,
  })),
  { word: '--no-color', says: 'no colours' },
  { word: '--help', says: 'how it is used' },
]

function findOption(command: AnyCommand | undefined, word: string): OptionSpec | undefined {
  const found = Object.entries(optionSpecs(command)).find(
    ([key, spec]) => word === `--${longName(key)}` || (spec.short !== undefined && word === `-${spec.short}`),
  )
  return found?.[1]
}

const keyOf = (command: AnyCommand | undefined, spec: OptionSpec): string | undefined =>
  Object.entries(optionSpecs(command)).find(([, each]) => each === spec)?.[0]

function argumentAt(command: AnyCommand, index: number): ArgumentSpec | undefined {
  const specs = Object.values(command.arguments)
  const last = specs.at(-1)
  return specs[index] ?? (last?.rest === true ? last : undefined)
}

function locate(records: readonly AnyRecord[], words: readonly string[]): Place {
  let level = records
  let command: AnyCommand | undefined
  let pending: OptionSpec | undefined
  let literal = false
  const operands: string[] = []
  const values: Record<string, string> = {}
  for (const word of words) {
    if (pending !== undefined) {
      const key = keyOf(command, pending)
      if (key !== undefined) values[key] = word
      pending = undefined
    } else if (literal) operands.push(word)
    else if (word === '--') literal = true
    else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=', 2)
      const spec = findOption(command, name)
      if (spec === undefined || spec.value === undefined || spec.valueOptional === true) continue
      if (value === undefined) pending = spec
      else values[keyOf(command, spec) ?? ''] = value
    } else if (command !== undefined) operands.push(word)
    else {
      const found = level.find((record) => record.name === word)
      if (found?.kind === 'group') level = found.commands
      else if (found?.kind === 'command') command = found
      else level = []
    }
  }
  return {
    records: level,
    operands,
    values,
    literal,
    ...(command !== undefined && { command }),
    ...(pending !== undefined && { pending }),
  }
}

async function valuesOf(
  world: World,
  spec: OptionSpec | ArgumentSpec,
  values: Readonly<Record<string, string>>,
): Promise<readonly Candidate[]> {
  if (spec.choices !== undefined) return spec.choices.map((word) => ({ word, says: spec.description }))
  switch (spec.completes) {
    case undefined:
      return []
    case 'file':
      return [{ word: fileDirective, says: '' }]
    case 'folder':
      return [{ word: folderDirective, says: '' }]
    case 'app':
    case 'service':
    case 'job':
    case 'cluster':
    case 'environment':
    case 'context':
    case 'project':
      return (await namesFor(world, spec.completes, values)).map((word) => ({ word, says: spec.completes! }))
  }
}
