/** Projects, tokens, grants, secrets, audit and clusters, from inside to the wire. */
import type * as z from 'zod'
import { formatTime } from '../../core/time.ts'
import type { NumberedAuditEntry } from '../../control/audit.ts'
import type { GrantRecord } from '../../control/access/subjects.ts'
import type { TokenRecord } from '../../control/access/tokens.ts'
import type { ClusterRecord, ProjectRecord } from '../../control/records.ts'
import type { SecretSummary, secretVersions } from '../../control/secrets.ts'
import type * as access from '../schemas/access.ts'
import type * as clusters from '../schemas/cluster.ts'
import type { NodeInfo, VolumeInfo } from '../../targets/target.ts'

type SecretVersion = Awaited<ReturnType<typeof secretVersions>>[number]

export const projectView = (record: ProjectRecord): z.input<typeof access.project> => ({
  name: record.name,
  createdAt: formatTime(record.createdAtMs),
  allow: record.grants,
})

/** Everything of a token but its hash. */
export const tokenView = (record: TokenRecord): z.input<typeof access.token> => ({
  id: record.id,
  name: record.name,
  grants: record.grants,
  createdBy: record.createdBy,
  createdAt: formatTime(record.createdAtMs),
  ...(record.expiresAtMs !== undefined && { expiresAt: formatTime(record.expiresAtMs) }),
  ...(record.lastUsedAtMs !== undefined && { lastUsedAt: formatTime(record.lastUsedAtMs) }),
})

export const grantView = (record: GrantRecord): z.input<typeof access.givenGrant> => ({
  id: record.id,
  subject: record.subject,
  role: record.role,
  collection: record.collection,
  createdBy: record.createdBy,
  createdAt: formatTime(record.createdAtMs),
})

export const secretVersionView = (version: SecretVersion): z.input<typeof access.secretVersion> => ({
  version: version.version,
  createdAt: formatTime(version.createdAtMs),
  origin: version.origin,
})

export const secretView = (summary: SecretSummary): z.input<typeof access.secret> => ({
  name: summary.name,
  ...secretVersionView(summary.current),
})

export const auditView = (entry: NumberedAuditEntry): z.input<typeof access.auditEntry> => ({
  seq: entry.seq,
  at: formatTime(entry.atMs),
  subject: entry.subject,
  principal: entry.principal,
  operation: entry.operation,
  resource: entry.resource,
  outcome: entry.outcome,
  ...(entry.code !== undefined && { code: entry.code }),
  ...(entry.before !== undefined && { before: entry.before }),
  ...(entry.after !== undefined && { after: entry.after }),
  traceId: entry.traceId,
})

export const clusterView = (record: ClusterRecord): z.input<typeof clusters.cluster> => ({
  name: record.name,
  kind: record.kind,
  ...(record.domain !== undefined && { domain: record.domain }),
  createdAt: formatTime(record.createdAtMs),
})

export const nodeView = (node: NodeInfo): z.input<typeof clusters.node> => ({
  id: node.id,
  name: node.name,
  state: node.state,
  role: node.role,
  labels: { ...node.labels },
  cpu: node.nanoCpus / 1e9,
  memoryBytes: node.memoryBytes,
  arch: node.arch,
  os: node.os,
})

export const volumeView = (volume: VolumeInfo): z.input<typeof clusters.volume> => ({
  name: volume.name,
  nativeName: volume.nativeName,
  ...(volume.app !== undefined && { app: volume.app }),
  ...(volume.sizeBytes !== undefined && { sizeBytes: volume.sizeBytes }),
  usedBy: volume.usedBy,
  ...(volume.createdAtMs !== undefined && { createdAt: formatTime(volume.createdAtMs) }),
})
