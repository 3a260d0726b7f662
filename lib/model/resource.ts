/** Native objects as a target renders them, and how they may change. */
import type { JsonObject } from '../core/hash.ts'

/** Stable inside one app on one cluster: `service/web`, `network/back`, `secret/db-pass@k3v…`. */
export type ResourceId = string

export interface Resource {
  readonly id: ResourceId
  /** The target's own kind; key of its `kinds`. */
  readonly kind: string
  /** Derived native name (ruling D5). */
  readonly name: string
  /** The unit it belongs to; absent for what several share. */
  readonly unit?: string
  /** The native body. Secret values never stand in it, only names of their versions. */
  readonly body: JsonObject
  /** Hash of what we mean: equal intents need no write (ruling A5). */
  readonly intent: string
  /** For what runs: hash of what makes its instances, so without counts and rhythm; tells new instances from old. */
  readonly template?: string
  /** What must exist before it. */
  readonly needs: readonly ResourceId[]
  /** What must be ready before it is written, on create and on update: the ordinal before this one. */
  readonly needsReady?: readonly ResourceId[]
  /** Native leaf (dotted) → manifest path that caused it; the longest prefix counts. */
  readonly causes: Readonly<Record<string, string>>
  /** Holds data: never removed, and never replaced, as a side effect. */
  readonly holdsData: boolean
}

/** How a changed field becomes true (ruling D11). */
export type ChangeMode = 'inPlace' | 'restart' | 'replace' | 'orphanReplace' | 'newName' | 'refuse'

export interface Difference {
  /** Dotted native leaf. */
  readonly path: string
  readonly actual?: string
  readonly desired?: string
  /** Manifest path that caused it, where known. */
  readonly cause?: string
  readonly mode: ChangeMode
}

/** How people know it: `db-0` for `service/db-0`, `nginx` for `config/nginx@k3v…`. */
export const resourceLabel = (id: ResourceId): string => id.slice(id.indexOf('/') + 1).replace(/@[a-z2-7]{8,}$/, '')
