/** The state of a simulated cluster: native objects, instances, runs. One world serves one or more targets. */
import type { JsonObject } from '../../core/hash.ts'
import type { RunState } from '../../model/observed.ts'
import type { ResourceId } from '../../model/resource.ts'

export interface Owner {
  readonly installId: string
  readonly app: string
}

export interface MemoryObject {
  readonly kind: string
  readonly name: string
  readonly nativeId: string
  readonly owner: Owner
  readonly resource: ResourceId
  readonly unit?: string
  readonly createdAtMs: number
  body: JsonObject
  intent: string
  template?: string
  version: number
}

export interface MemoryInstance {
  readonly nativeId: string
  readonly service: string
  readonly slot: string
  readonly template?: string
  readonly createdAtMs: number
  /** Process runs from here on. */
  readonly startsAtMs: number
  /** Ready from here on, unless a fault says otherwise. */
  readonly readyAtMs: number
  /** Ends by itself at this time, with this status. */
  readonly exitsAtMs?: number
  readonly exitCode?: number
  readonly exitReason?: string
  wanted: boolean
  stoppingSinceMs?: number
  /** When it is gone after being told to stop. */
  goneAtMs?: number
  ended?: { readonly atMs: number; readonly exitCode: number; readonly reason?: string }
}

export interface MemoryRollout {
  readonly id: string
  state: 'inProgress' | 'completed' | 'stopped'
  reason?: string
  /** Since when the batch before the next has been well. */
  wellSinceMs?: number
}

export interface MemoryRun {
  readonly runId: string
  readonly job: string
  readonly name: string
  readonly attempts: { startedAtMs: number; endsAtMs: number; exitCode: number }[]
  readonly completions: number
  readonly parallelism: number
  readonly retries: number
  readonly startedAtMs: number
  state: RunState
  endedAtMs?: number
}

export interface World {
  /** By `kind/name`. */
  readonly objects: Map<string, MemoryObject>
  /** By native name of the service. */
  readonly instances: Map<string, MemoryInstance[]>
  readonly rollouts: Map<string, MemoryRollout>
  /** By native name of the run's object. */
  readonly runs: Map<string, MemoryRun>
  /** Count of native writes that took effect: what benches and proofs look at. */
  writes: number
  nextId: number
  simulatedToMs: number
}

export const emptyWorld = (): World => ({
  objects: new Map(),
  instances: new Map(),
  rollouts: new Map(),
  runs: new Map(),
  writes: 0,
  nextId: 1,
  simulatedToMs: 0,
})

export const objectKey = (kind: string, name: string): string => `${kind}/${name}`

export const freshId = (world: World, prefix: string): string => `${prefix}-${world.nextId++}`
