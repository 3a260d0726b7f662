/** The world that the command line touches, as this process has it. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../lib/core/system.ts'
import { EscaleError } from '../lib/core/errors.ts'
import type { Prompts, Sink, Source, World } from '../lib/cli/world.ts'
import { packageRoot } from './places.ts'

const usualColumns = 80
const usualRows = 24

function sinkOf(stream: NodeJS.WriteStream): Sink {
  // Whoever reads us may leave early (`escale ls | head -1`): that is no failure.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    write: (data) => void stream.write(data),
    isTTY: stream.isTTY === true,
    get columns() {
      // A terminal that does not know its size says 0.
      return stream.columns || usualColumns
    },
    get rows() {
      return stream.rows || usualRows
    },
  }
}

function sourceOf(stream: NodeJS.ReadStream): Source {
  return {
    isTTY: stream.isTTY === true,
    async readAll(maxBytes) {
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > maxBytes)
          throw new EscaleError('too-large', `standard input has more than ${String(maxBytes)} bytes`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    },
    async *chunks() {
      yield* stream as AsyncIterable<Buffer>
    },
    setRaw(raw) {
      stream.setRawMode?.(raw)
    },
    stop() {
      stream.pause()
      // Files have none of it, and need none.
      stream.unref?.()
    },
  }
}

const lazyPrompts = async (): Promise<Prompts> => {
  const { confirm, isCancel, password, text } = await import('@clack/prompts')
  const output = process.stderr
  output.columns ||= usualColumns
  const given = <T extends string | boolean>(answer: T | symbol): T | undefined =>
    isCancel(answer) || typeof answer === 'symbol' ? undefined : answer
  return {
    confirm: async (message, initialValue) => given<boolean>(await confirm({ message, initialValue, output })),
    text: async (message, { initial, hint }) =>
      given<string>(
        await text({
          message,
          output,
          ...(initial !== undefined && { initialValue: initial }),
          ...(hint !== undefined && { placeholder: hint }),
        }),
      ),
    password: async (message) => given<string>(await password({ message, output })),
  }
}

/** The first Ctrl-C is polite, the second is not. */
function onInterrupt(act: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let asked = false
  const listener = (): void => {
    if (asked) process.exit(130)
    asked = true
    act()
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

const versionHere = (): string =>
  (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { readonly version: string }).version

export const realWorld = (): World => ({
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  stdin: sourceOf(process.stdin),
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  clock: systemClock,
  random: { bytes: (count) => randomBytes(count) },
  version: versionHere(),
  // Named when it is called: to name it is to load it, and most commands are done sooner.
  fetch: (input, init) => fetch(input, init),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  onInterrupt,
  onResize(act) {
    process.stdout.on('resize', act)
    return () => void process.stdout.off('resize', act)
  },
  prompts: lazyPrompts,
  packContext: async (folder, dockerfiles) => (await import('./pack-context.ts')).packContext(folder, dockerfiles),
  up: async (request) => (await import('./up-here.ts')).upHere(request, process.env),
  diagnose: async (request) => (await import('./doctor.ts')).diagnose(request, process.env),
})
