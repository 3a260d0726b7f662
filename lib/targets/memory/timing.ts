/** How long things take in the simulated cluster. */
export interface Timing {
  readonly startMs: number
  readonly readyMs: number
  readonly restartMs: number
  readonly runMs: number
  /** How long a process needs to end after its stop signal. */
  readonly stopMs: number
}

export const defaultTiming: Timing = { startMs: 200, readyMs: 300, restartMs: 500, runMs: 500, stopMs: 100 }
