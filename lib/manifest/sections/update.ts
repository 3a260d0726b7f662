/** `update`: how a new version takes over. */
import * as z from 'zod'
import { parseDuration } from '../../core/units/duration.ts'
import { parsePercent } from '../../core/units/percent.ts'
import type { CountOrPercent, Update } from '../../model/unit.ts'
import { atLeastOne, countOrPercent, duration, share } from '../grammar/quantity.ts'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'
import { name, someText } from '../grammar/text.ts'

const bake = duration.default('5m').describe('Wait with all traffic on the new version before the old one goes.')
const every = duration.default('3m').describe('Time between steps.')

const errorRate = hinted(z.union([z.number(), share]), {
  code: 'invalid-unit',
  expected: 'a percentage such as `1%`, or a number',
})

export const update = z.strictObject({
  strategy: z
    .enum(['rolling', 'recreate', 'blueGreen', 'canary', 'linear'])
    .default('rolling')
    .describe('How instances are replaced.'),
  rolling: z
    .strictObject({
      maxSurge: countOrPercent.default(1).describe('Instances above the wished number.'),
      maxUnavailable: countOrPercent.default(0).describe('Instances that may be missing.'),
      settle: duration.default('5s').describe('How long an instance must stay well before the next batch.'),
    })
    .prefault({})
    .describe('For `rolling`.'),
  canary: z
    .strictObject({
      steps: z.array(share).min(1).describe('Shares of the traffic, rising to 100%.'),
      every,
      bake,
    })
    .optional()
    .describe('For `canary`.'),
  linear: z
    .strictObject({ step: share.default('10%').describe('Share added at each step.'), every, bake })
    .optional()
    .describe('For `linear`.'),
  blueGreen: z.strictObject({ bake }).optional().describe('For `blueGreen`.'),
  failFast: z
    .strictObject({
      firstReadyWithin: duration.default('3m').describe('Time until the first new instance must be ready.'),
      crashLoops: atLeastOne.default(3).describe('Crashes of new instances that end the release.'),
    })
    .prefault({})
    .describe("The release's own budget for failure."),
  rollback: z
    .strictObject({
      auto: z.boolean().default(true).describe('Goes back by itself after a failure.'),
      when: named(
        name,
        z.strictObject({
          metric: someText.describe('`http5xx`, `latency`, or a metric of your own.'),
          above: errorRate.describe('The limit.'),
          for: duration.default('1m').describe('How long it must be above.'),
        }),
      )
        .optional()
        .describe('Measurements that count as failure.'),
      speed: z.enum(['immediate', 'rolling']).default('immediate').describe('How fast it goes back.'),
    })
    .prefault({})
    .describe('When and how the last good release comes back.'),
  verify: name.optional().describe('A job that is run after; its failure rolls back.'),
})

export type UpdateSection = z.output<typeof update>

const ms = (value: string): number => parseDuration(value) ?? 0

const amount = (value: number | string): CountOrPercent =>
  typeof value === 'number' ? { count: value } : { percent: parsePercent(value) ?? 0 }

const standard = { steps: ['1%', '5%', '25%', '100%'], every: '3m', bake: '5m' }

export function lowerUpdate(value: UpdateSection): Update {
  const canary = value.canary ?? (value.strategy === 'canary' ? standard : undefined)
  const linear = value.linear ?? (value.strategy === 'linear' ? { step: '10%', every: '3m', bake: '5m' } : undefined)
  const blueGreen = value.blueGreen ?? (value.strategy === 'blueGreen' ? { bake: '5m' } : undefined)
  return {
    strategy: value.strategy,
    rolling: {
      maxSurge: amount(value.rolling.maxSurge),
      maxUnavailable: amount(value.rolling.maxUnavailable),
      settleMs: ms(value.rolling.settle),
    },
    canary:
      canary === undefined
        ? undefined
        : {
            stepPercents: canary.steps.map((step) => parsePercent(step) ?? 0),
            everyMs: ms(canary.every),
            bakeMs: ms(canary.bake),
          },
    linear:
      linear === undefined
        ? undefined
        : { stepPercent: parsePercent(linear.step) ?? 0, everyMs: ms(linear.every), bakeMs: ms(linear.bake) },
    blueGreen: blueGreen === undefined ? undefined : { bakeMs: ms(blueGreen.bake) },
    failFast: {
      firstReadyWithinMs: ms(value.failFast.firstReadyWithin),
      crashLoops: value.failFast.crashLoops,
    },
    rollback: {
      auto: value.rollback.auto,
      speed: value.rollback.speed,
      when: Object.fromEntries(
        Object.entries(value.rollback.when ?? {}).map(([key, each]) => [
          key,
          { metric: each.metric, above: String(each.above), forMs: ms(each.for) },
        ]),
      ),
    },
    verify: value.verify,
  }
}
