/**
 * The store: few operations, every write conditional (ruling D17). No totals, no filters beyond what is
 * indexed, opaque cursors. Implementations share one contract suite; the type holds no secret values ever.
 */
import type { Json } from '../core/hash.ts'

export interface Stored<T> {
  readonly id: string
  readonly value: T
  /** Grows with each write of the record. */
  readonly version: number
}

export interface ListOptions {
  /** Opaque cursor of the page before. */
  readonly after?: string
  readonly limit?: number
  /** Newest (largest id) first. */
  readonly reverse?: boolean
}

export interface Page<T> {
  readonly items: readonly Stored<T>[]
  readonly next?: string
}

export type Precondition = { readonly ifAbsent: true } | { readonly ifVersion: number } | { readonly unconditional: true }

export type Operation =
  | ({ readonly put: Address; readonly value: Json } & Precondition)
  | ({ readonly remove: Address } & Precondition)
  /** Nothing is written; the commit fails unless the record is still of this version. */
  | { readonly check: Address; readonly ifVersion: number }
  /** The commit fails unless the lease is still held under this fence. */
  | { readonly fence: string; readonly ifFence: number }

export interface Address {
  readonly collection: string
  readonly partition: string
  readonly id: string
}

export type CommitResult =
  | { readonly ok: true; readonly versions: readonly number[] }
  /** Index of the first operation whose condition did not hold. Nothing was written. */
  | { readonly ok: false; readonly failed: number }

export interface Entry {
  readonly seq: number
  readonly atMs: number
  readonly value: Json
}

export interface Lease {
  readonly name: string
  readonly holder: string
  /** Grows with each acquisition; writes that carry an older one are refused. */
  readonly fence: number
  readonly expiresAtMs: number
}

export interface DueItem {
  readonly name: string
  readonly dueAtMs: number
}

export interface BucketSpec {
  readonly name: string
  readonly perSecond: number
  readonly burst: number
}

export type ClaimResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly name: string; readonly owner: string }

export type OnceResult =
  | { readonly kind: 'first' }
  | { readonly kind: 'again'; readonly result?: Json }
  /** The key was used with another request. */
  | { readonly kind: 'mismatch' }

export const maxOperations = 25

export interface Store {
  get<T extends Json = Json>(address: Address): Promise<Stored<T> | undefined>
  list<T extends Json = Json>(collection: string, partition: string, options?: ListOptions): Promise<Page<T>>
  /** All or nothing; at most 25 operations. */
  commit(operations: readonly Operation[]): Promise<CommitResult>
  /** Adds entries to a stream; answers the sequence number of the last. Numbers count from 1 without gaps. */
  append(stream: string, entries: readonly { readonly atMs: number; readonly value: Json }[]): Promise<number>
  read(stream: string, after: number, limit: number): Promise<readonly Entry[]>
  /** Undefined while somebody else holds it; a lease is never stolen before it expires (ruling A3). */
  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined>
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>
  release(lease: Lease): Promise<void>
  /** What is due at or before `beforeMs`, earliest first. */
  due(beforeMs: number, limit: number): Promise<readonly DueItem[]>
  /** Keeps the earlier of what stands and `dueAtMs` unless `replace`; undefined removes. */
  setDue(name: string, dueAtMs: number | undefined, options?: { readonly replace?: boolean }): Promise<void>
  /** Takes `count` tokens, now or later: answers how long to wait before using them. */
  take(bucket: BucketSpec, count: number): Promise<number>
  /** Takes all the names for `owner`, or none. Names that `owner` has already are fine. */
  claim(space: string, names: readonly string[], owner: string): Promise<ClaimResult>
  unclaim(space: string, names: readonly string[], owner: string): Promise<void>
  /** Names that `owner` holds in a space. */
  claims(space: string, owner: string): Promise<readonly string[]>
  /** The first call under a key is told so; later ones with the same request get what `settle` kept (ruling D18). */
  once(key: string, requestHash: string, keepMs: number): Promise<OnceResult>
  settle(key: string, result: Json): Promise<void>
  close(): Promise<void>
}
