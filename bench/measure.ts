/** What a benchmark answers: ours against a peer or a limit measured in the same run. */
export interface Measure {
  readonly measure: string
  /** With its unit. */
  readonly ours: string
  readonly peer: string
  /** Ours over the peer's, or over the limit; smaller is better. */
  readonly ratio: number
  /** The ratio must not exceed it; null where no goal is set. */
  readonly goal: number | null
}

export interface Bench {
  readonly name: string
  /** Why it cannot run here; undefined where it can. */
  readonly unavailable?: () => Promise<string | undefined>
  readonly run: () => Promise<readonly Measure[]>
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : Math.round(value)} ms`

export const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN
