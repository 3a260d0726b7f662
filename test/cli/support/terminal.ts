/** A world for the command line that remembers what was said, with folders of its own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { packContext } from '../../../bin/pack-context.ts'
import type { Finding } from '../../../lib/cli/doctor/finding.ts'
import { runCli } from '../../../lib/cli/run.ts'
import type { Prompts, UpPlatform, UpRequest, World } from '../../../lib/cli/world.ts'
import type { Clock } from '../../../lib/core/deps.ts'
import { manualClock } from '../../support/clock.ts'
import { seededRandom } from '../../support/random.ts'

export interface TerminalOptions {
  /** Files of the current folder. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Absent: standard input is a terminal only where `tty` is set, else empty. */
  readonly stdin?: string | Uint8Array
  readonly tty?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly fetch?: typeof fetch
  readonly webSocket?: typeof WebSocket
  readonly clock?: Clock
  /** Answers to questions, in order; undefined gives up. */
  readonly answers?: readonly (string | boolean | undefined)[]
  readonly findings?: readonly Finding[]
  readonly up?: (request: UpRequest) => Promise<UpPlatform>
  /** Given what presses Ctrl-C. */
  readonly onInterrupt?: (press: () => void) => void
  /** Called on every wait of the client; Ctrl-C is pressed where it answers `interrupt`. */
  readonly onSleep?: (count: number) => 'interrupt' | void
}

export interface Said {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Terminal {
  readonly folder: string
  readonly home: string
  /** Questions that were asked. */
  readonly questions: readonly string[]
  run(line: string | readonly string[], change?: Partial<TerminalOptions>): Promise<Said>
  write(files: Readonly<Record<string, string>>): void
}

/** Nothing is there: as if nobody listened. */
const nobody: typeof fetch = () =>
  Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:7440') }))

export function terminal(base: TerminalOptions = {}): Terminal {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'escale-cli-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const folder = join(root, 'hello')
  const home = join(root, 'home')
  mkdirSync(folder)
  mkdirSync(home)
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
  }
  write(base.files ?? {})
  const questions: string[] = []
  const random = seededRandom('cli')
  return {
    folder,
    home,
    questions,
    write,
    async run(line, change = {}) {
      const options = { ...base, ...change }
      const parts: { readonly to: 'stdout' | 'stderr'; readonly text: string }[] = []
      const sink = (to: 'stdout' | 'stderr') => ({
        write: (data: string | Uint8Array) =>
          void parts.push({ to, text: typeof data === 'string' ? data : Buffer.from(data).toString('utf8') }),
        isTTY: options.tty === true,
        columns: options.columns ?? 100,
        rows: options.rows ?? 30,
      })
      const answers = [...(options.answers ?? [])]
      const ask = async <T>(question: string): Promise<T | undefined> => {
        questions.push(question)
        if (answers.length === 0) throw new Error(`nobody answers ${JSON.stringify(question)}`)
        return answers.shift() as T | undefined
      }
      const prompts: Prompts = { confirm: ask<boolean>, text: ask<string>, password: ask<string> }
      const interrupts = new Set<() => void>()
      let sleeps = 0
      const input = Buffer.from(options.stdin ?? '')
      const world: World = {
        stdout: sink('stdout'),
        stderr: sink('stderr'),
        stdin: {
          isTTY: options.tty === true && options.stdin === undefined,
          readAll: async () => input,
          async *chunks() {
            if (input.length > 0) yield input
          },
          setRaw: () => undefined,
          stop: () => undefined,
        },
        env: options.env ?? {},
        cwd: folder,
        home,
        clock: options.clock ?? manualClock(),
        random,
        version: '1.2.3',
        fetch: options.fetch ?? nobody,
        ...(options.webSocket !== undefined && { webSocket: options.webSocket }),
        sleep: async () => {
          sleeps += 1
          if (sleeps > 10_000) throw new Error('waits for ever')
          if (options.onSleep?.(sleeps) === 'interrupt') for (const act of interrupts) act()
        },
        onInterrupt(act) {
          interrupts.add(act)
          options.onInterrupt?.(act)
          return () => void interrupts.delete(act)
        },
        onResize: () => () => undefined,
        prompts: async () => prompts,
        packContext,
        up: options.up ?? (() => Promise.reject(new Error('not in this test'))),
        diagnose: async () => options.findings ?? [],
      }
      const status = await runCli(typeof line === 'string' ? words(line) : line, world)
      const said = (to: 'stdout' | 'stderr'): string =>
        parts
          .filter((part) => part.to === to)
          .map((part) => part.text)
          .join('')
          .replaceAll(root, '/root')
      return { status, stdout: said('stdout'), stderr: said('stderr') }
    },
  }
}

/** Words as a shell splits them, with double quotes. */
export const words = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
