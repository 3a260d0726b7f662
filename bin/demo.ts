/** `npm run demo`: finds an engine, or brings one up, starts the platform, deploys an example, shows it at work, and leaves nothing behind. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examples } from './demo/examples.ts'
import { findEngine } from './demo/find-engine.ts'
import { showOnDocker } from './demo/on-docker.ts'
import { showOnMemory } from './demo/on-memory.ts'
import { parseOptions, usage } from './demo/options.ts'
import type { DemoOptions } from './demo/options.ts'
import { platformComplaints } from './demo/platform.ts'
import { createScreen } from './demo/screen.ts'
import type { Screen } from './demo/screen.ts'
import { createUndo, stays } from './demo/undo.ts'
import type { Undo } from './demo/undo.ts'
import { cacheDir } from './places.ts'

interface Run {
  readonly options: DemoOptions
  readonly screen: Screen
  readonly undo: Undo
  readonly signal: AbortSignal
  readonly folder: string
}

/** What was to be shown was seen; it was not; there was no engine to show it on. */
const exitCodes = { seen: 0, unseen: 1, unreachable: 5 } as const

async function show({ options, screen, undo, signal, folder }: Run): Promise<keyof typeof exitCodes> {
  const { env } = process
  const example = examples[options.example]
  const common = { example, folder, cacheDir: cacheDir(env), env, screen, undo, signal }
  screen.line(`Escale: ${example.name}, ${example.about}`)
  const found = options.memory ? undefined : await findEngine({ env, mayInstall: options.mayInstall, screen, signal })
  if (found?.kind === 'found') {
    const { own, endpoint } = found
    if (own !== undefined)
      undo.add(
        "the demo's engine",
        () => own.stop(),
        async () => screen.line(`The engine stays; it ends by: kill ${await own.keep()}`),
      )
    return (await showOnDocker({ ...common, endpoint, address: options.address })) ? 'seen' : 'unseen'
  }
  if (found !== undefined) {
    screen.line(`No engine: ${found.reason}.`)
    for (const advice of found.advice) screen.line(`  → ${advice}`)
    screen.line('Until then, the same on a simulated cluster:')
  }
  const asItMust = await showOnMemory(common)
  return !asItMust ? 'unseen' : options.memory ? 'seen' : 'unreachable'
}

async function main(): Promise<number> {
  const parsed = parseOptions(process.argv.slice(2))
  const screen = createScreen(process.stdout, () => Date.now())
  if (parsed.kind === 'help') {
    screen.line(usage)
    return 0
  }
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.why}\n\n${usage}`)
    return 2
  }
  const ending = new AbortController()
  let signalled: NodeJS.Signals | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // However often it is asked: half a clean-up would leave what nobody knows of.
      signalled ??= signal
      ending.abort()
    })
  }
  const undo = createUndo()
  const folder = await mkdtemp(join(tmpdir(), 'escale-demo-data-'))
  undo.add(folder, () => rm(folder, { recursive: true, force: true }), stays)
  let code: number
  try {
    code = exitCodes[await show({ options: parsed.options, screen, undo, signal: ending.signal, folder })]
  } catch (error) {
    code = signalled === undefined ? 1 : signalled === 'SIGINT' ? 130 : 143
    if (signalled === undefined) {
      screen.line(`It failed: ${error instanceof Error ? error.message : String(error)}`)
      for (const line of platformComplaints(folder)) screen.line(`  ${line}`)
    }
  }
  const failures = await undo.run(parsed.options.keep ? 'keep' : 'undo')
  for (const failure of failures) screen.line(`Left behind: ${failure}`)
  if (failures.length === 0 && !parsed.options.keep) screen.line('Everything the demo started has been taken away.')
  return failures.length > 0 && code === 0 ? 1 : code
}

process.exitCode = await main()
