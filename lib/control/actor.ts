/** Who asks. Use cases take an actor that access control has let through; they record it, never judge it. */
export interface Actor {
  /** A token's or user's name, e.g. `token:ci` or `system`. */
  readonly subject: string
  /** Request this action belongs to, for logs and audit. */
  readonly traceId?: string
}

export const systemActor: Actor = { subject: 'system' }
