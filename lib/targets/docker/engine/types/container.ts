import type { Labels } from './common.ts'
import type { HealthCheck, Mount } from './service.ts'

export type PortMap = Readonly<
  Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
>

export interface ContainerConfig {
  readonly Image: string
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Env?: readonly string[] | null
  readonly Labels?: Labels | null
  readonly User?: string
  readonly WorkingDir?: string
  readonly Hostname?: string
  readonly Tty?: boolean
  readonly OpenStdin?: boolean
  readonly StdinOnce?: boolean
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>> | null
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>> | null
  readonly Healthcheck?: HealthCheck
  readonly StopSignal?: string
  /** Seconds. */
  readonly StopTimeout?: number
}

export interface HostConfig {
  readonly NetworkMode?: string
  readonly AutoRemove?: boolean
  readonly Binds?: readonly string[] | null
  readonly Mounts?: readonly Mount[]
  readonly PortBindings?: PortMap
  readonly RestartPolicy?: {
    readonly Name: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure'
    readonly MaximumRetryCount?: number
  }
  readonly Init?: boolean
  readonly Privileged?: boolean
  readonly ReadonlyRootfs?: boolean
  readonly NanoCpus?: number
  readonly Memory?: number
  readonly PidsLimit?: number | null
  readonly CapAdd?: readonly string[] | null
  readonly CapDrop?: readonly string[] | null
  readonly SecurityOpt?: readonly string[] | null
  readonly ExtraHosts?: readonly string[] | null
  readonly PidMode?: string
}

export interface EndpointSettings {
  readonly NetworkID?: string
  readonly IPAddress?: string
  readonly IPPrefixLen?: number
  readonly Gateway?: string
  readonly Aliases?: readonly string[] | null
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null
}

export interface ContainerCreateRequest extends ContainerConfig {
  readonly HostConfig?: HostConfig
  readonly NetworkingConfig?: { readonly EndpointsConfig?: Readonly<Record<string, EndpointSettings>> }
}

export interface ContainerCreated {
  readonly Id: string
  readonly Warnings: readonly string[] | null
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

export interface ContainerSummary {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Image: string
  readonly ImageID: string
  readonly Command: string
  /** Epoch seconds. */
  readonly Created: number
  readonly State: ContainerState
  readonly Status: string
  readonly Labels: Labels
  readonly Ports: readonly {
    readonly IP?: string
    readonly PrivatePort: number
    readonly PublicPort?: number
    readonly Type: string
  }[]
  readonly NetworkSettings?: { readonly Networks: Readonly<Record<string, EndpointSettings>> }
  readonly Mounts: readonly ContainerMount[]
}

export interface ContainerMount {
  readonly Type: string
  readonly Name?: string
  readonly Source: string
  readonly Destination: string
  readonly RW: boolean
}

export interface ContainerHealth {
  readonly Status: 'none' | 'starting' | 'healthy' | 'unhealthy'
  readonly FailingStreak: number
  readonly Log:
    | readonly { readonly Start: string; readonly End: string; readonly ExitCode: number; readonly Output: string }[]
    | null
}

export interface Container {
  readonly Id: string
  /** With a leading slash. */
  readonly Name: string
  readonly Created: string
  /** The image's id. */
  readonly Image: string
  readonly RestartCount: number
  readonly State: {
    readonly Status: ContainerState
    readonly Running: boolean
    readonly OOMKilled: boolean
    readonly Pid: number
    readonly ExitCode: number
    readonly Error: string
    readonly StartedAt: string
    readonly FinishedAt: string
    readonly Health?: ContainerHealth
  }
  readonly Config: ContainerConfig
  readonly HostConfig: HostConfig
  readonly Mounts: readonly ContainerMount[]
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, EndpointSettings>>; readonly Ports?: PortMap }
}

export interface ContainerTop {
  readonly Titles: readonly string[]
  readonly Processes: readonly (readonly string[])[] | null
}

export interface ContainerStats {
  readonly read: string
  readonly cpu_stats: CpuStats
  readonly precpu_stats: CpuStats
  readonly memory_stats: {
    readonly usage?: number
    readonly limit?: number
    readonly stats?: Readonly<Record<string, number>>
  }
  readonly pids_stats: { readonly current?: number; readonly limit?: number }
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null
  }
}

export interface CpuStats {
  /** Nanoseconds. */
  readonly cpu_usage: {
    readonly total_usage: number
    readonly usage_in_kernelmode?: number
    readonly usage_in_usermode?: number
  }
  readonly system_cpu_usage?: number
  readonly online_cpus?: number
  readonly throttling_data?: {
    readonly periods: number
    readonly throttled_periods: number
    readonly throttled_time: number
  }
}

export interface ExecCreateRequest {
  readonly Cmd: readonly string[]
  readonly Env?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly Privileged?: boolean
  readonly Tty?: boolean
  readonly AttachStdin?: boolean
  readonly AttachStdout?: boolean
  readonly AttachStderr?: boolean
  readonly DetachKeys?: string
}

export interface ExecInspect {
  readonly ID: string
  readonly Running: boolean
  /** Null while it runs. */
  readonly ExitCode: number | null
  readonly Pid: number
  readonly ContainerID: string
}
