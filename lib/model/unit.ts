/**
 * Units: what must run, in nobody's terms. A manifest lowers to units, a target renders units; kinds of
 * manifest and targets never meet. Quantities are exact integers in the unit their name tells.
 * The meaning of each field is that of MANIFEST; here every default is filled in, or absent where
 * absence itself means something (no `size` = nothing reserved).
 */

/** A reference into the app's secrets; never a value (ruling A9). */
export interface SecretRef {
  readonly secret: string
  /** One key of a keyed secret; absent: the whole value. */
  readonly key?: string
}

export type EnvValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly secret: string; readonly key?: string }
  | { readonly kind: 'instance'; readonly fact: InstanceFact }
  /** The public address of a route, e.g. `https://shop.example.com`. */
  | { readonly kind: 'url'; readonly service: string; readonly route: string }
  /** `name:port` of a service's port as callers use it. */
  | { readonly kind: 'address'; readonly service: string; readonly port: string }

export type InstanceFact = 'ordinal' | 'name' | 'ip' | 'node' | 'project' | 'app' | 'service' | 'environment'

export type FileContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'base64'; readonly base64: string }
  | { readonly kind: 'secret'; readonly secret: string; readonly key?: string }

/** One file in a container. A whole config or keyed secret arrives here as one entry per file. */
export interface FileMount {
  /** Absolute path inside the container. */
  readonly path: string
  readonly content: FileContent
  /** Permission bits; absent: 0444, secrets 0400. */
  readonly mode?: number
  /** Manifest path that caused it. */
  readonly from: string
}

/** A secret whose keys only its source knows, as a folder with a file for each key. */
export interface SecretFolder {
  /** Absolute path of the folder inside the container. */
  readonly path: string
  readonly secret: string
  /** Permission bits; absent: 0400. */
  readonly mode?: number
  readonly from: string
}

export type Mount = {
  /** Absolute path inside the container. */
  readonly path: string
  readonly from: string
} & (
  | { readonly kind: 'volume'; readonly volume: string; readonly readOnly: boolean; readonly subPath?: string }
  | { readonly kind: 'tmpfs'; readonly sizeBytes?: number }
  | { readonly kind: 'scratch'; readonly scratch: string }
  | { readonly kind: 'host'; readonly hostPath: string; readonly readOnly: boolean }
)

export interface Port {
  readonly name: string
  readonly port: number
  /** Last port of a range; absent for a single port. */
  readonly endPort?: number
  /** The callers' port where it differs. */
  readonly as?: number
  readonly protocol: 'tcp' | 'udp'
  readonly app: 'http' | 'http2' | 'grpc' | 'raw'
}

export type Probe =
  | { readonly kind: 'http'; readonly path: string; readonly port: number }
  | { readonly kind: 'https'; readonly path: string; readonly port: number }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'grpc'; readonly port: number; readonly service?: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }

export interface Check {
  readonly probe: Probe
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly failures: number
}

export interface Health {
  readonly ready?: Check
  readonly live?: Check
  readonly startup?: { readonly withinMs: number; readonly check?: Check }
}

export interface Size {
  readonly nanoCpus?: number
  readonly memoryBytes?: number
  readonly limitNanoCpus?: number
  readonly limitMemoryBytes?: number
  readonly ephemeralBytes?: number
  readonly gpu?: number
}

export interface Build {
  /** Folder inside the manifest's folder, relative, `/` separated. */
  readonly context: string
  readonly dockerfile: string
  readonly target?: string
  readonly args: Readonly<Record<string, string>>
  readonly platforms: readonly string[]
}

/** What the image's own configuration says, read when the release is made. */
export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly user: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly exposedPorts: readonly string[]
  readonly volumes: readonly string[]
  readonly stopSignal?: string
  readonly os?: string
  readonly arch?: string
}

export interface Image {
  /** As the manifest names it; absent when only built. */
  readonly reference?: string
  readonly build?: Build
  /** `name@sha256:…` once a release has pinned it; absent where nothing could tell it. */
  readonly pinned?: string
  /** Id of an image that only the engine knows and no digest can name, so that a moved tag is seen. */
  readonly localId?: string
  readonly config?: ImageConfig
}

export interface Security {
  readonly runAsNonRoot: 'auto' | boolean
  readonly readOnlyRoot: boolean
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
  readonly privileged: boolean
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly seccomp: string
}

export interface Kernel {
  readonly sysctls: Readonly<Record<string, string>>
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>
  readonly shmBytes?: number
  readonly init: boolean
}

