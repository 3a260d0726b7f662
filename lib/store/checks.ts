/** What every implementation asks of its arguments, so that all refuse the same things in the same words. */
import { EscaleError } from '../core/errors.ts'
import type { Address, BucketSpec, Operation } from './store.ts'
import { defaultPage, maxClaimNames, maxEntries, maxNameBytes, maxOperations, maxPage } from './store.ts'

const controlCharacter = /\p{Cc}/u

function checkText(what: string, text: string): void {
  if (Buffer.byteLength(text) > maxNameBytes) {
    throw new EscaleError('usage', `${what} of ${Buffer.byteLength(text)} bytes is longer than ${maxNameBytes} bytes`)
  }
  if (controlCharacter.test(text) || !text.isWellFormed()) {
    throw new EscaleError('usage', `${what} ${JSON.stringify(text)} holds a control character or half a character`)
  }
}

export function checkName(what: string, text: string): void {
  if (text === '') throw new EscaleError('usage', `${what} is empty`)
  checkText(what, text)
}

export function checkPartition(collection: string, partition: string): void {
  checkName('the name of a collection', collection)
  // Implementations prefix it with the collection, so it may be empty.
  checkText('a partition', partition)
}

export function checkAddress(address: Address): void {
  checkPartition(address.collection, address.partition)
  checkName('an id', address.id)
}

export const addressKey = (address: Address): string =>
  JSON.stringify([address.collection, address.partition, address.id])

const targetOf = (operation: Operation): string => {
  if ('fence' in operation) return `lease ${operation.fence}`
  if ('put' in operation) return addressKey(operation.put)
  return addressKey('remove' in operation ? operation.remove : operation.check)
}

export function checkOperations(operations: readonly Operation[]): void {
  if (operations.length > maxOperations) {
    throw new EscaleError('internal-error', `a commit of ${operations.length} operations, at most ${maxOperations} fit`)
  }
  const seen = new Set<string>()
  for (const operation of operations) {
    if ('fence' in operation) checkName('the name of a lease', operation.fence)
    else if ('put' in operation) checkAddress(operation.put)
    else checkAddress('remove' in operation ? operation.remove : operation.check)
    const target = targetOf(operation)
    if (seen.has(target)) throw new EscaleError('internal-error', `two operations of one commit are on ${target}`)
    seen.add(target)
  }
}

export function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return defaultPage
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPage) {
    throw new EscaleError('usage', `limit ${limit} is not a whole number from 1 to ${maxPage}`)
  }
  return limit
}

export function checkAfter(after: number): void {
  if (!Number.isSafeInteger(after) || after < 0) {
    throw new EscaleError('usage', `${after} is not the number of an entry: a whole number from 0`)
  }
}

export function checkEntries(entries: readonly { readonly atMs: number }[]): void {
  if (entries.length > maxEntries) {
    throw new EscaleError('internal-error', `an append of ${entries.length} entries, at most ${maxEntries} fit`)
  }
  for (const entry of entries) checkTime('the time of an entry', entry.atMs)
}

/** Times are whole milliseconds: fractions would compare differently once stored. */
export function checkTime(what: string, timeMs: number): void {
  if (!Number.isSafeInteger(timeMs))
    throw new EscaleError('internal-error', `${what}, ${timeMs}, is not in whole milliseconds`)
}

export function checkDuration(what: string, durationMs: number): void {
  checkTime(what, durationMs)
  if (durationMs <= 0) throw new EscaleError('internal-error', `${what}, ${durationMs} ms, is not longer than nothing`)
}

export function checkBucket(bucket: BucketSpec, count: number): void {
  checkName('the name of a bucket', bucket.name)
  const positive = (value: number): boolean => Number.isFinite(value) && value > 0
  if (!positive(bucket.perSecond) || !positive(bucket.burst)) {
    throw new EscaleError(
      'internal-error',
      `bucket ${bucket.name} of ${bucket.perSecond} per second and a burst of ${bucket.burst}: both must be above 0`,
    )
  }
  if (!Number.isFinite(count) || count < 0) {
    throw new EscaleError('internal-error', `${count} tokens cannot be taken from bucket ${bucket.name}`)
  }
}

/** The names without doubles. */
export function checkClaim(space: string, names: readonly string[], owner: string): readonly string[] {
  checkName('the space of a claim', space)
  checkName('the owner of a claim', owner)
  for (const name of names) checkName('a claimed name', name)
  const distinct = [...new Set(names)]
  if (distinct.length > maxClaimNames) {
    throw new EscaleError('internal-error', `a claim of ${distinct.length} names, at most ${maxClaimNames} fit`)
  }
  return distinct
}

/** The text a value is kept as: what is read later is what JSON carries, and nobody can change it from outside. */
export function encodeValue(value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new EscaleError('internal-error', `a value of type ${typeof value} cannot be stored`)
  return text
}
