/** A Node process beside the test, with a time limit; it is gone when the test ends. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Child {
  readonly process: ChildProcess
  /** Lines of JSON it has written so far. */
  readonly lines: readonly unknown[]
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>
  /** Resolves when it has written as many lines, rejects if it ends before. */
  wrote(lines: number): Promise<void>
}

const timeLimitMs = 60_000

export function nodeChild(script: string, args: readonly string[]): Child {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeLimitMs,
  })
  const lines: unknown[] = []
  const waiting = new Set<{
    readonly lines: number
    readonly resolve: () => void
    readonly reject: (error: Error) => void
  }>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line))
    for (const one of waiting) {
      if (lines.length < one.lines) continue
      waiting.delete(one)
      one.resolve()
    }
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      for (const one of waiting) one.reject(new Error(`${script} ended with ${code} after ${lines.length} lines`))
      resolve(code)
    })
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    process: child,
    lines,
    ended,
    wrote: (count) =>
      lines.length >= count
        ? Promise.resolve()
        : new Promise((resolve, reject) => waiting.add({ lines: count, resolve, reject })),
  }
}
