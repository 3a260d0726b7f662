/** Native state in our terms, as `observe` brings it back. */
import type { JsonObject } from '../core/hash.ts'
import type { ResourceId } from './resource.ts'

export interface ObservedResource {
  readonly id: ResourceId
  readonly kind: string
  readonly name: string
  readonly nativeId: string
  /** Token of the native object's version for conditional writes, where the target has one. */
  readonly version?: string
  /** The intent mark, where it is kept on the object. */
  readonly intent?: string
  /** Release number mark, for people. */
  readonly release?: string
  /** Normalised native body: what drift is compared against. */
  readonly actual: JsonObject
  readonly createdAtMs?: number
}

export type InstanceState =
  | 'pending' // accepted, not placed or not started yet
  | 'starting' // process runs, not ready yet
  | 'ready' // takes traffic (or runs, where it has no check)
  | 'unready' // was ready, is not now
  | 'stopping'
  | 'completed' // ended with exit status 0
  | 'failed' // ended otherwise, or could not start

export interface ObservedInstance {
  readonly unit: string
  /** Native id of the task, pod or container. */
  readonly nativeId: string
  /** E.g. `db-0`: slot or ordinal, or the node for one per worker. */
  readonly slot?: string
  /** `template` of the resource it was made from; tells old from new during a rollout. */
  readonly template?: string
  readonly state: InstanceState
  /** Whether the cluster still wants it to run. */
  readonly wanted: boolean
  readonly sinceMs: number
  readonly exitCode?: number
  /** Why it failed or waits, in the engine's words. */
  readonly reason?: string
  readonly node?: string
  readonly image?: string
  /** Addresses by network name of the manifest. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly hostPorts?: readonly { readonly port: number; readonly protocol: 'tcp' | 'udp'; readonly hostPort: number }[]
}

/** The cluster's own rollout of one resource. It detects and stops; Escale decides (ruling A2). */
export interface ObservedRollout {
  /** Native id of this rollout; one that failed is never re-issued. */
  readonly id: string
  readonly state: 'inProgress' | 'completed' | 'stopped'
  readonly reason?: string
}

/** One running resource of a unit: a stateful unit has one for each ordinal, the others a single one. */
export interface ObservedUnit {
  readonly unit: string
  /** The resource whose instances these are. */
  readonly resource: ResourceId
  /** What the cluster was told to run; absent for one per worker. */
  readonly desired?: number
  readonly rollout?: ObservedRollout
  readonly instances: readonly ObservedInstance[]
}

export type RunState = 'pending' | 'running' | 'succeeded' | 'failed'

export interface ObservedRun {
  readonly runId: string
  readonly job: string
  readonly state: RunState
  readonly startedAtMs?: number
  readonly endedAtMs?: number
  readonly succeeded: number
  /** Instances that ended otherwise, over all attempts. */
  readonly failed: number
  readonly exitCode?: number
  readonly reason?: string
}

export interface Observed {
  readonly atMs: number
  readonly resources: readonly ObservedResource[]
  readonly units: readonly ObservedUnit[]
  readonly runs: readonly ObservedRun[]
}

export const nothingObserved = (atMs: number): Observed => ({ atMs, resources: [], units: [], runs: [] })
