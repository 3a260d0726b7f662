/** `logs` and `dns`. */
import * as z from 'zod'
import { parseDuration } from '../../core/units/duration.ts'
import { parseMemory } from '../../core/units/memory.ts'
import type { Logs } from '../../model/unit.ts'
import { hinted } from '../grammar/hints.ts'
import { atLeastOne, duration, memory } from '../grammar/quantity.ts'
import { hostName, ipAddress } from '../grammar/text.ts'

const destination = hinted(
  z.string().regex(/^(?:default|none|(?:gelf|fluentd|syslog\+(?:tcp|udp|tls)):\/\/\S+|cloudwatch:\S+)$/),
  {
    code: 'invalid-format',
    expected: '`default`, `none`, `gelf://…`, `fluentd://…`, `syslog+tcp://…` or `cloudwatch:GROUP`',
  },
)

export const logs = z.strictObject({
  to: destination.default('default').describe('Where the output goes.'),
  retention: duration.optional().describe('How long it is kept.'),
  rotate: z
    .strictObject({
      size: memory.describe('Largest file.'),
      files: atLeastOne.default(3).describe('Number of files kept.'),
    })
    .optional()
    .describe('Rotation on machines of your own.'),
})

export const lowerLogs = (value: z.output<typeof logs>): Logs => ({
  to: value.to,
  retentionMs: value.retention === undefined ? undefined : parseDuration(value.retention),
  rotate:
    value.rotate === undefined
      ? undefined
      : { sizeBytes: parseMemory(value.rotate.size) ?? 0, files: value.rotate.files },
})

export const dns = z.strictObject({
  servers: z.array(ipAddress).optional().describe('Resolvers.'),
  search: z.array(hostName).optional().describe('Search domains.'),
})
