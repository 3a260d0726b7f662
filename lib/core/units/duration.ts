/** Durations: inside they are milliseconds; outside a whole number with one unit, `90s`, `5m`, `24h`. */
import { scaleDecimal } from './decimal.ts'

const factors: Readonly<Record<string, bigint>> = {
  ms: 1n,
  s: 1000n,
  m: 60_000n,
  h: 3_600_000n,
  d: 86_400_000n,
}

const quantity = /^(\d+)(ms|s|m|h|d)$/

export function parseDuration(text: string): number | undefined {
  const match = quantity.exec(text)
  const factor = factors[match?.[2] ?? '']
  return match?.[1] === undefined || factor === undefined ? undefined : scaleDecimal(match[1], factor)
}

/** The shortest text that reads back as the same time; `90s` rather than `1.5m`. */
export function formatDuration(timeMs: number): string {
  if (timeMs === 0) return '0s'
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const factor = Number(factors[unit])
    if (timeMs % factor === 0) return `${timeMs / factor}${unit}`
  }
  return `${timeMs}ms`
}

/** Whole seconds, rounded up: never shorter than asked. */
export const durationSeconds = (timeMs: number): number => Math.ceil(timeMs / 1000)
