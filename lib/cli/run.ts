/** The command line, in process: arguments and a world in, an exit status out. */
import { createContext } from './context.ts'
import type { CommandContext } from './context.ts'
import { commands, topics } from './commands/table.ts'
import { interruptedStatus, tellFailure } from './failure.ts'
import { formats } from './output/format.ts'
import type { Format } from './output/format.ts'
import { createOutput } from './output/output.ts'
import type { Output } from './output/output.ts'
import { parse } from './program.ts'
import type { Invocation } from './program.ts'
import type { World } from './world.ts'

const widestHelp = 100

/** Asked by the completion scripts, with the words so far: a line for each word that could stand last. */
const completeVerb = '__complete'

export async function runCli(argv: readonly string[], world: World): Promise<number> {
  if (argv[0] === completeVerb) {
    const { candidates } = await import('./completion/candidates.ts')
    const found = await candidates(world, commands, argv.slice(1))
    world.stdout.write(found.map(({ word, says }) => `${word}\t${says}\n`).join(''))
    return 0
  }
  const debug = (world.env['ESCALE_DEBUG'] ?? '') !== ''
  const early = createOutput(world, { format: guessFormat(argv), quiet: false, noColour: argv.includes('--no-color') })
  let invocation: Invocation | undefined
  try {
    invocation = parse(argv, topics, {
      version: world.version,
      columns: Math.min(world.stdout.isTTY ? world.stdout.columns : 80, widestHelp),
      write: (text) => world.stdout.write(text),
    })
  } catch (error) {
    return tellFailure(early, error, debug)
  }
  return invocation === undefined ? 0 : await invoke(invocation, world, debug)
}

async function invoke({ command, input, globals }: Invocation, world: World, debug: boolean): Promise<number> {
  const format = (globals.output ?? 'table') as Format
  const out = createOutput(world, { format, quiet: globals.quiet, noColour: !globals.color })
  const interrupt = new AbortController()
  const stop = world.onInterrupt(() => interrupt.abort())
  const context = createContext({ world, out, globals, interrupted: interrupt.signal })
  try {
    if (input.options['watch'] === true && command.watchable === true) {
      const { watch } = await import('./watch.ts')
      return await watch(
        world,
        { format, quiet: globals.quiet, noColour: !globals.color },
        interrupt.signal,
        (to: Output) => command.handler(withOutput(context, to), input),
      )
    }
    return (await command.handler(context, input)) ?? 0
  } catch (error) {
    if (interrupt.signal.aborted && isAbort(error)) return interruptedStatus
    return tellFailure(out, error, debug)
  } finally {
    stop()
  }
}

const withOutput = (context: CommandContext, out: Output): CommandContext => ({ ...context, out })

const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')

/** A command line that cannot be parsed still says which format its refusal is wanted in. */
function guessFormat(argv: readonly string[]): Format {
  const at = argv.findIndex((word) => word === '-o' || word === '--output')
  const word =
    at >= 0
      ? argv[at + 1]
      : argv.find((each) => each.startsWith('--output=') || /^-o\w/.test(each))?.replace(/^(--output=|-o)/, '')
  return formats.find((format) => format === word) ?? 'table'
}
