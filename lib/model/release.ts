/** A release: immutable, numbered, complete. And the runtime state beside it (ruling A7). */
import type { AppKey } from './app.ts'
import type { Leaf } from './leaf.ts'
import type { AppSpec } from './unit.ts'

export interface Release {
  readonly id: string
  /** Counts from 1 within the app. */
  readonly number: number
  readonly key: AppKey
  readonly cluster: string
  /** Resolved: parameters, overlay, digests and image configs are in. */
  readonly spec: AppSpec
  /** The manifest as it was given, for `releases show` and export. */
  readonly manifest: string
  /** Leaves of the resolved manifest: what the ledger must answer for. */
  readonly leaves: readonly Leaf[]
  /** Version id by secret name (ruling A9). */
  readonly secretVersions: Readonly<Record<string, string>>
  readonly author: string
  readonly createdAtMs: number
  /** Hash of all that decides what runs: spec and secret versions. */
  readonly hash: string
  readonly note?: string
}

export interface RuntimeState {
  /** Counts set by `escale scale`, with the manifest's own value they were set over. */
  readonly counts: Readonly<Record<string, { readonly count: number; readonly over: number }>>
  /** Units stopped by `escale stop`; `*` is the whole app. */
  readonly stopped: readonly string[]
  /** Bumped by `escale restart`. */
  readonly restarts: Readonly<Record<string, number>>
  /** Shares by `service/route` and track, set by `escale traffic`. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export const freshRuntime: RuntimeState = { counts: {}, stopped: [], restarts: {}, weights: {} }
