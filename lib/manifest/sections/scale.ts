/** `scale`: how many instances. */
import * as z from 'zod'
import { parseDuration } from '../../core/units/duration.ts'
import { parsePercent } from '../../core/units/percent.ts'
import type { Scale } from '../../model/unit.ts'
import { cron, timeZone } from '../grammar/cron.ts'
import { count, duration, percent } from '../grammar/quantity.ts'
import { named, sugar } from '../grammar/shape.ts'
import { name, someText } from '../grammar/text.ts'

const positive = z.number().positive().max(1e12)

const targets = z.strictObject({
  cpu: percent.optional().describe('Percent of `size.cpu`.'),
  memory: percent.optional().describe('Percent of `size.memory`.'),
  requests: positive.optional().describe('Requests per second and instance.'),
  latency: duration.optional().describe('The p95 at the route.'),
  metrics: named(
    name,
    z.strictObject({
      from: someText.describe('Where it is read: `sqs:QUEUE`, `prometheus:QUERY`, `cloudwatch:…`.'),
      perInstance: positive.optional().describe('Amount one instance handles.'),
      value: positive.optional().describe('Value to keep.'),
    }),
  )
    .optional()
    .describe('Metrics of your own; each with `perInstance` or `value`.'),
})

const longScale = z.strictObject({
  min: count.default(1).describe('Fewest instances.'),
  max: count.optional().describe('Most instances. Absent: `min`.'),
  targets: targets.optional().describe('What to aim at; the largest answer wins.'),
  cooldown: z
    .strictObject({
      in: duration.default('5m').describe('Wait before fewer.'),
      out: duration.default('15s').describe('Wait before more.'),
    })
    .optional()
    .describe('Waits between changes.'),
  schedule: named(
    name,
    z.strictObject({
      cron: cron.describe('When it begins.'),
      tz: timeZone.default('UTC').describe('Time zone.'),
      min: count.optional().describe('Fewest instances from then on.'),
      max: count.optional().describe('Most instances from then on.'),
    }),
  )
    .optional()
    .describe('Other limits from certain times on.'),
  idleAfter: duration.optional().describe('Scales to zero after this time without requests.'),
})

export const scale = sugar(longScale, count, (value) => ({ min: value, max: value }))

export type ScaleSection = z.output<typeof scale>

const read = <T>(value: string | undefined, parse: (text: string) => T | undefined): T | undefined =>
  value === undefined ? undefined : parse(value)

export function lowerScale(value: ScaleSection | undefined): Scale {
  if (value === undefined) return { min: 1, max: 1, schedule: {} }
  return {
    min: value.min,
    max: value.max ?? value.min,
    targets:
      value.targets === undefined
        ? undefined
        : {
            cpuPercent: read(value.targets.cpu, parsePercent),
            memoryPercent: read(value.targets.memory, parsePercent),
            requestsPerSecond: value.targets.requests,
            latencyMs: read(value.targets.latency, parseDuration),
            metrics: value.targets.metrics ?? {},
          },
    cooldown:
      value.cooldown === undefined
        ? undefined
        : { inMs: parseDuration(value.cooldown.in) ?? 0, outMs: parseDuration(value.cooldown.out) ?? 0 },
    schedule: Object.fromEntries(
      Object.entries(value.schedule ?? {}).map(([key, each]) => [
        key,
        { cron: each.cron, timeZone: each.tz, min: each.min, max: each.max },
      ]),
    ),
    idleAfterMs: read(value.idleAfter, parseDuration),
  }
}
