/** A command as a record: what it is called, what goes in, and what it does with its world. */
import type { CommandContext } from './context.ts'
import type { ArgumentSpecs, ArgumentValues, OptionSpecs, OptionValues } from './spec.ts'

export interface Example {
  readonly line: string
  readonly says: string
}

interface Described {
  readonly name: string
  /** Half a line, lower case, no full stop. */
  readonly summary: string
  readonly description: string
  readonly hidden?: true
}

export interface CommandRecord<
  Options extends OptionSpecs = OptionSpecs,
  Args extends ArgumentSpecs = ArgumentSpecs,
> extends Described {
  readonly kind: 'command'
  /** By long name in camelCase: `fromFile` is `--from-file`. */
  readonly options: Options
  /** In order. */
  readonly arguments: Args
  readonly examples: readonly Example[]
  /** Takes `--watch`: shows the same again whenever it changed. */
  readonly watchable?: true
  /** Answers the exit status; nothing is 0. */
  handler(context: CommandContext, input: Input<Options, Args>): Promise<number | void>
}

export interface Input<Options extends OptionSpecs, Args extends ArgumentSpecs> {
  readonly options: OptionValues<Options>
  readonly args: ArgumentValues<Args>
}

export interface GroupRecord extends Described {
  readonly kind: 'group'
  readonly commands: readonly AnyCommand[]
}

/** A command whose types have been forgotten: what the machinery works on. */
export interface AnyCommand extends Described {
  readonly kind: 'command'
  readonly options: OptionSpecs
  readonly arguments: ArgumentSpecs
  readonly examples: readonly Example[]
  readonly watchable?: true
  // Method syntax: a record of any types fits, the machinery having made its input from its own specs.
  handler(context: CommandContext, input: Input<OptionSpecs, ArgumentSpecs>): Promise<number | void>
}

export type AnyRecord = AnyCommand | GroupRecord

/** Commands that stand together in help. */
export interface Topic {
  readonly title: string
  readonly commands: readonly AnyRecord[]
}

/** Only there to infer the types of a record. */
export const command = <const Options extends OptionSpecs, const Args extends ArgumentSpecs>(
  record: Omit<CommandRecord<Options, Args>, 'kind'>,
): AnyCommand => ({ kind: 'command', ...record }) as CommandRecord<Options, Args> as unknown as AnyCommand

export const group = (record: Omit<GroupRecord, 'kind'>): GroupRecord => ({ kind: 'group', ...record })
