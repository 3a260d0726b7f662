/**
 * What a place to run things must be able to do. Rendering is pure; observing reads; executors write, each
 * call under a deadline and without retries of its own (ruling A3). A target turns units into native
 * objects and native state back into ours, and decides nothing.
 */
import type { Json, JsonObject } from '../core/hash.ts'
import type { Problem } from '../core/problems.ts'
import type { AppKey, Site } from '../model/app.ts'
import type { LedgerRow } from '../model/ledger.ts'
import type { Observed, ObservedResource } from '../model/observed.ts'
import type { Release, RuntimeState } from '../model/release.ts'
import type { ActiveRoute } from '../model/routing.ts'
import type { ChangeMode, Difference, Resource, ResourceId } from '../model/resource.ts'
import type { AppSpec, Build, ImageConfig, JobUnit } from '../model/unit.ts'

/** What the target can do, as data: read by the ledger, the docs and preflight. */
export interface Capabilities {
  readonly target: string
  /** Facts found out about this very cluster, e.g. `{ ipvs: false, engine: '20.10.24' }`. */
  readonly facts: Readonly<Record<string, Json>>
}

export interface RenderInput {
  readonly site: Site
  readonly release: Release
  readonly runtime: RuntimeState
  readonly capabilities: Capabilities
  /** Native ids that stand in for derived names: adopted things (ruling A8). */
  readonly identity: IdentityMap
  /** Dangerous options the project may use: `hostPath`, `hostNetwork`, `privileged`, … */
  readonly grants: readonly string[]
  /** Hashes what must be named by a secret's version without becoming an oracle (ruling A9). */
  readonly keyedHash: (value: unknown) => string
}

export interface Rendered {
  readonly resources: readonly Resource[]
  readonly ledger: readonly LedgerRow[]
  /** What cannot be rendered, `backend-cannot` and the like. */
  readonly problems: readonly Problem[]
}

/** Unit/resource → native id: what is ours. An entry is made before its create (ruling D6). */
export type IdentityMap = Readonly<Record<ResourceId, IdentityEntry>>

export interface IdentityEntry {
  readonly kind: string
  readonly name: string
  readonly nativeId?: string
  readonly holdsData: boolean
  /** Last written intent, where the object itself cannot carry it (ruling A5). */
  readonly intent?: string
  readonly unit?: string
}

/** What plan asks of a kind of native object. */
export interface KindRules {
  /** Differences over the leaves we sent, through the kind's own normaliser (ruling A5). */
  differences(resource: Resource, actual: JsonObject): readonly Difference[]
  /** How a change of a native leaf becomes true. */
  change(path: string): ChangeMode
  /** Instances hang on it: writing it may replace them. */
  readonly runs: boolean
}

export interface WriteContext {
  readonly site: Site
  readonly key: AppKey
  readonly release: Release
  readonly deadlineMs: number
  readonly signal: AbortSignal
  /** `immediate`: going back; as fast as the floor allows, whatever the unit's own rhythm says. Never part of the intent. */
  readonly pace: 'declared' | 'immediate'
  /** The value behind a secret's pinned version; only executors see it. */
  readonly reveal: (secret: string, key?: string) => Promise<Uint8Array>
}

export interface WriteResult {
  readonly nativeId?: string
  readonly version?: string
  /** Native rollout that began with this write. */
  readonly rollout?: string
}

/** Writes one kind of native object. Each is safe to repeat after a lost answer (ruling D1). */
export interface Executor {
  create(resource: Resource, context: WriteContext): Promise<WriteResult>
  update(resource: Resource, current: ObservedResource, context: WriteContext): Promise<WriteResult>
  /** Not being there is success. */
  remove(entry: IdentityEntry, current: ObservedResource | undefined, context: WriteContext): Promise<void>
}

export interface ImageFacts {
  /** `name@sha256:…`; absent where neither registry nor engine can tell one. */
  readonly pinned?: string
  /** Where there is no digest: the engine's own id of the image, for `Image.localId`. */
  readonly localId?: string
  readonly config?: ImageConfig
  readonly platforms: readonly string[]
}

export interface RunRequest {
  readonly runId: string
  readonly job: JobUnit
}

export interface LogQuery {
  readonly unit?: string
  readonly instance?: string
  readonly runId?: string
  readonly sinceMs?: number
  readonly tail?: number
  readonly follow: boolean
  readonly signal: AbortSignal
}

