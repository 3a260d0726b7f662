/** What the use cases and the tick need of the world. The edge makes one and passes it on. */
import type { Clock, Log, Random } from '../core/deps.ts'
import type { AppKey } from '../model/app.ts'
import type { Target } from '../targets/target.ts'
import type { Store } from '../store/store.ts'
import type { SourceReaders } from '../vault/sources.ts'
import type { Vault } from '../vault/vault.ts'

export interface Deps {
  readonly store: Store
  readonly vault: Vault
  /** The target behind a cluster; throws `unreachable` where it cannot be reached. */
  readonly target: (cluster: string) => Promise<Target>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Marks everything of this installation. */
  readonly installId: string
  /** Asks for a tick soon. Losing a poke costs time only: what is due stands in the store (ruling A4). */
  readonly poke: (key: AppKey) => void
  readonly settings: ControlSettings
  /** Readers of secrets that stand elsewhere, by scheme: `ssm`, `secretsmanager`, `kubernetes`. */
  readonly sources: SourceReaders
}

export interface ControlSettings {
  /** Longest that one tick may work before it answers "again". */
  readonly tickBudgetMs: number
  /** Deadline of one native call. */
  readonly callDeadlineMs: number
  /** Longer than the longest tick plus a call's deadline (ruling A3). */
  readonly leaseMs: number
  /** Deadline of building one image. */
  readonly buildDeadlineMs: number
}

export const defaultSettings: ControlSettings = {
  tickBudgetMs: 20_000,
  callDeadlineMs: 30_000,
  leaseMs: 90_000,
  buildDeadlineMs: 900_000,
}
