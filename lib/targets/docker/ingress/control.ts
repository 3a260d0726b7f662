/** Talks to one running proxy, by commands in its container: works with an engine elsewhere, too. */
import { EscaleError } from '../../../core/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { runExec } from '../engine/exec.ts'
import type { ExecResult } from '../engine/exec.ts'
import { archiveOf } from './archive.ts'
import { commandLines, planChange, readServersState, strayServers } from './change.ts'
import type { RunningServer } from './change.ts'
import type { ProxyConfig } from './config.ts'
import { exitInvalid, exitNotReloaded, partMark, readScript, writeScript } from './script.ts'

/** What a proxy is found at: the wanted configuration, or another one. */
type ProxyState =
  | { readonly kind: 'asWanted' }
  | {
      readonly kind: 'other'
      /** The file in force. */
      readonly file: string | undefined
      /** Servers as the worker has them; absent where a write was cut off, so that the worker may run another file. */
      readonly servers: readonly RunningServer[] | undefined
    }

export interface CallLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

async function readProxy(
  engine: Engine,
  container: string,
  wantedHash: string,
  limits: CallLimits,
): Promise<ProxyState> {
  const result = await shell(engine, container, [readScript, 'read', wantedHash], limits)
  const [variable = '', servers, file = ''] = result.stdout.toString('utf8').split(`${partMark}\n`)
  if (servers === undefined && result.exitCode === 0) return { kind: 'asWanted' }
  const fileHash = /set-var proc\.escale str\((\w+)\)/.exec(file)?.[1]
  const isSure = fileHash !== undefined && markedHash(variable) === fileHash
  return {
    kind: 'other',
    file: file === '' ? undefined : file,
    servers: isSure ? readServersState(servers ?? '') : undefined,
  }
}

const markedHash = (text: string): string | undefined => /value=<(\w+)>/.exec(text)?.[1]

export type WriteKind = 'none' | 'runtime' | 'reload'

/** Makes the proxy run a configuration. `make` renders it over the file in force, so that servers keep their slots. */
export async function writeProxy(
  engine: Engine,
  container: string,
  make: (previous: string | undefined) => ProxyConfig,
  limits: CallLimits,
): Promise<WriteKind> {
  const state = await readProxy(engine, container, make(undefined).hash, limits)
  if (state.kind === 'asWanted') return 'none'
  const config = make(state.file)
  const change = planChange(state.file, config.text, state.servers)
  const running = await write(engine, container, config, change.kind, change.commands, limits)
  if (change.kind === 'reload' || strayServers(config.text, running).length === 0) return change.kind
  await write(engine, container, config, 'reload', [], limits)
  return 'reload'
}

async function write(
  engine: Engine,
  container: string,
  config: ProxyConfig,
  kind: 'runtime' | 'reload',
  commands: readonly string[],
  limits: CallLimits,
): Promise<readonly RunningServer[]> {
  // The mark is a variable of the process: a reload sets it by the file, commands have to set it themselves.
  const mark = kind === 'runtime' ? [`experimental-mode on; set var proc.escale str(${config.hash})`] : []
  const tables = Object.entries(config.tables).map(
    ([name, text]) => [`tables-${config.tablesHash}/${name}`, text] as const,
  )
  const lines = [...commandLines(commands), ...mark].map((line) => `${line}\n`).join('')
  const archive = await archiveOf({ 'haproxy.cfg': config.text, commands: lines, ...Object.fromEntries(tables) })
  const result = await shell(engine, container, [writeScript, 'write', kind, config.hash], {
    ...limits,
    input: archive,
  })
  const [said = '', servers = ''] = result.stdout.toString('utf8').split(`${partMark}\n`)
  if (result.exitCode !== 0) throw refused(result, said)
  return readServersState(servers)
}

function refused({ exitCode, stderr }: ExecResult, said: string): EscaleError {
  const words = `${said}\n${stderr.toString('utf8')}`.trim().slice(0, 2000)
  switch (exitCode) {
    case exitInvalid:
      return new EscaleError(
        'internal-error',
        `the proxy finds its new configuration invalid, and keeps the one before: ${words}`,
      )
    case exitNotReloaded:
      return new EscaleError(
        'engine-refused',
        `the proxy did not take up its new configuration, and goes back to the one before: ${words}`,
      )
    default:
      return new EscaleError(
        'engine-refused',
        `writing the configuration of the proxy failed (exit ${exitCode}): ${words}`,
      )
  }
}

function shell(
  engine: Engine,
  container: string,
  script: readonly string[],
  limits: CallLimits & { readonly input?: Uint8Array },
): Promise<ExecResult> {
  return runExec(engine.exec, container, { Cmd: ['sh', '-c', ...script] }, limits)
}