export interface LogLine {
  readonly atMs: number
  readonly unit: string
  readonly instance: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface ExecRequest {
  readonly unit: string
  readonly instance?: string
  readonly command: readonly string[]
  readonly tty: boolean
  readonly env?: Readonly<Record<string, string>>
}

export interface ExecSession {
  /** stdout and stderr frames until the command ends. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }>
  write(data: Uint8Array): void
  endInput(): void
  resize(columns: number, rows: number): Promise<void>
  readonly exitCode: Promise<number>
  close(): void
}

export interface VolumeInfo {
  readonly name: string
  readonly nativeName: string
  readonly app?: AppKey
  readonly sizeBytes?: number
  /** Native ids or names of what uses it. */
  readonly usedBy: readonly string[]
  readonly createdAtMs?: number
}

export interface ReclaimItem {
  readonly kind: 'image' | 'container' | 'network' | 'volume' | 'object'
  readonly nativeId: string
  readonly name: string
  readonly sizeBytes: number
  readonly reason: string
}

export interface NodeInfo {
  readonly id: string
  readonly name: string
  readonly state: 'ready' | 'down' | 'draining'
  readonly role: 'manager' | 'worker'
  readonly labels: Readonly<Record<string, string>>
  readonly nanoCpus: number
  readonly memoryBytes: number
  readonly arch: string
  readonly os: string
}

/** Abilities that not every target has; each is an interface of its own. */
export interface Volumes {
  list(site: Site): Promise<readonly VolumeInfo[]>
  remove(site: Site, nativeName: string): Promise<void>
}

export interface Housekeeping {
  /** What nobody uses. `reclaim` of the same items frees just that. */
  report(site: Site, keepImages: readonly string[]): Promise<readonly ReclaimItem[]>
  reclaim(site: Site, items: readonly ReclaimItem[]): Promise<readonly ReclaimItem[]>
}

export interface Nodes {
  list(): Promise<readonly NodeInfo[]>
  setAvailability(id: string, availability: 'active' | 'drain'): Promise<void>
}

export interface BuildRequest {
  /** Repository in the cluster's own registry, or the full name to push to. */
  readonly name: string
  readonly build: Build
  /** Tar archive of the context. */
  readonly context: Uint8Array
  readonly signal: AbortSignal
}

/** Builds images that end in a digest in a registry of the cluster's own (ruling D15). */
export interface Builder {
  build(request: BuildRequest): Promise<ImageFacts>
}

/** The way in from outside, where the target has one that Escale must keep in step. */
export interface Ingress {
  /** Where it listens, once it stands. */
  entry(): Promise<{ readonly host: string; readonly httpPort: number; readonly httpsPort?: number }>
  /** Serves exactly these routes; safe to repeat, cheap when nothing changed. */
  apply(site: Site, routes: readonly ActiveRoute[], signal: AbortSignal): Promise<readonly Problem[]>
}

export interface Target {
  readonly kind: string
  capabilities(): Promise<Capabilities>
  /** Refuses before any write what cannot work: grants, capacity, images, platforms, names. */
  check(input: RenderInput, observed: Observed): Promise<readonly Problem[]>
  /** Pins an image and reads its configuration, by the registry or the cluster. */
  resolveImage(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<ImageFacts>
  /** Says the spec in terms this target has, where fields were allowed to be approximated: a sidecar as a service of its own, an init as a job (ruling C2). Pure. */
  adapt(spec: AppSpec): AppSpec
  /** Renders an adapted spec. */
  render(input: RenderInput): Rendered
  /** The native object of one run of a job. */
  renderRun(input: RenderInput, run: RunRequest): Resource
  observe(site: Site, key: AppKey, identity: IdentityMap, signal: AbortSignal): Promise<Observed>
  readonly kinds: Readonly<Record<string, KindRules>>
  readonly executors: Readonly<Record<string, Executor>>
  logs(site: Site, key: AppKey, query: LogQuery): AsyncIterable<LogLine>
  exec(site: Site, key: AppKey, request: ExecRequest, signal: AbortSignal): Promise<ExecSession>
  /** Calls back whenever something of ours may have changed, so that a tick is worth its while. */
  watch(site: Site, changed: (key: AppKey | undefined) => void, signal: AbortSignal): Promise<void>
  readonly volumes?: Volumes
  readonly housekeeping?: Housekeeping
  readonly nodes?: Nodes
  readonly ingress?: Ingress
  readonly builder?: Builder
}

export interface RegistryAuth {
  readonly username: string
  readonly password: string
}
