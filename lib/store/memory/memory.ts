/**
 * The store in memory: for tests, simulations and trying things out. Every operation runs in one turn of the
 * event loop, which is what makes it atomic. Values are kept as text, so nothing is shared with callers.
 */
import type { Clock, Random } from '../../core/deps.ts'
import { EscaleError } from '../../core/errors.ts'
import type { Json } from '../../core/hash.ts'
import { takeTokens } from '../bucket.ts'
import type { BucketState } from '../bucket.ts'
import * as checks from '../checks.ts'
import { cursorKeyBytes } from '../cursor.ts'
import type { Lease, Store } from '../store.ts'
import { commitRecords, getRecord, listRecords, recordTable } from './records.ts'

interface OnceRecord {
  readonly requestHash: string
  readonly expiresAtMs: number
  readonly result?: string
}

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly random: Random
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

export function memoryStore({ clock, random }: MemoryStoreOptions): Store {
  const records = recordTable(random.bytes(cursorKeyBytes))
  const streams = new Map<string, { readonly atMs: number; readonly text: string }[]>()
  const leases = new Map<string, Lease>()
  const dueTimes = new Map<string, number>()
  const buckets = new Map<string, BucketState>()
  const spaces = new Map<string, Map<string, string>>()
  const keys = new Map<string, OnceRecord>()
  let closed = false

  const open = (): void => {
    if (closed) throw new EscaleError('internal-error', 'the store is closed')
  }

  const heldLease = (name: string, fence: number): Lease | undefined => {
    const lease = leases.get(name)
    return lease !== undefined && lease.fence === fence && lease.expiresAtMs > clock.nowMs() ? lease : undefined
  }

  const keptKey = (key: string): OnceRecord | undefined => {
    const record = keys.get(key)
    return record !== undefined && record.expiresAtMs > clock.nowMs() ? record : undefined
  }

  return {
    async get<T>(address: Parameters<Store['get']>[0]) {
      open()
      checks.checkAddress(address)
      return getRecord<T>(records, address)
    },

    async list<T>(...[collection, partition, options = {}]: Parameters<Store['list']>) {
      open()
      checks.checkPartition(collection, partition)
      return listRecords<T>(records, collection, partition, options)
    },

    async commit(operations) {
      open()
      checks.checkOperations(operations)
      return commitRecords(records, operations, (name, fence) => heldLease(name, fence) !== undefined)
    },

    async append(stream, entries) {
      open()
      checks.checkName('the name of a stream', stream)
      checks.checkEntries(entries)
      const added = entries.map(({ atMs, value }) => ({ atMs, text: checks.encodeValue(value) }))
      const kept = streams.get(stream) ?? []
      if (added.length > 0) streams.set(stream, kept)
      kept.push(...added)
      return kept.length
    },

    async read(stream, after, limit) {
      open()
      checks.checkName('the name of a stream', stream)
      checks.checkAfter(after)
      return (streams.get(stream) ?? [])
        .slice(after, after + checks.checkLimit(limit))
        .map(({ atMs, text }, index) => ({ seq: after + index + 1, atMs, value: JSON.parse(text) as Json }))
    },

    async acquire(name, holder, ttlMs) {
      open()
      checks.checkName('the name of a lease', name)
      checks.checkName('the holder of a lease', holder)
      checks.checkDuration('the time of a lease', ttlMs)
      const nowMs = clock.nowMs()
      const before = leases.get(name)
      if (before !== undefined && before.expiresAtMs > nowMs) return undefined
      const lease = { name, holder, fence: (before?.fence ?? 0) + 1, expiresAtMs: nowMs + ttlMs }
      leases.set(name, lease)
      return lease
    },

    async renew(lease, ttlMs) {
      open()
      checks.checkDuration('the time of a lease', ttlMs)
      const held = heldLease(lease.name, lease.fence)
      if (held === undefined) return undefined
      const renewed = { ...held, expiresAtMs: clock.nowMs() + ttlMs }
      leases.set(lease.name, renewed)
      return renewed
    },

    async release(lease) {
      open()
      const held = heldLease(lease.name, lease.fence)
      // The record stays, for the next fence must be larger.
      if (held !== undefined) leases.set(lease.name, { ...held, expiresAtMs: 0 })
    },

    async due(beforeMs, limit) {
      open()
      checks.checkTime('the time asked for', beforeMs)
      const most = checks.checkLimit(limit)
      return [...dueTimes]
        .map(([name, dueAtMs]) => ({ name, dueAtMs }))
        .filter(({ dueAtMs }) => dueAtMs <= beforeMs)
        .sort((a, b) => a.dueAtMs - b.dueAtMs || byBytes(a.name, b.name))
        .slice(0, most)
    },

    async setDue(name, dueAtMs, options = {}) {
      open()
      checks.checkName('the name of what is due', name)
      if (dueAtMs === undefined) {
        dueTimes.delete(name)
        return
      }
      checks.checkTime('the due time', dueAtMs)
      const before = dueTimes.get(name)
      if (before === undefined || options.replace === true || dueAtMs < before) dueTimes.set(name, dueAtMs)
    },

    async take(bucket, count) {
      open()
      checks.checkBucket(bucket, count)
      const { state, waitMs } = takeTokens(buckets.get(bucket.name), bucket, count, clock.nowMs())
      buckets.set(bucket.name, state)
      return waitMs
    },

    async claim(space, names, owner) {
      open()
      const distinct = checks.checkClaim(space, names, owner)
      const owners = spaces.get(space) ?? new Map<string, string>()
      for (const name of distinct) {
        const other = owners.get(name)
        if (other !== undefined && other !== owner) return { ok: false, name, owner: other }
      }
      for (const name of distinct) owners.set(name, owner)
      spaces.set(space, owners)
      return { ok: true }
    },

    async unclaim(space, names, owner) {
      open()
      const owners = spaces.get(space)
      for (const name of checks.checkClaim(space, names, owner)) {
        if (owners?.get(name) === owner) owners.delete(name)
      }
    },

    async claims(space, owner) {
      open()
      checks.checkClaim(space, [], owner)
      return [...(spaces.get(space) ?? [])]
        .filter(([, holder]) => holder === owner)
        .map(([name]) => name)
        .sort(byBytes)
    },

    async once(key, requestHash, keepMs) {
      open()
      checks.checkName('an idempotency key', key)
      checks.checkDuration('the time a key is kept', keepMs)
      const kept = keptKey(key)
      if (kept === undefined) {
        keys.set(key, { requestHash, expiresAtMs: clock.nowMs() + keepMs })
        return { kind: 'first' }
      }
      if (kept.requestHash !== requestHash) return { kind: 'mismatch' }
      return kept.result === undefined ? { kind: 'again' } : { kind: 'again', result: JSON.parse(kept.result) as Json }
    },

    async settle(key, result) {
      open()
      checks.checkName('an idempotency key', key)
      const text = checks.encodeValue(result)
      const kept = keptKey(key)
      if (kept !== undefined) keys.set(key, { ...kept, result: text })
    },

    async close() {
      closed = true
    },
  }
}
