/** Shares as the proxy takes them: whole numbers from 0 to 256 a server. */
import type { RouteBackend } from '../../../model/routing.ts'

const maxWeight = 256

/**
 * Keeps the share of each track as exact as whole numbers allow: the largest share becomes 256, a track's sum is
 * rounded once and then spread over its servers by largest remainder. So 0.5 % over many instances may fall on some
 * of them only, yet stays within 0.2 points in sum.
 */
export function serverWeights(backends: readonly Pick<RouteBackend, 'weight' | 'track'>[]): readonly number[] {
  const largest = Math.max(0, ...backends.map(({ weight }) => weight))
  if (largest === 0) return backends.map(() => 0)
  const ideal = backends.map(({ weight }) => (Math.max(0, weight) / largest) * maxWeight)
  const weights = ideal.map(Math.floor)
  for (const track of new Set(backends.map((backend) => backend.track))) {
    const members = backends.flatMap((backend, index) => (backend.track === track ? [index] : []))
    const wanted = sum(members.map((index) => ideal[index] ?? 0))
    // A track that takes part at all is never rounded away.
    let missing = (wanted > 0 ? Math.max(1, Math.round(wanted)) : 0) - sum(members.map((index) => weights[index] ?? 0))
    const byRemainder = [...members].sort((a, b) => remainder(ideal, b) - remainder(ideal, a) || a - b)
    for (const index of byRemainder) {
      if (missing <= 0) break
      if ((weights[index] ?? 0) >= maxWeight) continue
      weights[index] = (weights[index] ?? 0) + 1
      missing--
    }
  }
  return weights
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
const remainder = (ideal: readonly number[], index: number): number => (ideal[index] ?? 0) % 1
