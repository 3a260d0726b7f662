import fc from 'fast-check'
import { expect, test } from 'vitest'
import { serverWeights } from '../../lib/targets/docker/ingress/weights.ts'

const of = (track: string, count: number, share: number): { track: string; weight: number }[] =>
  Array.from({ length: count }, () => ({ track, weight: share / count }))

test('equal shares are equal weights', () => {
  expect(serverWeights(of('stable', 3, 1))).toEqual([256, 256, 256])
})

test('nine to one is nine to one', () => {
  const [nine = 0, one = 0] = serverWeights([...of('stable', 1, 9), ...of('next', 1, 1)])
  expect(one / (nine + one)).toBeCloseTo(0.1, 2)
})

test('half a percent over ten instances falls on one of them', () => {
  expect(serverWeights([...of('stable', 1, 0.995), ...of('next', 10, 0.005)])).toEqual([
    256, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ])
})

test('without any share nobody takes requests', () => {
  expect(serverWeights(of('stable', 2, 0))).toEqual([0, 0])
})

test('the share of a track is within half a point of what was asked, for any counts', () => {
  const instances = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(instances, instances, fc.integer({ min: 1, max: 199 }), (stable, next, halfPercents) => {
      const share = halfPercents / 200
      const weights = serverWeights([...of('stable', stable, 1 - share), ...of('next', next, share)])
      const total = weights.reduce((sum, one) => sum + one, 0)
      const got = weights.slice(stable).reduce((sum, one) => sum + one, 0) / total
      expect(Math.abs(got - share)).toBeLessThanOrEqual(0.005)
      for (const weight of weights) expect(Number.isInteger(weight) && weight >= 0 && weight <= 256).toBe(true)
    }),
  )
})
