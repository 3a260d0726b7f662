import type { Driver, Labels, Nanoseconds, Platform, SwarmObject } from './common.ts'

export interface SwarmSpec {
  readonly Name?: string
  readonly Labels?: Labels | null
  readonly Orchestration?: { readonly TaskHistoryRetentionLimit?: number }
  readonly Raft?: {
    readonly SnapshotInterval?: number
    readonly KeepOldSnapshots?: number
    readonly LogEntriesForSlowFollowers?: number
    readonly ElectionTick?: number
    readonly HeartbeatTick?: number
  }
  readonly Dispatcher?: { readonly HeartbeatPeriod?: Nanoseconds }
  readonly CAConfig?: { readonly NodeCertExpiry?: Nanoseconds; readonly ForceRotate?: number }
  readonly EncryptionConfig?: { readonly AutoLockManagers?: boolean }
  readonly TaskDefaults?: { readonly LogDriver?: Driver }
}

export interface Swarm extends SwarmObject {
  readonly Spec: SwarmSpec
  readonly JoinTokens: { readonly Worker: string; readonly Manager: string }
  readonly RootRotationInProgress: boolean
  readonly DefaultAddrPool: readonly string[] | null
  readonly SubnetSize: number
  readonly DataPathPort?: number
}

export interface SwarmInitRequest {
  readonly ListenAddr?: string
  readonly AdvertiseAddr?: string
  readonly DataPathAddr?: string
  readonly DataPathPort?: number
  readonly DefaultAddrPool?: readonly string[]
  readonly SubnetSize?: number
  readonly ForceNewCluster?: boolean
  readonly Spec?: SwarmSpec
  readonly Availability?: Availability
}

export interface SwarmJoinRequest {
  readonly ListenAddr?: string
  readonly AdvertiseAddr?: string
  readonly DataPathAddr?: string
  readonly RemoteAddrs: readonly string[]
  readonly JoinToken: string
  readonly Availability?: Availability
}

export type Availability = 'active' | 'pause' | 'drain'
export type NodeRole = 'worker' | 'manager'
export type NodeState = 'unknown' | 'down' | 'ready' | 'disconnected'

export interface NodeSpec {
  readonly Name?: string
  readonly Labels: Labels
  readonly Role: NodeRole
  readonly Availability: Availability
}

export interface SwarmNode extends SwarmObject {
  readonly Spec: NodeSpec
  readonly Description: {
    readonly Hostname: string
    readonly Platform: Platform
    /** Billionths of a cpu, and bytes. */
    readonly Resources: { readonly NanoCPUs: number; readonly MemoryBytes: number }
    readonly Engine: { readonly EngineVersion: string; readonly Labels?: Labels | null }
  }
  readonly Status: { readonly State: NodeState; readonly Message?: string; readonly Addr?: string }
  readonly ManagerStatus?: {
    readonly Leader?: boolean
    readonly Reachability: 'unknown' | 'unreachable' | 'reachable'
    readonly Addr: string
  }
}

export interface SecretSpec {
  readonly Name: string
  readonly Labels?: Labels
  readonly Driver?: Driver
}

/** The engine never gives a secret's data back (A9). */
export interface Secret extends SwarmObject {
  readonly Spec: SecretSpec
}

export interface ConfigSpec {
  readonly Name: string
  readonly Labels?: Labels
  /** Base64. */
  readonly Data: string
}

export interface Config extends SwarmObject {
  readonly Spec: ConfigSpec
}
