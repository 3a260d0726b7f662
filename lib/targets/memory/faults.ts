/** What may go wrong in the simulated cluster, on command. */
import type { World } from './world.ts'

/** Faults on command. They are looked up at each call and at each new instance; none means all goes well. */
export type CallFault =
  /** Refused before anything happened. */
  | { readonly kind: 'fail'; readonly message: string }
  /** Never answers; nothing happened. */
  | { readonly kind: 'stall' }
  /** Took effect, but the answer never came. */
  | { readonly kind: 'loseAnswer' }

export interface InstanceFault {
  readonly neverReady?: boolean
  readonly exitAfterMs?: number
  readonly exitCode?: number
  /** Cannot start at all. */
  readonly cannotStart?: string
}

export interface Call {
  readonly verb: 'create' | 'update' | 'remove'
  readonly kind: string
  readonly name: string
  /** Counts native calls of this world from 1. */
  readonly number: number
}

export interface Faults {
  /** Asked before each native call. */
  call?(call: Call): CallFault | undefined
  /** Asked after each native call that took effect: a test may stop the process here. */
  after?(call: Call): void | Promise<void>
  /** Asked for each new instance, with the body of its service. */
  instance?(unit: string, body: unknown): InstanceFault | undefined
  /** Exit status of one attempt of a job, and how long it takes. */
  run?(job: string, attempt: number): { readonly exitCode: number; readonly tookMs?: number } | undefined
  /** Told of every moment at which something happens: what must always hold is looked at here. */
  moment?(world: World, nowMs: number): void
  /** What is observed is this old. */
  lagMs?: number
  /** The cluster stops a rollout by itself after this many failed new instances. */
  stopRolloutAfter?: number
}
