/** Native bodies of the simulated cluster. */
import type { JsonObject } from '../../core/hash.ts'

export interface ServiceBody {
  /** Absent: one per worker. */
  readonly replicas: number | null
  readonly update: {
    readonly strategy: string
    readonly maxSurge: number
    readonly maxUnavailable: number
    readonly settleMs: number
  }
  readonly template: JsonObject
}

export interface JobBody {
  readonly runId: string
  readonly job: string
  readonly completions: number
  readonly parallelism: number
  readonly retries: number
  readonly template: JsonObject
}

export const serviceBody = (body: JsonObject): ServiceBody => body as unknown as ServiceBody
export const jobBody = (body: JsonObject): JobBody => body as unknown as JobBody
export const asJson = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject
