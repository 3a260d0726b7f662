/** What happened: who, what, why. */
import type { EventType } from '../core/events.ts'
import type { Json } from '../core/hash.ts'

export interface EscaleEvent {
  readonly id: string
  readonly atMs: number
  readonly type: EventType
  /** E.g. `shop/web` or `project:team-a`. */
  readonly subject: string
  readonly actor: string
  readonly reason?: string
  readonly data: { readonly [key: string]: Json }
}
