/**
 * The audit log: who did what to what, what it was before and became, and what was refused. Entries are
 * only ever appended, and never hold a secret value.
 */
import type { Code } from '../core/codes.ts'
import type { Deps } from './deps.ts'
import { streams } from './records.ts'

export interface AuditEntry {
  readonly atMs: number
  /** E.g. `token:ci`. */
  readonly subject: string
  /** Tells two principals of one subject apart, e.g. a token's id. */
  readonly principal: string
  /** Name of the operation, as in the OpenAPI document. */
  readonly operation: string
  /** What it was about, e.g. `shop/web/default` or `cluster:local`. */
  readonly resource: string
  readonly outcome: 'done' | 'refused' | 'failed'
  /** Why it was refused or failed. */
  readonly code?: Code
  readonly before?: object
  readonly after?: object
  readonly traceId: string
}

export interface NumberedAuditEntry extends AuditEntry {
  readonly seq: number
}

const streamOf = (project: string | undefined): string =>
  project === undefined ? streams.audit : `${streams.audit}/${project}`

/** Every entry stands in the log of the installation; those of a project stand in the project's as well. */
export async function recordAudit(deps: Pick<Deps, 'store'>, entry: AuditEntry, project?: string): Promise<void> {
  const entries = [{ atMs: entry.atMs, value: entry }]
  await deps.store.append(streamOf(undefined), entries)
  if (project !== undefined) await deps.store.append(streamOf(project), entries)
}

/** Entries after `after`, oldest first, of the installation or of one project. */
export async function readAudit(
  deps: Pick<Deps, 'store'>,
  project: string | undefined,
  after: number,
  limit: number,
): Promise<{ items: readonly NumberedAuditEntry[]; next: number }> {
  const entries = await deps.store.read(streamOf(project), after, limit)
  const items = entries.map((entry) => ({ ...(entry.value as unknown as AuditEntry), seq: entry.seq }))
  return { items, next: items.at(-1)?.seq ?? after }
}
