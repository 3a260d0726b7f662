/** External commands, each with a time limit. */
import { execFile } from 'node:child_process'

export interface CommandOptions {
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs a command to its end and answers its standard output; a failure carries what it wrote. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { timeoutMs = 20_000, env, cwd } = options
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      { timeout: timeoutMs, killSignal: 'SIGKILL', cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else
          reject(new Error(`${command} ${args.join(' ')}: ${error.message.trim()}\n${stderr.trim()}`, { cause: error }))
      },
    )
  })
}
