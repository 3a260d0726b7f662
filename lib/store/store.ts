/**
 * The store: few operations, every write conditional (ruling D17). No totals, no filters beyond what is
 * indexed, opaque cursors. Implementations share one contract suite; the type holds no secret values ever.
 *
 * Nothing here may cost more on DynamoDB than the comment of the operation tells: `read` is one query or
 * get, `write` one conditional write, `transaction` a write of twice the price for each item in it.
 * A call that fails may have taken effect; each operation says what a second call then does.
 * A malformed name, limit or cursor is a `usage` error; what only a faulty caller can do (two operations on
 * one record, more of them than allowed) is an `internal-error`.
 */
import type { Json } from '../core/hash.ts'

export interface Stored<T> {
  readonly id: string
  readonly value: T
  /** Grows with each write of the record; a record made anew after a removal starts again. */
  readonly version: number
}

/** What a record holds: anything that JSON can carry. Members that are `undefined` are not kept. */
export type Storable = Json | object

export interface ListOptions {
  /** Opaque and signed cursor of the page before; good for the same collection, partition and direction alone. */
  readonly after?: string
  /** At most `maxPage`; absent: `defaultPage`. */
  readonly limit?: number
  /** Newest (largest id) first. */
  readonly reverse?: boolean
}

/** May hold fewer items than asked for, even none: `next` alone tells whether more may follow. */
export interface Page<T> {
  readonly items: readonly Stored<T>[]
  readonly next?: string
}

export type Precondition =
  | { readonly ifAbsent: true }
  | { readonly ifVersion: number }
  | { readonly unconditional: true }

export type Operation =
  | ({ readonly put: Address; readonly value: Storable } & Precondition)
  /** `ifAbsent` here only checks that there is none. */
  | ({ readonly remove: Address } & Precondition)
  /** Nothing is written; the commit fails unless the record is still of this version. */
  | { readonly check: Address; readonly ifVersion: number }
  /** The commit fails unless the lease is still held under this fence and has not expired. */
  | { readonly fence: string; readonly ifFence: number }

export interface Address {
  readonly collection: string
  readonly partition: string
  readonly id: string
}

export type CommitResult =
  /** One number for each operation: the new version of a put, 0 for a remove, what was asked for by a check or fence. */
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

export type ClaimResult = { readonly ok: true } | { readonly ok: false; readonly name: string; readonly owner: string }

export type OnceResult =
  | { readonly kind: 'first' }
  /** Without a result: the first call has not settled, because it is under way or because it died. */
  | { readonly kind: 'again'; readonly result?: Json }
  /** The key was used with another request. */
  | { readonly kind: 'mismatch' }

/** Operations of one commit. */
export const maxOperations = 25
/** Entries of one append: a transaction of DynamoDB holds a hundred items, so entries of one append share items there. */
export const maxEntries = 1000
/** Names of one claim: each is two items there, by name and by owner. */
export const maxClaimNames = 50
/** Bytes of a name, partition or id: DynamoDB's sort key is 1024 bytes, with room for a prefix. */
export const maxNameBytes = 768
export const maxPage = 1000
export const defaultPage = 100

export interface Store {
  /** Sees every write that ended before. DynamoDB: one consistent read. */
  get<T = Json>(address: Address): Promise<Stored<T> | undefined>
  /** In the order of the ids' UTF-8 bytes. DynamoDB: one query of a partition by its sort key. */
  list<T = Json>(collection: string, partition: string, options?: ListOptions): Promise<Page<T>>
  /**
   * All or nothing; at most 25 operations, no two on the same record or lease. After a lost answer the same
   * conditions fail, since versions have grown: read to learn what became of it.
   * DynamoDB: one operation is a write; more are a transaction, and an unconditional put in it one read more.
   * A fence with the one record that bears the lease may stand in one item, and is one write then.
   */
  commit(operations: readonly Operation[]): Promise<CommitResult>
  /**
   * Adds at most `maxEntries` entries to a stream, side by side and all or none; answers the sequence number of
   * the last (with no entries: of the last there is, else 0). Numbers count from 1 without gaps. A second call
   * adds again: readers tell doubles by what the entries say. DynamoDB: a transaction over head and entries.
   */
  append(stream: string, entries: readonly { readonly atMs: number; readonly value: Storable }[]): Promise<number>
  /** Entries whose number is larger than `after`, in order. DynamoDB: one query. */
  read(stream: string, after: number, limit: number): Promise<readonly Entry[]>
  /**
   * Undefined while it is held, even under the same holder's name; a lease is never stolen before it expires
   * (ruling A3). After a lost answer it is held until it expires. DynamoDB: a write.
   */
  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined>
  /** The same lease from now for `ttlMs`; undefined once it has expired, was released or is another's. A write. */
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>
  /** Does nothing where the lease is not held under this fence any more. A write. */
  release(lease: Lease): Promise<void>
  /**
   * What is due at or before `beforeMs`, earliest first, those of one moment by name. May lag a little behind
   * `setDue`: the index of DynamoDB is eventually consistent, and whoever sweeps comes again (ruling A4). A query.
   */
  due(beforeMs: number, limit: number): Promise<readonly DueItem[]>
  /** Keeps the earlier of what stands and `dueAtMs` unless `replace`; undefined removes. Repeatable. A write. */
  setDue(name: string, dueAtMs: number | undefined, options?: { readonly replace?: boolean }): Promise<void>
  /**
   * Takes `count` tokens, now or later: answers how many milliseconds to wait before using them. What was taken
   * is never given back, and fractions count. Tokens do not grow while clocks disagree or run backward
   * (ruling D4). DynamoDB: a read and a write on the version it read, again when somebody was faster.
   */
  take(bucket: BucketSpec, count: number): Promise<number>
  /** Takes all the names for `owner`, or none. Names that `owner` has already are fine, so it is repeatable. A transaction. */
  claim(space: string, names: readonly string[], owner: string): Promise<ClaimResult>
  /** Gives names back; those that `owner` does not have are left alone. Repeatable. A transaction. */
  unclaim(space: string, names: readonly string[], owner: string): Promise<void>
  /** Names that `owner` holds in a space, sorted. A query. */
  claims(space: string, owner: string): Promise<readonly string[]>
  /**
   * The first call under a key is told so; later ones with the same request get what `settle` kept (ruling D18).
   * After `keepMs` from the first call the key is new again. A write, and a read where the key is taken.
   */
  once(key: string, requestHash: string, keepMs: number): Promise<OnceResult>
  /** Keeps the result, in place of an earlier one; does nothing where the key is not kept any more. A write. */
  settle(key: string, result: Json): Promise<void>
  /** Repeatable; every other operation fails afterwards. */
  close(): Promise<void>
}
