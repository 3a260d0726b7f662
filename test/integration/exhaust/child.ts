/**
 * The platform as a process that dies by SIGKILL: armed with a call, it ends itself right after that native
 * call took effect, before its answer is on record (rulings D1, D6).
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { composePlatform } from '../../../bin/compose.ts'
import { jsonLog } from '../../../bin/log.ts'
import { systemClock, systemRandom } from '../../../lib/core/system.ts'
import type { Executor, Target } from '../../../lib/targets/target.ts'

export interface ChildOptions {
  readonly dataDir: string
  readonly cacheDir: string
  readonly socketPath: string
  readonly address: string
  /** How far its clock is ahead: a dead process's lease has run out for it. */
  readonly aheadMs: number
}

/** A native call by what it does, e.g. `create network front-1a2b`; the same on every run. */
export type NativeCall = string

export interface ToChild {
  readonly dieAfter: readonly NativeCall[]
  /** Else calls that were under way as it died have taken effect too, and none of them can be died after. */
  readonly oneByOne: boolean
}
export type FromChild =
  | { readonly say: 'ready'; readonly url: string; readonly token?: string }
  | { readonly say: 'armed' }
  | { readonly say: 'called'; readonly call: NativeCall }

/** Where it leaves which call it died after. */
export const lastWords = (dataDir: string): string => join(dataDir, 'died-after')

/** Names of secrets tell versions, which are keyed anew in each data folder. */
const nameOf = (kind: string, name: string): string =>
  kind === 'secret' ? name.replace(/[-_.@][a-z2-7]{8,}$/, '') : name

/** The lease outlasts a tick and the call it may end with (ruling A3). */
export const settings = { tickBudgetMs: 2_000, callDeadlineMs: 10_000, leaseMs: 15_000 }

async function main(options: ChildOptions): Promise<void> {
  const say = (message: FromChild): void => void process.send?.(message)
  let dieAfter: ReadonlySet<NativeCall> = new Set()
  let oneByOne = false
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!oneByOne) return call()
    const mine = last.then(call)
    last = mine.catch(() => undefined)
    return mine
  }
  process.on('message', (message: ToChild) => {
    dieAfter = new Set(message.dieAfter)
    oneByOne = message.oneByOne && dieAfter.size > 0
    say({ say: 'armed' })
  })
  // Nobody is left to be tried on.
  process.on('disconnect', () => process.exit(0))

  const took = (does: string, kind: string, name: string): void => {
    const call = `${does} ${kind} ${nameOf(kind, name)}`
    if (dieAfter.has(call)) {
      writeFileSync(lastWords(options.dataDir), call)
      process.kill(process.pid, 'SIGKILL')
    }
    say({ say: 'called', call })
  }
  const deadly = (of: string, executor: Executor): Executor => ({
    create: (resource, context) =>
      inTurn(async () => {
        const result = await executor.create(resource, context)
        took('create', of, resource.name)
        return result
      }),
    update: (resource, current, context) =>
      inTurn(async () => {
        const result = await executor.update(resource, current, context)
        took('update', of, resource.name)
        return result
      }),
    remove: (entry, current, context) =>
      inTurn(async () => {
        await executor.remove(entry, current, context)
        took('remove', of, entry.name)
      }),
  })
  const platform = await composePlatform({
    dataDir: options.dataDir,
    cacheDir: options.cacheDir,
    env: {},
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + options.aheadMs },
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

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '') as ChildOptions)
