/**
 * The platform as a process that dies by SIGKILL: armed with a call, it ends itself right after that native
 * call took effect, before its answer is on record (rulings D1, D6).
 */
import { composePlatform } from '../../../bin/compose.ts'
import { jsonLog } from '../../../bin/log.ts'
import { systemClock, systemRandom } from '../../../lib/core/system.ts'
import type { Executor, Target } from '../../../lib/targets/target.ts'

export interface ChildOptions {
  readonly dataDir: string
  readonly cacheDir: string
  readonly socketPath: string
  readonly address: string
}

/** E.g. `create network` number 2: counted from 1, per kind, since it was armed. */
export interface NativeCall {
  readonly kind: string
  readonly nth: number
}

export type ToChild = { readonly strikeAt: NativeCall | null }
export type FromChild =
  | { readonly say: 'ready'; readonly url: string; readonly token?: string }
  | { readonly say: 'armed' }
  | ({ readonly say: 'called'; readonly name: string } & NativeCall)

/** A dead process's lease must run out before another goes on: these keep the wait short (ruling A3). */
const settings = { tickBudgetMs: 500, callDeadlineMs: 4_000, leaseMs: 5_000 }

async function main(options: ChildOptions): Promise<void> {
  const say = (message: FromChild): void => void process.send?.(message)
  const counts = new Map<string, number>()
  let strikeAt: NativeCall | null = null
  process.on('message', (message: ToChild) => {
    strikeAt = message.strikeAt
    counts.clear()
    say({ say: 'armed' })
  })
  // Nobody is left to be tried on.
  process.on('disconnect', () => process.exit(0))

  const took = (kind: string, name: string): void => {
    const nth = (counts.get(kind) ?? 0) + 1
    counts.set(kind, nth)
    if (strikeAt?.kind === kind && strikeAt.nth === nth) process.kill(process.pid, 'SIGKILL')
    say({ say: 'called', kind, nth, name })
  }
  const deadly = (of: string, executor: Executor): Executor => ({
    create: async (resource, context) => {
      const result = await executor.create(resource, context)
      took(`create ${of}`, resource.name)
      return result
    },
    update: async (resource, current, context) => {
      const result = await executor.update(resource, current, context)
      took(`update ${of}`, resource.name)
      return result
    },
    remove: async (entry, current, context) => {
      await executor.remove(entry, current, context)
      took(`remove ${of}`, entry.name)
    },
  })
  const platform = await composePlatform({
    dataDir: options.dataDir,
    cacheDir: options.cacheDir,
    env: {},
    clock: systemClock,
    random: systemRandom,
    log: jsonLog('info', (line) => process.stderr.write(line)),
    version: 'test',
    cluster: { kind: 'docker', engine: `unix://${options.socketPath}` },
    port: 0,
    httpPorts: [8080, 8081, 8888],
    address: options.address,
    settings,
    decorate: (target: Target) => ({
      ...target,
      executors: Object.fromEntries(
        Object.entries(target.executors).map(([kind, executor]) => [kind, deadly(kind, executor)]),
      ),
    }),
  })
  const { ownerToken: token } = platform
  say({ say: 'ready', url: platform.server.url, ...(token === undefined ? {} : { token }) })
}

await main(JSON.parse(process.argv[2] ?? '') as ChildOptions)
