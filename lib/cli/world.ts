/** What a command may touch. The edge gives the real one, tests their own. */
import type { Clock, Random } from '../core/deps.ts'
import type { Finding } from './doctor/finding.ts'

export interface Sink {
  write(data: string | Uint8Array): void
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
}

export interface Source {
  readonly isTTY: boolean
  /** Everything until its end; refuses more than `maxBytes`. */
  readAll(maxBytes: number): Promise<Uint8Array>
  /** As it comes. */
  chunks(): AsyncIterable<Uint8Array>
  /** Keys as they are pressed, unseen; only on a terminal. */
  setRaw(raw: boolean): void
  /** No more is wanted: an input that stays open must not keep the process alive. */
  stop(): void
}

/** Questions to a person; each answers undefined where they gave up. */
export interface Prompts {
  confirm(question: string, initial: boolean): Promise<boolean | undefined>
  text(question: string, options: { readonly initial?: string; readonly hint?: string }): Promise<string | undefined>
  /** What is typed is not shown. */
  password(question: string): Promise<string | undefined>
}

export interface UpRequest {
  readonly engine?: string
  readonly memory: boolean
  readonly host?: string
  readonly port: number
  readonly dataDir?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly address?: string
  readonly httpPorts?: readonly number[]
}

export interface UpPlatform {
  readonly url: string
  /** Of the owner. */
  readonly token?: string
  close(): Promise<void>
}

export interface World {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdin: Source
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly clock: Clock
  readonly random: Random
  readonly version: string
  readonly fetch: typeof fetch
  /** Absent: the one of this runtime. */
  readonly webSocket?: typeof WebSocket
  /** Waits between polls of the client. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Calls `act` on Ctrl-C and on a polite kill; answers how to stop that. */
  onInterrupt(act: () => void): () => void
  /** Calls `act` when the terminal has another size; answers how to stop that. */
  onResize(act: () => void): () => void
  prompts(): Promise<Prompts>
  /** A folder as a tar archive, without what its `.dockerignore` leaves out. */
  packContext(folder: string, dockerfiles: readonly string[]): Promise<ReadableStream<Uint8Array>>
  /** Starts the platform on this machine. */
  up(request: UpRequest): Promise<UpPlatform>
  /** Looks at the machine. */
  diagnose(request: { readonly engine?: string; readonly port: number }): Promise<readonly Finding[]>
}
