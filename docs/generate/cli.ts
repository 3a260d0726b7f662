/** The reference of the command line, from the records of its commands. */
import { longName } from '../../lib/cli/spec.ts'
import type { AnyCommand, AnyRecord } from '../../lib/cli/command.ts'
import type { ArgumentSpec, OptionSpec, OptionSpecs } from '../../lib/cli/spec.ts'
import { commands } from '../../lib/cli/commands/table.ts'
import { globalOptions, noColour } from '../../lib/cli/globals.ts'
import { optionsOf } from '../../lib/cli/program.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

const flags = (key: string, spec: OptionSpec): string => {
  const value = spec.value === undefined ? '' : spec.valueOptional === true ? `[=${spec.value}]` : ` ${spec.value}`
  return `${spec.short === undefined ? '' : `\`-${spec.short}\`, `}\`--${longName(key)}${value}\``
}

const described = (spec: OptionSpec | ArgumentSpec): string =>
  cell(spec.description) +
  (spec.choices === undefined ? '' : ` (${spec.choices.map((choice) => `\`${choice}\``).join(', ')})`)

const argument = (key: string, spec: ArgumentSpec): string => {
  const inner = `${longName(key)}${spec.rest === true ? '…' : ''}`
  return spec.required === true ? inner : `[${inner}]`
}

const optionTable = (specs: OptionSpecs): readonly string[] =>
  Object.keys(specs).length === 0
    ? []
    : [
        '',
        '| option | |',
        '| --- | --- |',
        ...Object.entries(specs).map(([key, spec]) => `| ${flags(key, spec)} | ${described(spec)} |`),
      ]

function commandText(command: AnyCommand, path: string): readonly string[] {
  const args = Object.entries(command.arguments)
  return [
    '',
    `${'#'.repeat(path.split(' ').length)} \`${[path, ...args.map(([key, spec]) => argument(key, spec))].join(' ')}\``,
    '',
    command.description,
    ...(args.length === 0
      ? []
      : [
          '',
          '| argument | |',
          '| --- | --- |',
          ...args.map(([key, spec]) => `| \`${longName(key)}\` | ${described(spec)} |`),
        ]),
    ...optionTable(optionsOf(command)),
    ...(command.examples.length === 0
      ? []
      : ['', '```sh', ...command.examples.flatMap(({ line, says }) => [`# ${says}`, line]), '```']),
  ]
}

function recordText(record: AnyRecord, path: string): readonly string[] {
  switch (record.kind) {
    case 'command':
      return commandText(record, path)
    case 'group':
      return [
        '',
        `## \`${path}\``,
        '',
        record.description,
        ...record.commands.flatMap((child) => recordText(child, `${path} ${child.name}`)),
      ]
  }
}

export const cliReference = (): string =>
  [
    '# The command line',
    '',
    'Results go to standard output, everything else to standard error. Exit status: 0 ok, 1 failed, 2 usage, 3 invalid input, 4 refused or stale,',
    '5 unreachable; 130 after Ctrl-C. Generated from `lib/cli/commands` by `npm run generate`.',
    '',
    '| command | |',
    '| --- | --- |',
    ...commands.map((record) => `| [\`escale ${record.name}\`](#${anchor(record)}) | ${cell(record.summary)} |`),
    '',
    '## Options of every command',
    ...optionTable(globalOptions),
    `| \`${noColour.flags}\` | ${noColour.description} |`,
    '',
    '## Where it looks',
    '',
    '| | |',
    '| --- | --- |',
    '| `~/.config/escale/config.yaml` | servers and tokens (contexts), readable by its owner alone; `XDG_CONFIG_HOME` is honoured |',
    '| `ESCALE_URL`, `ESCALE_TOKEN` | a server and its token, before the file |',
    '| `ESCALE_CONTEXT`, `ESCALE_PROJECT` | a context of the file, a project |',
    '| `ESCALE_PARAM_NAME` | value of the parameter `name` of a manifest; `--set` comes before it |',
    '| `ESCALE_ENGINE`, `DOCKER_HOST`, `ESCALE_DATA_DIR` | for `escale up` and `escale doctor`: the engine, where state is kept |',
    '| `NO_COLOR` | no colours |',
    '| `ESCALE_DEBUG` | where in the program a fault of its own lies |',
    ...commands.flatMap((record) => recordText(record, `escale ${record.name}`)),
    '',
  ].join('\n')

/** As sites make it of the heading. */
function anchor(record: AnyRecord): string {
  const args = record.kind === 'group' ? [] : Object.entries(record.arguments).map(([key, spec]) => argument(key, spec))
  return ['escale', record.name, ...args]
    .join(' ')
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-')
}
