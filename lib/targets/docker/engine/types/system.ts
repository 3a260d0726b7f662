import type { Labels } from './common.ts'

/** What `GET /_ping` tells in its headers. */
export interface Ping {
  readonly apiVersion: string
  readonly osType: string
  /** The builder the engine would use by itself: "1" classic, "2" BuildKit. */
  readonly builderVersion: string | undefined
  /** `inactive`, `pending`, `error`, `locked`, or `active/worker`, `active/manager` (engines from 23). */
  readonly swarm: string | undefined
}

export interface EngineVersion {
  readonly Version: string
  readonly ApiVersion: string
  readonly MinAPIVersion: string
  readonly Os: string
  readonly Arch: string
  readonly KernelVersion?: string
  readonly GitCommit?: string
  readonly Platform?: { readonly Name: string }
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[]
}

export type LocalNodeState = '' | 'inactive' | 'pending' | 'active' | 'error' | 'locked'

export interface SwarmInfo {
  readonly NodeID: string
  readonly NodeAddr: string
  readonly LocalNodeState: LocalNodeState
  readonly ControlAvailable: boolean
  readonly Error: string
  readonly RemoteManagers: readonly { readonly NodeID: string; readonly Addr: string }[] | null
  readonly Nodes?: number
  readonly Managers?: number
  readonly Cluster?: { readonly ID: string }
}

export interface EngineInfo {
  readonly ID: string
  readonly Name: string
  readonly ServerVersion: string
  readonly Driver: string
  readonly DockerRootDir: string
  readonly NCPU: number
  /** Bytes. */
  readonly MemTotal: number
  readonly OSType: string
  readonly Architecture: string
  readonly OperatingSystem: string
  readonly KernelVersion: string
  readonly CgroupDriver: string
  /** "1" or "2". */
  readonly CgroupVersion?: string
  readonly Labels: readonly string[] | null
  readonly Containers: number
  readonly ContainersRunning: number
  readonly Images: number
  readonly Swarm: SwarmInfo
  readonly Plugins: { readonly Network: readonly string[] | null; readonly Volume: readonly string[] | null }
  readonly InitBinary?: string
  readonly HttpProxy?: string
  readonly RegistryConfig?: {
    readonly IndexConfigs: Readonly<
      Record<
        string,
        {
          readonly Name: string
          readonly Mirrors: readonly string[] | null
          readonly Secure: boolean
          readonly Official: boolean
        }
      >
    >
  } | null
  readonly Warnings: readonly string[] | null
}

export interface DiskUsage {
  readonly LayersSize?: number
  readonly Images:
    | readonly {
        readonly Id: string
        readonly Size: number
        readonly SharedSize: number
        readonly Containers: number
        readonly RepoTags: readonly string[] | null
      }[]
    | null
  readonly Containers:
    | readonly {
        readonly Id: string
        readonly SizeRw?: number
        readonly SizeRootFs?: number
        readonly Names: readonly string[]
      }[]
    | null
  readonly Volumes:
    | readonly {
        readonly Name: string
        readonly Labels: Labels | null
        readonly UsageData?: { readonly Size: number; readonly RefCount: number } | null
      }[]
    | null
}

export interface EngineEvent {
  /** `container`, `image`, `volume`, `network`, `service`, `node`, `secret`, `config`, `daemon` … */
  readonly Type: string
  /** `create`, `start`, `die`, `oom`, `health_status: healthy`, `update`, `remove` … */
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Labels }
  readonly scope?: 'local' | 'swarm'
  /** Epoch seconds. */
  readonly time: number
  readonly timeNano: number
}
