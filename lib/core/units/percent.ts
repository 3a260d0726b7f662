/** Percentages: inside they are percent with at most three decimals, exact as their decimal text. */
import { formatScaled, scaleDecimal } from './decimal.ts'

/** Thousandths of a percent of `25%` or `0.5%`. */
export function parseMilliPercent(text: string): number | undefined {
  return text.endsWith('%') ? scaleDecimal(text.slice(0, -1), 1000n) : undefined
}

/** Percent of `25%`: 25. */
export function parsePercent(text: string): number | undefined {
  const milli = parseMilliPercent(text)
  return milli === undefined ? undefined : milli / 1000
}

export const formatPercent = (percent: number): string => `${formatScaled(Math.round(percent * 1000), 3)}%`

/** `percent` of `whole` as a count, rounded as told (ruling D20: floor and ceil are somebody's choice, never hidden). */
export function percentOf(percent: number, whole: number, rounding: 'up' | 'down'): number {
  const numerator = BigInt(Math.round(percent * 1000)) * BigInt(whole)
  const floor = numerator / 100_000n
  return Number(rounding === 'up' && numerator % 100_000n !== 0n ? floor + 1n : floor)
}