export interface Stop {
  /** Absent: the image's own, else SIGTERM. */
  readonly signal?: string
  readonly graceMs: number
  readonly drainMs: number
  readonly exec?: readonly string[]
}

export interface Container {
  /** `main`, or the name of the sidecar or init. */
  readonly name: string
  readonly image: Image
  /** Absent: the image's. `[]` clears. */
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly workdir?: string
  readonly user?: string
  readonly env: Readonly<Record<string, EnvValue>>
  /** Secrets whose every key is a variable; the keys are known to their source alone. `env` beats them. */
  readonly envFromSecrets?: readonly string[]
  readonly files: readonly FileMount[]
  readonly secretFolders?: readonly SecretFolder[]
  readonly mounts: readonly Mount[]
  readonly ports: readonly Port[]
  readonly size?: Size
  readonly health?: Health
  readonly stop: Stop
  readonly security: Security
  readonly kernel: Kernel
  /** Manifest path of this container, e.g. `services.web` or `services.web.sidecars.otel`. */
  readonly from: string
}

export interface Sidecar extends Container {
  readonly essential: boolean
  readonly startBefore: boolean
}

export interface Scratch {
  readonly name: string
  readonly sizeBytes?: number
  readonly memory: boolean
}

export interface Route {
  readonly name: string
  /** Absent: the derived host (ruling B7). */
  readonly host?: string
  readonly path: string
  readonly match: 'prefix' | 'exact'
  /** Name of the service's port. */
  readonly port: string
  readonly protocol: 'http' | 'tcp' | 'udp'
  /** A port of its own; `auto` lets the platform choose. */
  readonly listen?: number | 'auto'
  readonly tls: 'auto' | 'none' | 'passthrough' | { readonly secret: string }
  readonly rewrite?: string
  readonly redirectHttp: boolean
  readonly timeoutMs?: number
  readonly sticky: boolean
  readonly allow: readonly string[]
  readonly public: boolean
}

export interface Publish {
  readonly port: string
  readonly hostPort: number | 'auto'
  readonly address?: string
}

export interface ScaleTargets {
  readonly cpuPercent?: number
  readonly memoryPercent?: number
  readonly requestsPerSecond?: number
  readonly latencyMs?: number
  readonly metrics: Readonly<
    Record<string, { readonly from: string; readonly perInstance?: number; readonly value?: number }>
  >
}

export interface Scale {
  readonly min: number
  readonly max: number
  readonly targets?: ScaleTargets
  readonly cooldown?: { readonly inMs: number; readonly outMs: number }
  readonly schedule: Readonly<
    Record<string, { readonly cron: string; readonly timeZone: string; readonly min?: number; readonly max?: number }>
  >
  readonly idleAfterMs?: number
}

export interface Update {
  readonly strategy: 'rolling' | 'recreate' | 'blueGreen' | 'canary' | 'linear'
  readonly rolling: {
    readonly maxSurge: CountOrPercent
    readonly maxUnavailable: CountOrPercent
    readonly settleMs: number
  }
  readonly canary?: { readonly stepPercents: readonly number[]; readonly everyMs: number; readonly bakeMs: number }
  readonly linear?: { readonly stepPercent: number; readonly everyMs: number; readonly bakeMs: number }
  readonly blueGreen?: { readonly bakeMs: number }
  readonly failFast: { readonly firstReadyWithinMs: number; readonly crashLoops: number }
  readonly rollback: {
    readonly auto: boolean
    readonly speed: 'immediate' | 'rolling'
    readonly when: Readonly<Record<string, { readonly metric: string; readonly above: string; readonly forMs: number }>>
  }
  /** A job run after; its failure rolls back. */
  readonly verify?: string
}

export type CountOrPercent = { readonly count: number } | { readonly percent: number }

export type DependencyCondition = 'started' | 'healthy' | 'completed'

export interface Placement {
  readonly capacity: 'any' | 'serverless' | 'workers'
  readonly spot: 'never' | 'prefer' | 'only'
  readonly pool: string
  readonly arch: 'any' | 'amd64' | 'arm64'
  readonly os: 'linux' | 'windows'
  readonly spread: Readonly<Record<string, 'prefer' | 'require'>>
  readonly require: Readonly<Record<string, readonly string[]>>
  readonly prefer: Readonly<Record<string, readonly string[]>>
  readonly tolerate: Readonly<Record<string, string>>
}

