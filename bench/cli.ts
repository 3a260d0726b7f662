/** Start of the packaged CLI, the whole process, against a limit and against the docker client; and its memory. */
import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bench, median, type Measure, ms } from './measure.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const cli = join(root, 'dist', 'escale.mjs')
const docker = '/usr/bin/docker'
const rounds = 21

async function startMs(file: string, words: readonly string[]): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < rounds; n++) {
    const beginMs = performance.now()
    await run(file, words)
    times.push(performance.now() - beginMs)
  }
  return median(times.slice(1))
}

/** Largest resident memory in MiB, as GNU time tells it. */
async function memoryMiB(file: string, words: readonly string[]): Promise<number> {
  const { stderr } = await run('/usr/bin/time', ['-f', '%M', file, ...words])
  return Number(stderr.trim().split('\n').at(-1)) / 1024
}

export const cliBench: Bench = {
  name: 'cli',
  unavailable: () =>
    access(docker).then(
      () => undefined,
      () => `there is no docker client at ${docker} to compare with`,
    ),
  async run(): Promise<readonly Measure[]> {
    await run(process.execPath, [join(root, 'build', 'package.ts'), '--no-types'])
    const ours = await startMs(process.execPath, [cli, '--version'])
    const help = await startMs(process.execPath, [cli, 'deploy', '--help'])
    const bare = await startMs(process.execPath, ['-e', '0'])
    const theirs = await startMs(docker, ['--version'])
    const memory = await access('/usr/bin/time').then(
      async () =>
        [await memoryMiB(process.execPath, [cli, '--version']), await memoryMiB(docker, ['--version'])] as const,
      () => undefined,
    )
    return [
      { measure: 'CLI start, escale --version', ours: ms(ours), peer: 'limit 120 ms', ratio: ours / 120, goal: 1 },
      {
        measure: 'CLI start against the docker client',
        ours: ms(ours),
        peer: `${ms(theirs)} (docker --version)`,
        ratio: ours / theirs,
        goal: 2,
      },
      { measure: 'CLI start, escale deploy --help', ours: ms(help), peer: 'limit 120 ms', ratio: help / 120, goal: 1 },
      {
        measure: 'CLI start against Node itself',
        ours: ms(ours),
        peer: `${ms(bare)} (node -e 0)`,
        ratio: ours / bare,
        goal: null,
      },
      ...(memory === undefined
        ? []
        : [
            {
              measure: 'CLI memory, largest resident',
              ours: `${Math.round(memory[0])} MiB`,
              peer: `${Math.round(memory[1])} MiB (docker client)`,
              ratio: memory[0] / memory[1],
              goal: null,
            },
          ]),
    ]
  },
}
