import type { Labels } from './common.ts'
import type { ContainerConfig } from './container.ts'

export interface IpamPool {
  readonly Subnet?: string
  readonly IPRange?: string
  readonly Gateway?: string
}

export interface NetworkCreateRequest {
  readonly Name: string
  readonly Driver?: string
  readonly Internal?: boolean
  readonly Attachable?: boolean
  readonly Ingress?: boolean
  readonly EnableIPv6?: boolean
  readonly IPAM?: { readonly Driver?: string; readonly Config?: readonly IpamPool[] }
  readonly Options?: Readonly<Record<string, string>>
  readonly Labels?: Labels
}

export interface NetworkCreated {
  readonly Id: string
  readonly Warning?: string
}

export interface Network {
  readonly Id: string
  readonly Name: string
  readonly Created: string
  readonly Scope: 'local' | 'swarm' | 'global'
  readonly Driver: string
  readonly Internal: boolean
  readonly Attachable: boolean
  readonly Ingress: boolean
  readonly IPAM: { readonly Driver?: string; readonly Config?: readonly IpamPool[] | null }
  readonly Options?: Readonly<Record<string, string>> | null
  readonly Labels: Labels | null
  /** Keyed by container id; only those of the engine that answers. */
  readonly Containers?: Readonly<Record<string, { readonly Name: string; readonly IPv4Address: string }>> | null
  readonly Peers?: readonly { readonly Name: string; readonly IP: string }[]
}

export interface VolumeCreateRequest {
  readonly Name: string
  readonly Driver?: string
  readonly DriverOpts?: Readonly<Record<string, string>>
  readonly Labels?: Labels
}

export interface Volume {
  readonly Name: string
  readonly Driver: string
  readonly Mountpoint: string
  readonly CreatedAt?: string
  readonly Labels: Labels | null
  readonly Options: Readonly<Record<string, string>> | null
  readonly Scope: 'local' | 'global'
}

export interface ImageSummary {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests: readonly string[] | null
  /** Epoch seconds. */
  readonly Created: number
  readonly Size: number
  readonly Labels: Labels | null
  /** Containers that use it; -1 when it was not counted. */
  readonly Containers: number
}

export interface Image {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests: readonly string[] | null
  readonly Created: string
  readonly Architecture: string
  readonly Os: string
  readonly Variant?: string
  readonly Size: number
  readonly Config: Partial<ContainerConfig> | null
  readonly RootFS: { readonly Type: string; readonly Layers?: readonly string[] }
}

export interface ImagesPruned {
  readonly ImagesDeleted: readonly { readonly Untagged?: string; readonly Deleted?: string }[] | null
  readonly SpaceReclaimed: number
}

export interface DistributionInspect {
  readonly Descriptor: {
    readonly mediaType?: string
    readonly MediaType?: string
    readonly digest: string
    readonly size?: number
  }
  readonly Platforms:
    | readonly { readonly architecture: string; readonly os: string; readonly variant?: string }[]
    | null
}

/** One message of a progress stream (pull, push, build, load, import). */
export interface Progress {
  readonly status?: string
  readonly stream?: string
  readonly id?: string
  readonly progress?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly message?: string; readonly code?: number }
  readonly aux?: Readonly<Record<string, unknown>>
}

export interface RegistryAuth {
  readonly username: string
  readonly password: string
  readonly serveraddress?: string
}
