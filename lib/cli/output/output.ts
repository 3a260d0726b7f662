/** What a command says: results on standard output, everything else on standard error. */
import type { Sink, World } from '../world.ts'
import type { Format } from './format.ts'
import { isForPeople } from './format.ts'
import { formatProblems } from './problems.ts'
import type { ShownProblem } from './problems.ts'
import type { Style } from './style.ts'
import { styleFor } from './style.ts'
import { formatTable } from './table.ts'
import type { Column } from './table.ts'

export interface OutputOptions {
  readonly format: Format
  readonly quiet: boolean
  readonly noColour: boolean
}

export interface Output {
  readonly format: Format
  readonly forPeople: boolean
  readonly quiet: boolean
  /** Of standard output. */
  readonly style: Style
  /** Of standard error. */
  readonly errorStyle: Style
  /** Columns of standard output where it is a terminal. */
  readonly width: number | undefined
  /** The result: as data, or as people read it. */
  show(data: unknown, human: () => string): Promise<void>
  /** A list: `quiet` prints the first column alone. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): Promise<void>
  /** One of a stream without an end: a JSON line, a YAML document, or a line. */
  item(data: unknown, human: () => string): Promise<void>
  /** A line of the result, for people alone. */
  line(text: string): void
  /** What is going on; not with `--quiet`, never in the way of data. */
  note(text: string): void
  problems(problems: readonly ShownProblem[], source?: { readonly text: string; readonly file: string }): void
}

const yamlOf = async (data: unknown): Promise<string> => {
  const { writeYaml } = await import('../yaml.ts')
  return writeYaml(data)
}

export function createOutput(world: Pick<World, 'stdout' | 'stderr' | 'env'>, options: OutputOptions): Output {
  const { format, quiet } = options
  const { stdout, stderr, env } = world
  const styleOf = (sink: Sink): Style => styleFor({ isTTY: sink.isTTY, env, refused: options.noColour })
  const style = styleOf(stdout)
  const errorStyle = styleOf(stderr)
  const forPeople = isForPeople(format)
  const width = stdout.isTTY ? stdout.columns : undefined

  const show = async (data: unknown, human: () => string): Promise<void> => {
    switch (format) {
      case 'json':
        stdout.write(`${JSON.stringify(data, undefined, 2)}\n`)
        return
      case 'yaml':
        stdout.write(await yamlOf(data))
        return
      case 'table':
      case 'wide': {
        const text = human()
        if (text !== '') stdout.write(text.endsWith('\n') ? text : `${text}\n`)
      }
    }
  }

  return {
    format,
    forPeople,
    quiet,
    style,
    errorStyle,
    width,
    show,
    async list(rows, columns, empty) {
      if (forPeople && rows.length === 0) {
        if (!quiet) stderr.write(`${empty}\n`)
        return
      }
      await show(rows, () =>
        quiet
          ? rows.map((row) => columns[0]!.value(row)).join('\n')
          : formatTable(rows, columns, { wide: format === 'wide', style, ...(width !== undefined && { width }) }),
      )
    },
    async item(data, human) {
      if (format === 'json') stdout.write(`${JSON.stringify(data)}\n`)
      else if (format === 'yaml') stdout.write(`---\n${await yamlOf(data)}`)
      else stdout.write(`${human()}\n`)
    },
    line(text) {
      if (forPeople) stdout.write(`${text}\n`)
    },
    note(text) {
      if (!quiet) stderr.write(`${text}\n`)
    },
    problems(problems, source) {
      if (problems.length === 0) return
      if (!forPeople) {
        stderr.write(`${JSON.stringify({ problems })}\n`)
        return
      }
      const columns = stderr.isTTY ? { width: stderr.columns } : {}
      stderr.write(`${formatProblems(problems, { style: errorStyle, ...columns, ...source })}\n`)
    },
  }
}
