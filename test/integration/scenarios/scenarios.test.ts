import { expect, it } from 'vitest'
import { runOne } from '../../scenarios/board.ts'
import { notBuilt } from '../../scenarios/not-built.ts'
import { targetNames } from '../../scenarios/scenario.ts'
import { scenarios } from '../../scenarios/scenarios.ts'

const runs = scenarios.flatMap((scenario) =>
  targetNames
    .filter((target) => scenario.on[target] !== undefined)
    .map((target) => ({ scenario, target, id: scenario.id })),
)

it.each(runs)('$id holds on $target', { timeout: 400_000 }, async ({ scenario, target }) => {
  const row = await runOne(scenario, target)
  expect(row.reason).toBe('')
  expect(row.status).toBe('passed')
})

it('the board knows every scenario of the requirements once', () => {
  const ids = [...scenarios, ...notBuilt].map(({ id }) => id).sort()
  expect(ids).toEqual(Array.from({ length: 40 }, (_, n) => `E-${String(n + 1).padStart(2, '0')}`))
})
