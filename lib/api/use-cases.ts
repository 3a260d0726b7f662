/**
 * What the API asks of the control plane, with the world already bound. Errors come as `EscaleError`;
 * access has been judged before any of these is called.
 */
import type { Problem } from '../core/problems.ts'
import type { AppKey } from '../model/app.ts'
import type { Disposition, LedgerRow } from '../model/ledger.ts'
import type { Release } from '../model/release.ts'
import type { Actor } from '../control/actor.ts'
import type { PlanView } from '../control/deploy.ts'
import type { AppStatus, EventScope, EventsQuery, NumberedEvent } from '../control/queries.ts'
import type { AppRecord, ClusterRecord, DeploymentRecord, RunRecord } from '../control/records.ts'
import type {
  ExecRequest,
  ExecSession,
  LogLine,
  LogQuery,
  NodeInfo,
  ReclaimItem,
  VolumeInfo,
} from '../targets/target.ts'

export type Step = DeploymentRecord['steps'][number]

export interface PageQuery {
  readonly after?: string
  readonly limit?: number
}

export interface Paged<T> {
  readonly items: readonly T[]
  readonly next?: string
}

export interface ManifestRequest {
  readonly manifest: string
  /** By relative path. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Tar archives of build contexts, by the context's path. */
  readonly contexts?: Readonly<Record<string, Uint8Array>>
  readonly environment?: string
  readonly params: Readonly<Record<string, string>>
  readonly cluster?: string
  readonly strict?: readonly Disposition[]
}

export interface DeployRequest extends ManifestRequest {
  readonly project: string
  /** The app that access was judged for: a manifest of another name is refused (`app-mismatch`). */
  readonly app: string
  readonly planHash?: string
  readonly idempotencyKey?: string
  readonly note?: string
}

export interface ValidationView {
  readonly problems: readonly Problem[]
  /** The long form; absent where the text cannot be read at all. */
  readonly manifest?: string
  readonly ledger: readonly LedgerRow[]
}

export interface UseCases {
  validateManifest(request: ManifestRequest): Promise<ValidationView>
  planApp(actor: Actor, request: DeployRequest): Promise<PlanView>
  deployApp(actor: Actor, request: DeployRequest): Promise<DeploymentRecord>

  rollbackApp(actor: Actor, key: AppKey, options: { toRelease?: number }): Promise<DeploymentRecord>
  scaleApp(actor: Actor, key: AppKey, counts: Readonly<Record<string, number>>): Promise<DeploymentRecord>
  restartApp(actor: Actor, key: AppKey, options: { services?: readonly string[] }): Promise<DeploymentRecord>
  stopApp(actor: Actor, key: AppKey, options: { services?: readonly string[] }): Promise<DeploymentRecord>
  startApp(actor: Actor, key: AppKey, options: { services?: readonly string[] }): Promise<DeploymentRecord>
  removeApp(actor: Actor, key: AppKey, options: { deleteVolumes: readonly string[] }): Promise<DeploymentRecord>
  approveDeployment(actor: Actor, key: AppKey, deploymentId: string): Promise<DeploymentRecord>
  cancelDeployment(
    actor: Actor,
    key: AppKey,
    deploymentId: string,
    options: { leave: boolean },
  ): Promise<DeploymentRecord>

  listApps(project: string, page: PageQuery): Promise<Paged<AppRecord>>
  getApp(key: AppKey): Promise<AppRecord>
  statusOf(key: AppKey): Promise<AppStatus>
  listReleases(key: AppKey, page: PageQuery): Promise<Paged<Release>>
  getRelease(key: AppKey, number: number): Promise<Release>
  listDeployments(key: AppKey, page: PageQuery): Promise<Paged<DeploymentRecord>>
  getDeployment(key: AppKey, id: string): Promise<DeploymentRecord>
  /** Answers when the deployment has ended or waits, or after `waitMs`. */
  waitForDeployment(key: AppKey, id: string, waitMs: number, signal: AbortSignal): Promise<DeploymentRecord>
  listRuns(key: AppKey, job: string | undefined, page: PageQuery): Promise<Paged<RunRecord>>
  getRun(key: AppKey, id: string): Promise<RunRecord>
  startRun(
    actor: Actor,
    key: AppKey,
    job: string,
    options: { command?: readonly string[]; env?: Readonly<Record<string, string>> },
  ): Promise<RunRecord>
  cancelRun(actor: Actor, key: AppKey, id: string): Promise<RunRecord>

  readEvents(scope: EventScope, query: EventsQuery): Promise<{ items: readonly NumberedEvent[]; next: number }>
  readLogs(key: AppKey, query: LogQuery): AsyncIterable<LogLine>
  openExec(actor: Actor, key: AppKey, request: ExecRequest, signal: AbortSignal): Promise<ExecSession>

  listVolumes(cluster: string, project?: string): Promise<readonly VolumeInfo[]>
  removeVolume(actor: Actor, cluster: string, nativeName: string): Promise<void>

  reportUnused(cluster: string): Promise<readonly ReclaimItem[]>
  reclaim(actor: Actor, cluster: string, items: readonly ReclaimItem[]): Promise<readonly ReclaimItem[]>

  listClusters(page: PageQuery): Promise<Paged<ClusterRecord>>
  getCluster(name: string): Promise<ClusterRecord>
  addCluster(actor: Actor, cluster: { name: string; kind: string; domain?: string }): Promise<ClusterRecord>
  listNodes(cluster: string): Promise<readonly NodeInfo[]>
  setNodeAvailability(actor: Actor, cluster: string, node: string, availability: 'active' | 'drain'): Promise<void>
}

/** Where uploaded build contexts wait for their deployment; not every installation can build. */
export interface Uploads {
  put(key: AppKey, archive: ReadableStream<Uint8Array>): Promise<{ id: string; digest: string; sizeBytes: number }>
  /** Undefined where this app has no such upload (any more). */
  get(key: AppKey, id: string): Promise<Uint8Array | undefined>
}
