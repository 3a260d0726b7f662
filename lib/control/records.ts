/** What stands in the store. Every record is plain JSON; collections and partitions are named here alone. */
import type { Problem } from '../core/problems.ts'
import type { AppKey } from '../model/app.ts'
import { appKeyText } from '../model/app.ts'
import type { Release, RuntimeState } from '../model/release.ts'
import type { ResourceId } from '../model/resource.ts'
import type { Progress } from '../plan/progress.ts'
import type { Step, StepId } from '../plan/step.ts'
import type { Address } from '../store/store.ts'
import type { IdentityMap } from '../targets/target.ts'

export interface ClusterRecord {
  readonly name: string
  /** Kind of target, e.g. `docker`. */
  readonly kind: string
  /** Hosts of routes without one end in it (ruling B7). */
  readonly domain?: string
  readonly createdAtMs: number
}

export interface ProjectRecord {
  readonly name: string
  readonly createdAtMs: number
  /** Dangerous options the project may use: `hostPath`, `hostNetwork`, `privileged`, … */
  readonly grants: readonly string[]
}

export interface AppRecord {
  readonly key: AppKey
  readonly cluster: string
  readonly createdAtMs: number
  readonly lastReleaseNumber: number
  readonly lastDeploymentNumber: number
  /** Release the last finished deployment made true. */
  readonly current?: number
  /** What a failed deployment goes back to; never a superseded release (ruling E1). */
  readonly lastGood?: number
  /** Number of the deployment under way. */
  readonly active?: number
  /** Number of the deployment that takes over from it. */
  readonly next?: number
  readonly runtime: RuntimeState
  readonly identity: IdentityMap
  /** When to look whether a late write of ours arrived after the last deployment had ended (ruling A3). */
  readonly verifyAtMs?: number
  /** Set when the app was deleted and only kept data is left. */
  readonly removedAtMs?: number
}

/** `repair` undoes a late write of an older deployment and touches nothing else (ruling A3). */
export type DeploymentKind =
  | 'deploy'
  | 'rollback'
  | 'scale'
  | 'restart'
  | 'stop'
  | 'start'
  | 'traffic'
  | 'remove'
  | 'repair'

export type DeploymentState =
  | 'queued'
  | 'waiting' // an approval is asked for
  | 'running'
  | 'rollingBack'
  | 'succeeded'
  | 'failed' // failed, and rolled back where there was something to go back to
  | 'rollbackFailed'
  | 'cancelled'
  | 'superseded'
  | 'drifted'
  | 'stale' // the pinned plan no longer held

export const endedStates: readonly DeploymentState[] = [
  'succeeded',
  'failed',
  'rollbackFailed',
  'cancelled',
  'superseded',
  'drifted',
  'stale',
]

export interface DeploymentRecord {
  readonly id: string
  /** Counts from 1 within the app. */
  readonly number: number
  readonly key: AppKey
  readonly kind: DeploymentKind
  readonly cluster: string
  /** Number of the release it makes true. */
  readonly release: number
  /** What it goes back to when it fails. */
  readonly fallback?: number
  /** Runtime state it makes true, already merged. */
  readonly runtime: RuntimeState
  /** Runtime state to go back to. */
  readonly fallbackRuntime: RuntimeState
  readonly state: DeploymentState
  /** Jobs, approvals and verification belong to it (ruling E2). */
  readonly gated: boolean
  readonly by: string
  readonly reason?: string
  readonly createdAtMs: number
  readonly startedAtMs?: number
  readonly endedAtMs?: number
  /** Fingerprint the caller pinned (ruling A6). */
  readonly planHash?: string
  /** Write steps that may run: those of the plan shown. Set on the first tick. */
  readonly accepted?: readonly StepId[]
  /** The steps of the accepted plan, for people who follow. */
  readonly steps: readonly Step[]
  readonly progress: Progress
  readonly cancel?: { readonly by: string; readonly leave: boolean; readonly atMs: number }
  readonly problems: readonly Problem[]
  /** Repair only: nothing but these resources is looked at. */
  readonly only?: readonly ResourceId[]
  /** Removal only: also delete these volumes. */
  readonly deleteVolumes?: readonly string[]
  /** Removal only: what was kept. */
  readonly kept?: { readonly volumes: readonly string[]; readonly secrets: readonly string[] }
}

