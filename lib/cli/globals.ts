/** Options that every command takes, before or after its name. */
import type { OptionSpecs, OptionValues } from './spec.ts'
import { formats } from './output/format.ts'

export const globalOptions = {
  output: {
    short: 'o',
    value: 'format',
    choices: formats,
    description: 'how results are printed; table is the default',
  },
  quiet: { short: 'q', description: 'say no more than the result' },
  project: {
    short: 'p',
    value: 'name',
    completes: 'project',
    description: 'project; else ESCALE_PROJECT, metadata.project, the context, `default`',
  },
  context: {
    value: 'name',
    completes: 'context',
    description: 'server to talk to; else ESCALE_CONTEXT, the current one',
  },
} as const satisfies OptionSpecs

/** Commander knows `--no-…` by itself, so this one is no record. */
export const noColour = { flags: '--no-color', description: 'no colours; the same as NO_COLOR=1' } as const

export type GlobalValues = OptionValues<typeof globalOptions> & { readonly color: boolean }

export const watchOption = {
  watch: { short: 'w', description: 'show it again whenever it changed, until Ctrl-C' },
} as const satisfies OptionSpecs
