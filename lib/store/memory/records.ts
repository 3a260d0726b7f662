/** Records of the store in memory: partitions of text by id. */
import { addressKey, checkLimit, encodeValue } from '../checks.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { Address, CommitResult, ListOptions, Operation, Page, Precondition, Stored } from '../store.ts'

interface Row {
  readonly text: string
  readonly version: number
}

export interface RecordTable {
  readonly cursorKey: Uint8Array
  /** By collection and partition, then by id. */
  readonly partitions: Map<string, Map<string, Row>>
}

export const recordTable = (cursorKey: Uint8Array): RecordTable => ({ cursorKey, partitions: new Map() })

const partitionKey = (collection: string, partition: string): string => addressKey({ collection, partition, id: '' })

const rowOf = (table: RecordTable, { collection, partition, id }: Address): Row | undefined =>
  table.partitions.get(partitionKey(collection, partition))?.get(id)

function write(table: RecordTable, { collection, partition, id }: Address, row: Row): void {
  const key = partitionKey(collection, partition)
  const rows = table.partitions.get(key) ?? new Map<string, Row>()
  rows.set(id, row)
  table.partitions.set(key, rows)
}

function remove(table: RecordTable, { collection, partition, id }: Address): void {
  const key = partitionKey(collection, partition)
  const rows = table.partitions.get(key)
  rows?.delete(id)
  if (rows?.size === 0) table.partitions.delete(key)
}

const stored = <T>(id: string, row: Row): Stored<T> => ({ id, value: JSON.parse(row.text) as T, version: row.version })

export function getRecord<T>(table: RecordTable, address: Address): Stored<T> | undefined {
  const row = rowOf(table, address)
  return row === undefined ? undefined : stored(address.id, row)
}

export function listRecords<T>(
  table: RecordTable,
  collection: string,
  partition: string,
  options: ListOptions,
): Page<T> {
  const limit = checkLimit(options.limit)
  const reverse = options.reverse ?? false
  const scope = { collection, partition, reverse }
  const after =
    options.after === undefined ? undefined : Buffer.from(decodeCursor(table.cursorKey, scope, options.after))
  const direction = reverse ? -1 : 1
  const rows = [...(table.partitions.get(partitionKey(collection, partition)) ?? [])]
    .map(([id, row]) => ({ id, row, bytes: Buffer.from(id) }))
    .filter(({ bytes }) => after === undefined || Buffer.compare(bytes, after) * direction > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes) * direction)
  const items = rows.slice(0, limit).map(({ id, row }) => stored<T>(id, row))
  const last = items.at(-1)
  return rows.length > limit && last !== undefined
    ? { items, next: encodeCursor(table.cursorKey, scope, last.id) }
    : { items }
}

const holds = (condition: Precondition, row: Row | undefined): boolean => {
  if ('ifAbsent' in condition) return row === undefined
  if ('ifVersion' in condition) return row?.version === condition.ifVersion
  return true
}

export function commitRecords(
  table: RecordTable,
  operations: readonly Operation[],
  isHeld: (lease: string, fence: number) => boolean,
): CommitResult {
  const writes: (() => void)[] = []
  const versions: number[] = []
  for (const [index, operation] of operations.entries()) {
    if ('fence' in operation) {
      if (!isHeld(operation.fence, operation.ifFence)) return { ok: false, failed: index }
      versions.push(operation.ifFence)
    } else if ('put' in operation) {
      const row = rowOf(table, operation.put)
      if (!holds(operation, row)) return { ok: false, failed: index }
      const next = { text: encodeValue(operation.value), version: (row?.version ?? 0) + 1 }
      writes.push(() => write(table, operation.put, next))
      versions.push(next.version)
    } else if ('remove' in operation) {
      if (!holds(operation, rowOf(table, operation.remove))) return { ok: false, failed: index }
      writes.push(() => remove(table, operation.remove))
      versions.push(0)
    } else {
      if (!holds(operation, rowOf(table, operation.check))) return { ok: false, failed: index }
      versions.push(operation.ifVersion)
    }
  }
  for (const apply of writes) apply()
  return { ok: true, versions }
}
