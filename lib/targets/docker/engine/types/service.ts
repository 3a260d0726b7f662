import type { Driver, Labels, Nanoseconds, Platform, SwarmObject } from './common.ts'

export interface Mount {
  readonly Type: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster'
  readonly Source?: string
  readonly Target: string
  readonly ReadOnly?: boolean
  readonly Consistency?: string
  readonly BindOptions?: {
    readonly Propagation?: string
    readonly NonRecursive?: boolean
    readonly CreateMountpoint?: boolean
  }
  readonly VolumeOptions?: { readonly NoCopy?: boolean; readonly Labels?: Labels; readonly DriverConfig?: Driver }
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number }
}

/** Durations are nanoseconds; `Test` begins with NONE, CMD or CMD-SHELL. */
export interface HealthCheck {
  readonly Test?: readonly string[]
  readonly Interval?: Nanoseconds
  readonly Timeout?: Nanoseconds
  readonly StartPeriod?: Nanoseconds
  readonly StartInterval?: Nanoseconds
  readonly Retries?: number
}

/** A file in the container; the mode is a number, so 0o555 and not "0555". */
export interface FileTarget {
  readonly Name: string
  readonly UID: string
  readonly GID: string
  readonly Mode: number
}

export interface SecretReference {
  readonly SecretID: string
  readonly SecretName: string
  readonly File: FileTarget
}

export interface ConfigReference {
  readonly ConfigID: string
  readonly ConfigName: string
  readonly File: FileTarget
}

export interface ContainerSpec {
  readonly Image: string
  readonly Labels?: Labels
  /** The entrypoint; absent means the image's own. */
  readonly Command?: readonly string[]
  readonly Args?: readonly string[]
  readonly Hostname?: string
  readonly Env?: readonly string[]
  readonly Dir?: string
  readonly User?: string
  readonly Groups?: readonly string[]
  readonly Privileges?: {
    readonly NoNewPrivileges?: boolean
    readonly CredentialSpec?: unknown
    readonly SELinuxContext?: unknown
    readonly Seccomp?: { readonly Mode: 'default' | 'unconfined' | 'custom'; readonly Profile?: string }
    readonly AppArmor?: { readonly Mode: 'default' | 'disabled' }
  }
  readonly StopSignal?: string
  readonly TTY?: boolean
  readonly OpenStdin?: boolean
  readonly ReadOnly?: boolean
  readonly Mounts?: readonly Mount[]
  readonly StopGracePeriod?: Nanoseconds
  readonly Healthcheck?: HealthCheck
  /** Lines of /etc/hosts: "address name". */
  readonly Hosts?: readonly string[]
  readonly DNSConfig?: {
    readonly Nameservers?: readonly string[]
    readonly Search?: readonly string[]
    readonly Options?: readonly string[]
  }
  readonly Secrets?: readonly SecretReference[]
  readonly Configs?: readonly ConfigReference[]
  readonly Isolation?: string
  readonly Init?: boolean
  readonly Sysctls?: Readonly<Record<string, string>>
  readonly CapabilityAdd?: readonly string[]
  readonly CapabilityDrop?: readonly string[]
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[]
  /** Engines from API 1.46. */
  readonly OomScoreAdj?: number
}

export interface Limit {
  readonly NanoCPUs?: number
  readonly MemoryBytes?: number
  readonly Pids?: number
}

export interface Reservation {
  readonly NanoCPUs?: number
  readonly MemoryBytes?: number
  readonly GenericResources?: readonly {
    readonly NamedResourceSpec?: { readonly Kind: string; readonly Value: string }
    readonly DiscreteResourceSpec?: { readonly Kind: string; readonly Value: number }
  }[]
}

export interface RestartPolicy {
  readonly Condition?: 'none' | 'on-failure' | 'any'
  readonly Delay?: Nanoseconds
  readonly MaxAttempts?: number
  readonly Window?: Nanoseconds
}

export interface Placement {
  readonly Constraints?: readonly string[]
  readonly Preferences?: readonly { readonly Spread: { readonly SpreadDescriptor: string } }[]
  readonly MaxReplicas?: number
  readonly Platforms?: readonly Platform[]
}