export interface Identity {
  readonly permissions: Readonly<Record<string, { readonly resource: string; readonly access: string }>>
  readonly awsRole?: string
  readonly serviceAccount?: string
}

export interface Logs {
  /** `default`, `none`, or a destination such as `gelf://host:12201` or `cloudwatch:GROUP`. */
  readonly to: string
  readonly retentionMs?: number
  readonly rotate?: { readonly sizeBytes: number; readonly files: number }
}

interface UnitBase {
  readonly name: string
  readonly main: Container
  readonly sidecars: readonly Sidecar[]
  readonly init: readonly Container[]
  readonly scratch: readonly Scratch[]
  readonly networks: readonly string[]
  readonly dependsOn: Readonly<Record<string, DependencyCondition>>
  readonly identity?: Identity
  readonly placement: Placement
  readonly logs: Logs
  readonly dns: { readonly servers: readonly string[]; readonly search: readonly string[] }
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly allow: Readonly<Record<string, string>>
  /** Native fragments by target, merged last; opaque here. */
  readonly override: Readonly<Record<string, unknown>>
  /** Manifest path, e.g. `services.web`. */
  readonly from: string
}

export interface ServiceUnit extends UnitBase {
  readonly kind: 'service'
  /** A count of interchangeable instances, one per worker, or ordinals each with its own name and storage. */
  readonly mode: 'replicated' | 'perNode' | 'stateful'
  /** For perNode min and max are 1 and mean "per worker". */
  readonly scale: Scale
  readonly routes: readonly Route[]
  readonly publish: readonly Publish[]
  readonly aliases: readonly string[]
  readonly discovery: 'address' | 'instances'
  readonly update: Update
}

export interface JobUnit extends UnitBase {
  readonly kind: 'job'
  /** `release` jobs run as part of each release that changes them or a dependent; the others when asked or scheduled. */
  readonly run: 'manual' | 'release'
  readonly schedule?: {
    readonly cron: string
    readonly timeZone: string
    readonly concurrency: 'allow' | 'forbid' | 'replace'
  }
  readonly timeoutMs?: number
  readonly retries: number
  readonly completions: number
  readonly parallelism: number
  /** Finished runs kept in the history, and for how long their native remains are kept. */
  readonly history: number
  readonly keepForMs: number
}

export type Unit = ServiceUnit | JobUnit

export interface Volume {
  readonly name: string
  readonly sizeBytes?: number
  readonly access: 'single' | 'shared'
  readonly class: string
  readonly backup?: { readonly schedule: string; readonly keep: number }
  readonly onDelete: 'keep' | 'delete'
  /** Exists already; never deleted. */
  readonly existing?: string
}

export interface Network {
  readonly name: string
  readonly internal: boolean
  readonly scope: 'app' | 'project'
}

/** How a secret gets its value; the value itself lives in the vault. */
export type SecretSource =
  | { readonly kind: 'generate'; readonly length: number }
  | { readonly kind: 'from'; readonly from: string }
  | { readonly kind: 'keys'; readonly keys: Readonly<Record<string, { readonly from: string }>> }
  | { readonly kind: 'join'; readonly parts: readonly (string | SecretRef)[] }

export interface Secret {
  readonly name: string
  readonly source: SecretSource
}

export type External =
  | {
      readonly name: string
      readonly kind: 'host'
      readonly host: string
      readonly ports: readonly Port[]
      readonly routes: readonly Route[]
    }
  | { readonly name: string; readonly kind: 'app'; readonly app: string; readonly service: string }

/** Everything of one app in neutral terms: what a target renders. */
export interface AppSpec {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly units: readonly Unit[]
  readonly volumes: readonly Volume[]
  readonly networks: readonly Network[]
  readonly secrets: readonly Secret[]
  readonly external: readonly External[]
  /** Credentials by registry host. */
  readonly registries: Readonly<Record<string, { readonly username: string; readonly password: SecretRef }>>
  readonly approval: 'none' | 'required'
}

export const serviceUnits = (spec: AppSpec): readonly ServiceUnit[] =>
  spec.units.filter((unit): unit is ServiceUnit => unit.kind === 'service')

export const jobUnits = (spec: AppSpec): readonly JobUnit[] =>
  spec.units.filter((unit): unit is JobUnit => unit.kind === 'job')

/** Main, sidecars and init of a unit. */
export const containersOf = (unit: Unit): readonly Container[] => [unit.main, ...unit.sidecars, ...unit.init]
