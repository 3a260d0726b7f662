/** The records as a commander program: parsing, help, refusals and suggestions. */
import { Argument, Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander'
import { EscaleError, problem } from '../core/errors.ts'
import { longName } from './spec.ts'
import type { AnyCommand, AnyRecord, Input, Topic } from './command.ts'
import type { ArgumentSpec, OptionSpec, OptionSpecs, ArgumentSpecs } from './spec.ts'
import { globalOptions, noColour, watchOption } from './globals.ts'
import type { GlobalValues } from './globals.ts'

export interface Invocation {
  readonly command: AnyCommand
  readonly input: Input<OptionSpecs, ArgumentSpecs>
  readonly globals: GlobalValues
}

export interface ProgramOptions {
  readonly version: string
  readonly columns: number
  readonly write: (text: string) => void
}

const flagsOf = (key: string, spec: OptionSpec): string => {
  const value = spec.value === undefined ? '' : spec.valueOptional === true ? ` [${spec.value}]` : ` <${spec.value}>`
  return `${spec.short === undefined ? '' : `-${spec.short}, `}--${longName(key)}${value}`
}

export function optionOf(key: string, spec: OptionSpec): Option {
  const option = new Option(flagsOf(key, spec), spec.description)
  const { choices } = spec
  if (choices !== undefined) option.choices([...choices])
  // `--set a=1 --set b=2`: each takes one value, so that what follows is not swallowed.
  if (spec.repeat === true) {
    option.argParser((value: string, before: readonly string[] | undefined) => {
      if (choices?.includes(value) === false)
        throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`)
      return [...(before ?? []), value]
    })
  }
  return option
}

function argumentOf(key: string, spec: ArgumentSpec): Argument {
  const inner = `${longName(key)}${spec.rest === true ? '...' : ''}`
  const argument = new Argument(spec.required === true ? `<${inner}>` : `[${inner}]`, spec.description)
  if (spec.choices !== undefined) argument.choices([...spec.choices])
  return argument
}

export const optionsOf = (record: AnyCommand): OptionSpecs =>
  record.watchable === true ? { ...record.options, ...watchOption } : record.options

/** Parses a command line; undefined where help or the version was asked for and printed. */
export function parse(
  argv: readonly string[],
  topics: readonly Topic[],
  options: ProgramOptions,
): Invocation | undefined {
  let found: Invocation | undefined
  let failedAt = 'escale'
  const root = new Command('escale')
  const named = new Set(argv)

  const configure = (command: Command, path: string): void => {
    command.exitOverride((error) => {
      failedAt = path
      throw error
    })
    command.configureOutput({
      writeOut: options.write,
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => options.columns,
      getErrHelpWidth: () => options.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    command.configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (each) => each.name(),
      visibleGlobalOptions: (each) =>
        new Help().visibleGlobalOptions
          .call({ showGlobalOptions: true } as Help, each)
          .filter((option) => option.long !== '--version'),
    })
  }

  const add = (parent: Command, record: AnyRecord, path: string, topic?: string): void => {
    const command = new Command(record.name).summary(record.summary).description(record.description)
    configure(command, path)
    if (topic !== undefined) command.helpGroup(topic)
    parent.addCommand(command, { hidden: record.hidden === true })
    // What is not named on the line needs no more than its line in the list: this is most of the start-up time.
    if (!named.has(record.name)) return
    switch (record.kind) {
      case 'group':
        command.helpCommand(false)
        for (const child of record.commands) add(command, child, `${path} ${child.name}`)
        return
      case 'command':
        fill(command, record)
    }
  }

  const fill = (command: Command, record: AnyCommand): void => {
    const specs = optionsOf(record)
    for (const [key, spec] of Object.entries(record.arguments)) command.addArgument(argumentOf(key, spec))
    for (const [key, spec] of Object.entries(specs)) command.addOption(optionOf(key, spec))
    if (record.examples.length > 0) command.addHelpText('after', examplesText(record))
    command.action(() => {
      const given = command.opts()
      const names = Object.keys(record.arguments)
      const args = Object.fromEntries(
        names.map((name, index) => [name, command.processedArgs[index] as string | readonly string[] | undefined]),
      )
      found = {
        command: record,
        input: { options: withDefaults(given, specs), args } as Input<OptionSpecs, ArgumentSpecs>,
        globals: withDefaults(root.opts(), globalOptions) as unknown as GlobalValues,
      }
    })
  }

  root.version(options.version, '-V, --version', 'print the version')
  root.description('Containers as a Service: one short manifest, run on your own machines or in a cloud.')
  configure(root, 'escale')
  for (const [key, spec] of Object.entries(globalOptions)) root.addOption(optionOf(key, spec))
  root.addOption(new Option(noColour.flags, noColour.description))
  root.addHelpText(
    'after',
    '\nExit status: 0 ok, 1 failed, 2 usage, 3 invalid input, 4 refused or stale, 5 unreachable.',
  )
  const help = new Command('help').argument('[command]').description('print the help of a command').helpOption(false)
  root.addHelpCommand(help.helpGroup(topics.at(-1)?.title ?? 'Commands:'))
  for (const { title, commands } of topics) {
    for (const record of commands) add(root, record, `escale ${record.name}`, title)
  }

  if (argv.length === 0) {
    options.write(root.helpInformation() + '\n')
    return undefined
  }
  try {
    root.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    throw usageError(error, failedAt)
  }
  return found
}

/** Flags that were not given are false, lists are empty. */
function withDefaults(given: Readonly<Record<string, unknown>>, specs: OptionSpecs): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = { ...given }
  for (const [key, spec] of Object.entries(specs)) {
    if (values[key] !== undefined) continue
    if (spec.repeat === true) values[key] = []
    else if (spec.value === undefined) values[key] = false
  }
  return values
}

const examplesText = (record: AnyCommand): string =>
  `\nExamples:\n${record.examples.map(({ line, says }) => `  # ${says}\n  $ ${line}`).join('\n')}`

function usageError(error: CommanderError, path: string): EscaleError {
  const isBareGroup = error.code === 'commander.help'
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const meant = /Did you mean (.*)\?/.exec(rest.join(' '))?.[1]
  const message = isBareGroup ? `\`${path}\` needs to be told what to do` : first
  const fix = meant === undefined ? `see \`${path} --help\`` : `did you mean ${meant}? see \`${path} --help\``
  return new EscaleError('usage', message, { problems: [problem('usage', message, { fix })] })
}