export type RunTrigger = 'manual' | 'schedule' | 'release' | 'verify'

export interface RunRecord {
  readonly id: string
  readonly key: AppKey
  readonly job: string
  readonly release: number
  readonly trigger: RunTrigger
  readonly by: string
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped'
  readonly createdAtMs: number
  /** For a schedule: the time it stood for. */
  readonly scheduledAtMs?: number
  readonly startedAtMs?: number
  /** When somebody last looked, to the half minute: time nobody watched counts against no timeout. */
  readonly lookedAtMs?: number
  readonly endedAtMs?: number
  readonly exitCode?: number
  readonly failedInstances: number
  readonly reason?: string
  /** Command and variables of this run alone, over the job's own. */
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Somebody asked for its end. */
  readonly cancelledBy?: string
}

/** An ended run whose native object still stands, for its logs. */
export interface EndedRun {
  readonly job: string
  readonly endedAtMs: number
  readonly collectAtMs: number
}

/** Up to which time a schedule was looked at. */
export interface CronState {
  readonly schedule: string
  readonly seenToMs: number
}

const padded = (number: number): string => String(number).padStart(10, '0')

export const addresses = {
  install: (): Address => ({ collection: 'install', partition: 'all', id: 'this' }),
  cluster: (name: string): Address => ({ collection: 'cluster', partition: 'all', id: name }),
  project: (name: string): Address => ({ collection: 'project', partition: 'all', id: name }),
  app: (key: AppKey): Address => ({ collection: 'app', partition: key.project, id: `${key.app}/${key.environment}` }),
  release: (key: AppKey, number: number): Address => ({
    collection: 'release',
    partition: appKeyText(key),
    id: padded(number),
  }),
  deployment: (key: AppKey, number: number): Address => ({
    collection: 'deployment',
    partition: appKeyText(key),
    id: padded(number),
  }),
  /** Deployment id → number. */
  deploymentRef: (key: AppKey, id: string): Address => ({
    collection: 'deploymentRef',
    partition: appKeyText(key),
    id,
  }),
  run: (key: AppKey, id: string): Address => ({ collection: 'run', partition: appKeyText(key), id }),
  /** Ports chosen for routes with `listen: auto`. */
  listens: (key: AppKey): Address => ({ collection: 'listens', partition: appKeyText(key), id: 'ports' }),
  /** Instance states last told of in events. */
  seen: (key: AppKey): Address => ({ collection: 'seen', partition: appKeyText(key), id: 'instances' }),
  /** Runs that have not ended: what a tick polls, and the lock for `forbid` and `replace` (ruling D19). */
  openRun: (key: AppKey, id: string): Address => ({ collection: 'openRun', partition: appKeyText(key), id }),
  /** Ended runs whose native objects are not collected yet. */
  endedRun: (key: AppKey, id: string): Address => ({ collection: 'endedRun', partition: appKeyText(key), id }),
  cron: (key: AppKey, job: string): Address => ({ collection: 'cron', partition: appKeyText(key), id: job }),
  /** Every run of a job by time, for its history. */
  runOfJob: (key: AppKey, job: string, createdAtMs: number, id: string): Address => ({
    collection: 'runOfJob',
    partition: `${appKeyText(key)}/${job}`,
    id: `${String(createdAtMs).padStart(15, '0')}-${id}`,
  }),
} as const

export const streams = {
  app: (key: AppKey): string => `events/${appKeyText(key)}`,
  project: (project: string): string => `events/${project}`,
  audit: 'audit',
} as const

export const leaseOf = (key: AppKey): string => `app/${appKeyText(key)}`

export type StoredRelease = Release
