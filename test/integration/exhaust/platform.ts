/** The platform under test: one process after another over the same data. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '../../../lib/client/client.ts'
import type { Client } from '../../../lib/client/client.ts'
import { ApiError } from '../../../lib/client/errors.ts'
import { addresses, type AppRecord, endedStates } from '../../../lib/control/records.ts'
import { systemClock, systemRandom } from '../../../lib/core/system.ts'
import type { AppKey } from '../../../lib/model/app.ts'
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts'
import type { IdentityMap } from '../../../lib/targets/target.ts'
import { type ChildOptions, type FromChild, lastWords, type NativeCall, settings, type ToChild } from './child.ts'

const startLimitMs = 30_000
const actLimitMs = 90_000
const ended: ReadonlySet<string> = new Set(endedStates)

export interface Act {
  readonly name: string
  /** Asks; with the same key again where there was no answer. Answers the deployment. */
  readonly ask: (client: Client, idempotencyKey: string) => Promise<{ readonly id: string }>
}

export interface ActResult {
  readonly state: string
  readonly calls: readonly NativeCall[]
  /** Each of them was the last thing a process did. */
  readonly diedAfter: readonly NativeCall[]
}

interface Running {
  readonly process: ChildProcess
  readonly client: Client
  readonly calls: NativeCall[]
  readonly ended: Promise<NodeJS.Signals | number | null>
  arm(dieAfter: readonly NativeCall[]): Promise<void>
}

export class MortalPlatform {
  readonly #options: Omit<ChildOptions, 'aheadMs'>
  readonly #key: AppKey
  readonly #oneByOne: boolean
  #token: string | undefined
  #running: Running | undefined
  #deaths = 0

  constructor(options: Omit<ChildOptions, 'aheadMs'>, key: AppKey, { oneByOne }: Pick<ToChild, 'oneByOne'>) {
    this.#options = options
    this.#key = key
    this.#oneByOne = oneByOne
  }

  /** Marks of the same installation on every run, so that the worlds can be compared. */
  async prepare(installId: string): Promise<void> {
    await mkdir(this.#options.dataDir, { recursive: true, mode: 0o700 })
    await this.#store((store) => store.commit([{ put: addresses.install(), value: { installId }, ifAbsent: true }]))
  }

  /** Does it to the end, whoever dies on the way. */
  async act({ name, ask }: Act, dieAfter: readonly NativeCall[]): Promise<ActResult> {
    let platform = (this.#running ??= await this.#start())
    await platform.arm(dieAfter)
    const before = platform.calls.length
    const diedAfter: NativeCall[] = []
    const untilMs = Date.now() + actLimitMs + dieAfter.length * startLimitMs
    let asked: { readonly id: string } | undefined
    for (;;) {
      try {
        asked ??= await ask(platform.client, `${name}-key-of-the-test`)
        const { state } = await platform.client.call('getDeployment', {
          params: { project: this.#key.project, app: this.#key.app, deployment: asked.id },
        })
        if (ended.has(state)) return { state, calls: platform.calls.slice(before), diedAfter }
        if (Date.now() > untilMs) throw new Error(`${name} is still ${state}`)
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'unreachable')) throw this.#explain(error)
        const how = await platform.ended
        if (how !== 'SIGKILL') throw this.#explain(new Error(`the platform ended by ${how}`))
        diedAfter.push(readFileSync(lastWords(this.#options.dataDir), 'utf8'))
        this.#deaths += 1
        platform = this.#running = await this.#start()
        await platform.arm(dieAfter.filter((call) => !diedAfter.includes(call)))
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  identity(): Promise<IdentityMap> {
    return this.#store(async (store) => (await store.get<AppRecord>(addresses.app(this.#key)))?.value.identity ?? {})
  }

  async end(): Promise<void> {
    this.#running?.process.kill('SIGKILL')
    await this.#running?.ended
    this.#running = undefined
  }

  async #store<T>(use: (store: ReturnType<typeof openSqliteStore>) => Promise<T>): Promise<T> {
    const path = join(this.#options.dataDir, 'escale.db')
    const store = openSqliteStore({ path, clock: systemClock, random: systemRandom })
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  }

  get #logFile(): string {
    return join(this.#options.dataDir, 'platform.log')
  }

  #explain(error: unknown): Error {
    const log = readFileSync(this.#logFile, 'utf8').split('\n').slice(-15).join('\n')
    return new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error })
  }

  async #start(): Promise<Running> {
    const options: ChildOptions = { ...this.#options, aheadMs: this.#deaths * settings.leaseMs }
    const log = openSync(this.#logFile, 'a')
    const child = fork(join(import.meta.dirname, 'child.ts'), [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', log, 'ipc'],
      execArgv: [],
    })
    closeSync(log)
    const calls: NativeCall[] = []
    const ready = Promise.withResolvers<Extract<FromChild, { say: 'ready' }>>()
    let armed = Promise.withResolvers<void>()
    child.on('message', (message: FromChild) => {
      if (message.say === 'ready') ready.resolve(message)
      else if (message.say === 'armed') armed.resolve()
      else calls.push(message.call)
    })
    const end = new Promise<NodeJS.Signals | number | null>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(signal ?? code)
        ready.reject(this.#explain(new Error(`the platform ended by ${signal ?? code} as it started`)))
      })
    })
    const limit = setTimeout(() => child.kill('SIGKILL'), startLimitMs)
    const { url, token } = await ready.promise.finally(() => clearTimeout(limit))
    this.#token ??= token
    return {
      process: child,
      client: createClient({ url, ...(this.#token === undefined ? {} : { token: this.#token }) }),
      calls,
      ended: end,
      arm: (dieAfter) => {
        armed = Promise.withResolvers<void>()
        child.send({ dieAfter, oneByOne: this.#oneByOne } satisfies ToChild)
        return armed.promise
      },
    }
  }
}
