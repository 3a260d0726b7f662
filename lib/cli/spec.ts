/** Options and arguments as data, and the types of their values. */
/** What completion offers for a value: things known without a server, or asked of it for a moment. */
export type Completes =
  | 'file'
  | 'folder'
  | 'app'
  | 'service'
  | 'job'
  | 'cluster'
  | 'environment'
  | 'context'
  | 'project'

export interface OptionSpec {
  readonly description: string
  /** One letter, without its dash. */
  readonly short?: string
  /** Name of the value in help; absent: a flag. */
  readonly value?: string
  /** The value may be left out. */
  readonly valueOptional?: true
  /** May stand several times. */
  readonly repeat?: true
  readonly choices?: readonly string[]
  readonly completes?: Completes
}

export interface ArgumentSpec {
  readonly description: string
  readonly required?: true
  /** Takes all that is left. */
  readonly rest?: true
  readonly choices?: readonly string[]
  readonly completes?: Completes
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>

export type OptionValue<Spec extends OptionSpec> = Spec extends { repeat: true }
  ? readonly string[]
  : Spec extends { valueOptional: true }
    ? string | true | undefined
    : Spec extends { value: string }
      ? string | undefined
      : boolean

export type ArgumentValue<Spec extends ArgumentSpec> = Spec extends { rest: true }
  ? readonly string[]
  : Spec extends { required: true }
    ? string
    : string | undefined

export type OptionValues<Options extends OptionSpecs> = { readonly [K in keyof Options]: OptionValue<Options[K]> }
export type ArgumentValues<Args extends ArgumentSpecs> = { readonly [K in keyof Args]: ArgumentValue<Args[K]> }

/** `fromFile` → `from-file`. */
export const longName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
