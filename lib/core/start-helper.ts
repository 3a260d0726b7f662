/**
 * The arguments of the start helper (images/start), the TypeScript side of the grammar its README describes.
 * Pure: options in, argument list out. Nothing here is quoted, as no shell reads it.
 */
import { EscaleError } from './errors.ts'

/** Where a target puts the helper. */
export const startHelperPath = '/.escale/start'

/** Exit codes of the helper itself; every other code is the program's, 128 + number when a signal ended it. */
export const startHelperExit = {
  /** A secret for the environment could not be read. */
  secret: 124,
  /** Wrong arguments, or the system refused something. */
  helper: 125,
  cannotExecute: 126,
  notFound: 127,
} as const

export type HelperProbe =
  | { readonly kind: 'http'; readonly path: string; readonly port: number }
  | { readonly kind: 'https'; readonly path: string; readonly port: number }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'grpc'; readonly port: number; readonly service?: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }

export interface HelperCheck {
  readonly probe: HelperProbe
  readonly timeoutMs: number
  /** Headers of an http probe, e.g. another `Host`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Variables whose values exist only inside the container. */
export interface HelperEnvironment {
  /** Variable to the file that holds its value, read byte for byte. */
  readonly files?: Readonly<Record<string, string>>
  /** Variables that get the container's IPv4 address. */
  readonly address?: readonly string[]
}

export interface HelperRunOptions {
  readonly environment?: HelperEnvironment
  /** The signal that `drainMs` and `stopExec` hold back; the helper's default is SIGTERM. */
  readonly stopSignal?: string
  readonly drainMs?: number
  readonly stopExec?: { readonly command: readonly string[]; readonly timeoutMs: number }
  /** The image's own entrypoint and command. */
  readonly command: readonly string[]
}

export interface HelperCheckOptions {
  /** For exec probes: they get what the program got. */
  readonly environment?: HelperEnvironment
  /** Folder that remembers the first success, `none` to go by age alone; by default /dev/shm, /run or /tmp. */
  readonly state?: string
  readonly startupWithinMs?: number
  /** Waited before each live probe, so that a short interval sees readiness early. */
  readonly paceMs?: number
  readonly startup?: HelperCheck
  readonly ready?: HelperCheck
  readonly live?: HelperCheck
}

const counted = (command: readonly string[]): readonly string[] => [String(command.length), ...command]

function option(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [name, String(value)]
}

function environmentArgs(environment: HelperEnvironment = {}): readonly string[] {
  return [
    ...Object.entries(environment.files ?? {}).flatMap(([name, file]) => ['--env', `${name}=${file}`]),
    ...(environment.address ?? []).flatMap((name) => ['--env-ip', name]),
  ]
}

/** A request line holds visible ASCII only; what is already percent-encoded stays. */
const encodePath = (path: string): string =>
  path.toWellFormed().replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))

function probeArgs(probe: HelperProbe): readonly string[] {
  switch (probe.kind) {
    case 'http':
      return [`http:${probe.port}${encodePath(probe.path)}`]
    case 'https':
      // No TLS in a helper of this size: the port answers or it does not (approximated, MANIFEST).
      return [`tcp:${probe.port}`]
    case 'tcp':
      return [`tcp:${probe.port}`]
    case 'grpc':
      return [probe.service === undefined ? `grpc:${probe.port}` : `grpc:${probe.port}/${probe.service}`]
    case 'exec':
      return [`exec:${probe.command.length}`, ...probe.command]
  }
}

function checkArgs(name: string, check: HelperCheck | undefined): readonly string[] {
  if (check === undefined) return []
  const headers = check.probe.kind === 'http' ? Object.entries(check.headers ?? {}) : []
  return [
    name,
    ...probeArgs(check.probe),
    ...option('--timeout', check.timeoutMs),
    ...headers.flatMap(([header, value]) => ['--header', `${header}: ${value}`]),
  ]
}

/** The command line that puts the helper in front of the image's own command. */
export function startHelperRun(options: HelperRunOptions): readonly string[] {
  if (options.command.length === 0) {
    throw new EscaleError('internal-error', 'the start helper needs the command it stands in front of, and it is empty')
  }
  const { stopExec } = options
  const hook = stopExec === undefined || stopExec.command.length === 0 ? undefined : stopExec
  return [
    startHelperPath,
    'run',
    ...environmentArgs(options.environment),
    ...option('--stop-signal', options.stopSignal),
    ...option('--drain', options.drainMs),
    ...(hook === undefined
      ? []
      : ['--stop-exec', ...counted(hook.command), ...option('--stop-exec-timeout', hook.timeoutMs)]),
    '--',
    ...options.command,
  ]
}

/** The command line of the container's health check; undefined when there is nothing to check. */
export function startHelperCheck(options: HelperCheckOptions): readonly string[] | undefined {
  const { startup, ready, live } = options
  if (startup === undefined && ready === undefined && live === undefined) return undefined
  return [
    startHelperPath,
    'check',
    ...option('--state', options.state),
    ...option('--startup-within', options.startupWithinMs),
    ...option('--pace', options.paceMs),
    ...environmentArgs(options.environment),
    ...checkArgs('--startup', startup),
    ...checkArgs('--ready', ready),
    ...checkArgs('--live', live),
  ]
}

/** The command line that waits, for a stop hook in images without `sleep`. */
export const startHelperWait = (ms: number): readonly string[] => [startHelperPath, 'wait', String(ms)]

const heldSignals =
  /^(SIG)?(HUP|INT|QUIT|ABRT|USR1|USR2|ALRM|TERM|CONT|TSTP|XCPU|WINCH|IO|PWR|RTMIN\+([1-9]|[12]\d|30)|RTMAX(-(\d|[12]\d))?)$/
const notHeld = new Set([9, 13, 17, 19, 21, 22, 32, 33, 34])

/** Whether the helper can hold this signal back: KILL and STOP reach no process, a few others mean the helper itself. */
export function canHoldSignal(signal: string): boolean {
  if (!/^(SIG)?\d{1,2}$/.test(signal)) return heldSignals.test(signal)
  const number = Number(signal.replace('SIG', ''))
  return number >= 1 && number <= 64 && !notHeld.has(number)
}
