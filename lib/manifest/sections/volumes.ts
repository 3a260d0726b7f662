/** `volumes`: data that outlives instances. */
import * as z from 'zod'
import { parseMemory } from '../../core/units/memory.ts'
import type { Volume } from '../../model/unit.ts'
import { cron } from '../grammar/cron.ts'
import { hinted } from '../grammar/hints.ts'
import { atLeastOne, memory } from '../grammar/quantity.ts'
import { named } from '../grammar/shape.ts'
import { name, someText } from '../grammar/text.ts'

const volumeFrom = hinted(z.string().regex(/^(?:efs|kubernetes|docker|nfs|ebs):\S+$/), {
  code: 'invalid-format',
  expected: 'a volume that exists, such as `efs:fs-0123/media`, `kubernetes:`, `docker:`, `nfs:` or `ebs:`',
})

const longVolume = z.strictObject({
  from: volumeFrom.optional().describe('A volume that exists already; it is never deleted.'),
  size: memory.optional().describe('Size to ask for. Absent: the smallest the target has, or without limit.'),
  access: z
    .enum(['single', 'shared'])
    .default('single')
    .describe('`single`: one instance at a time (a promise of order, not of fencing); `shared`: many at once.'),
  class: someText.default('default').describe('Storage class of the target.'),
  backup: z
    .strictObject({
      schedule: cron.describe('When a backup is taken: five fields, UTC.'),
      keep: atLeastOne.default(7).describe('Number of backups kept.'),
    })
    .optional()
    .describe('Regular backups.'),
  onDelete: z.enum(['keep', 'delete']).default('keep').describe('What becomes of the data when the app is deleted.'),
})

export const volumes = named(name, longVolume)

export const lowerVolumes = (value: z.output<typeof volumes>): readonly Volume[] =>
  Object.entries(value).map(([volumeName, volume]) => ({
    name: volumeName,
    sizeBytes: volume.size === undefined ? undefined : parseMemory(volume.size),
    access: volume.access,
    class: volume.class,
    backup: volume.backup,
    onDelete: volume.onDelete,
    existing: volume.from,
  }))
