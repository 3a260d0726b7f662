/** `security`: what a container may do. Defaults come from the image itself, read at release (ruling C1). */
import * as z from 'zod'
import type { Security } from '../../model/unit.ts'
import { capability, someText } from '../grammar/text.ts'

export const security = z.strictObject({
  runAsNonRoot: z
    .union([z.boolean(), z.literal('auto')])
    .default('auto')
    .describe('`true` is a demand that is checked before any write; `auto` follows the image.'),
  readOnlyRoot: z.boolean().default(false).describe('The root file system cannot be written.'),
  capabilities: z
    .strictObject({
      add: z.array(capability).optional().describe('Capabilities to add.'),
      drop: z.array(capability).optional().describe('Capabilities to drop; `ALL` drops all.'),
    })
    .optional()
    .describe('Linux capabilities, without the prefix CAP_.'),
  privileged: z.boolean().default(false).describe('All rights of the machine. Needs a grant.'),
  hostNetwork: z.boolean().default(false).describe("The machine's own network. Needs a grant."),
  hostPid: z.boolean().default(false).describe("The machine's own processes. Needs a grant."),
  seccomp: someText.default('default').describe('`default`, `unconfined`, or the name of a profile.'),
})

export const lowerSecurity = (value: z.output<typeof security>): Security => ({
  runAsNonRoot: value.runAsNonRoot,
  readOnlyRoot: value.readOnlyRoot,
  addCapabilities: value.capabilities?.add ?? [],
  dropCapabilities: value.capabilities?.drop ?? [],
  privileged: value.privileged,
  hostNetwork: value.hostNetwork,
  hostPid: value.hostPid,
  seccomp: value.seccomp,
})