export interface NetworkAttachmentConfig {
  /** A name or an id in requests, always the id in answers. */
  readonly Target: string
  readonly Aliases?: readonly string[]
  readonly DriverOpts?: Readonly<Record<string, string>>
}

export interface TaskSpec {
  readonly ContainerSpec?: ContainerSpec
  readonly Resources?: { readonly Limits?: Limit; readonly Reservations?: Reservation }
  readonly RestartPolicy?: RestartPolicy
  readonly Placement?: Placement
  readonly Networks?: readonly NetworkAttachmentConfig[]
  readonly LogDriver?: Driver
  readonly ForceUpdate?: number
  readonly Runtime?: string
}

export interface UpdateConfig {
  readonly Parallelism: number
  readonly Delay?: Nanoseconds
  readonly FailureAction?: 'pause' | 'continue' | 'rollback'
  readonly Monitor?: Nanoseconds
  readonly MaxFailureRatio?: number
  readonly Order?: 'stop-first' | 'start-first'
}

export interface ServiceMode {
  readonly Replicated?: { readonly Replicas: number }
  readonly Global?: Readonly<Record<string, never>>
  readonly ReplicatedJob?: { readonly MaxConcurrent?: number; readonly TotalCompletions?: number }
  readonly GlobalJob?: Readonly<Record<string, never>>
}

export interface PortConfig {
  readonly Name?: string
  readonly Protocol?: 'tcp' | 'udp' | 'sctp'
  readonly TargetPort: number
  readonly PublishedPort?: number
  readonly PublishMode?: 'ingress' | 'host'
}

export interface EndpointSpec {
  readonly Mode?: 'vip' | 'dnsrr'
  readonly Ports?: readonly PortConfig[]
}

export interface ServiceSpec {
  readonly Name: string
  readonly Labels?: Labels
  readonly TaskTemplate: TaskSpec
  readonly Mode?: ServiceMode
  readonly UpdateConfig?: UpdateConfig
  readonly RollbackConfig?: UpdateConfig
  readonly EndpointSpec?: EndpointSpec
}

export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed'

export interface Service extends SwarmObject {
  readonly Spec: ServiceSpec
  readonly PreviousSpec?: ServiceSpec
  readonly Endpoint: {
    readonly Spec?: EndpointSpec
    readonly Ports?: readonly PortConfig[]
    readonly VirtualIPs?: readonly { readonly NetworkID: string; readonly Addr?: string }[]
  }
  readonly UpdateStatus?: {
    readonly State?: UpdateState
    readonly StartedAt?: string
    readonly CompletedAt?: string
    readonly Message?: string
  }
  /** Only in lists asked for with `status` (API 1.41). */
  readonly ServiceStatus?: {
    readonly RunningTasks: number
    readonly DesiredTasks: number
    readonly CompletedTasks: number
  }
  /** The index of the first run is absent, because the engine leaves out zeros. */
  readonly JobStatus?: { readonly JobIteration: { readonly Index?: number }; readonly LastExecution?: string }
}

export interface ServiceCreated {
  readonly ID: string
  readonly Warnings?: readonly string[] | null
}

export interface ServiceUpdated {
  readonly Warnings: readonly string[] | null
}

export type TaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned'

export interface Task extends SwarmObject {
  readonly Name?: string
  readonly Labels?: Labels | null
  readonly Spec: TaskSpec
  readonly ServiceID: string
  readonly Slot?: number
  readonly NodeID?: string
  readonly DesiredState: TaskState
  readonly Status: {
    readonly Timestamp: string
    readonly State: TaskState
    readonly Message?: string
    readonly Err?: string
    readonly ContainerStatus?: { readonly ContainerID: string; readonly PID: number; readonly ExitCode: number }
    readonly PortStatus?: { readonly Ports?: readonly PortConfig[] }
  }
  readonly NetworksAttachments?: readonly {
    readonly Network: {
      readonly ID: string
      readonly Spec?: { readonly Name?: string; readonly Labels?: Labels | null }
    }
    /** In CIDR form. */
    readonly Addresses?: readonly string[]
  }[]
  readonly JobIteration?: { readonly Index?: number }
}
