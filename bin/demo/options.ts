/** The demo's command line. */
import { parseArgs } from 'node:util'
import { exampleNames, isExampleName } from './examples.ts'
import type { ExampleName } from './examples.ts'

export interface DemoOptions {
  readonly example: ExampleName
  /** Show it on the simulated cluster, engine or not. */
  readonly memory: boolean
  readonly mayInstall: boolean
  /** Leave everything running at the end. */
  readonly keep: boolean
  /** Where published ports of the engine are reached; absent: found. */
  readonly address?: string
}

export const usage = `npm run demo -- [options]

Starts the platform on this machine, deploys an example and shows it at work. Ctrl-C ends it and takes everything away.

  --example NAME   ${exampleNames.join(', ')} (default: dockercoins)
  --memory         on the simulated cluster, without an engine
  --no-install     never install an engine
  --keep           leave everything running at the end
  --address HOST   where published ports of the engine are reached
  --help           this text

Exits with 0 when the example did what it is for (the counter of dockercoins grew), with 5 when there was no engine.
`

export type Parsed =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly why: string }

export function parseOptions(args: readonly string[]): Parsed {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        example: { type: 'string', default: 'dockercoins' },
        memory: { type: 'boolean', default: false },
        'no-install': { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        address: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const { example, memory, keep, address } = values
    if (!isExampleName(example))
      return { kind: 'wrong', why: `there is no example "${example}"; there are ${exampleNames.join(', ')}` }
    const options = { example, memory, mayInstall: !values['no-install'], keep }
    return { kind: 'run', options: address === undefined ? options : { ...options, address } }
  } catch (error) {
    if (error instanceof TypeError) return { kind: 'wrong', why: error.message }
    throw error
  }
}
