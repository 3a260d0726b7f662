/** Programs the demo calls, each with a time limit. */
import { execFile } from 'node:child_process'

export interface RunOptions {
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export function runCommand(
  command: string,
  args: readonly string[],
  { timeoutMs, env = {}, signal }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, LC_ALL: 'C', ...env },
      ...(signal === undefined ? {} : { signal }),
    } as const
    execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${command} ${args.join(' ')} failed: ${stderr.trim() || error.message}`, { cause: error }))
    })
  })
}
