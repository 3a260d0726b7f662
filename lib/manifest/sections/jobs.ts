/** `jobs`: what runs once, or on a schedule. */
import * as z from 'zod'
import { cron, timeZone } from '../grammar/cron.ts'
import { atLeastOne, count, duration } from '../grammar/quantity.ts'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'
import { name } from '../grammar/text.ts'
import { imageKinds, portlessKeys } from './container.ts'
import { workloadKeys } from './workload.ts'

export const job = hinted(
  z.strictObject({
    ...portlessKeys,
    ...workloadKeys,
    from: name
      .optional()
      .describe("Takes a service's container keys, networks, identity and placement; own keys beat them."),
    run: z
      .enum(['manual', 'release'])
      .optional()
      .describe(
        '`manual` (default), or with each release that changes it or its dependents, which is also so when something depends on it.',
      ),
    schedule: cron.optional().describe('Runs at these times: five fields, no catch-up after five minutes.'),
    tz: timeZone.optional().describe('Time zone of the schedule. Absent: UTC.'),
    concurrency: z
      .enum(['allow', 'forbid', 'replace'])
      .optional()
      .describe('When a scheduled run meets one that still runs. Absent: `forbid`.'),
    timeout: duration.optional().describe('Longest time of a run.'),
    retries: count.default(0).describe('Attempts after a failure.'),
    completions: atLeastOne.default(1).describe('Successes that make a run complete.'),
    parallelism: atLeastOne.default(1).describe('Instances at once.'),
    history: count.default(5).describe('Finished runs that are remembered.'),
    keepFor: duration.default('24h').describe('How long the remains of a run are kept.'),
  }),
  { instead: imageKinds, layeredBy: 'from' },
)

export const jobs = named(name, job)

export type JobSection = z.output<typeof job>
