import type { ServedRoute } from './plan-routes.ts'

export const defaultTimeoutMs = 60_000

/** Idle time of connections that are no longer requests and answers: WebSockets, TCP sessions. */
export const tunnelTimeoutMs = 3_600_000

export const routeTimeoutMs = ({ source }: ServedRoute): number =>
  source.timeoutMs ?? (source.protocol === 'tcp' ? tunnelTimeoutMs : defaultTimeoutMs)
