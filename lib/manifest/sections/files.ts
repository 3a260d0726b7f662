/** `files`: configs and secrets as files. They are added and hide nothing. */
import * as z from 'zod'
import { named } from '../grammar/shape.ts'
import { absolutePath, fileMode, innerPath, dataKey, name } from '../grammar/text.ts'

const mode = fileMode
  .optional()
  .describe('Permission bits as quoted octal. Absent: those of the config, "0400" for a secret, else "0444".')

export const files = named(
  absolutePath,
  z.union([
    z.strictObject({
      config: name.describe('A config of the app.'),
      key: innerPath.optional().describe('One value or file of it, as a file. Absent: all, as a folder.'),
      mode,
    }),
    z.strictObject({
      secret: name.describe('A secret of the app.'),
      key: dataKey.optional().describe('One key, as a file. Absent: the one value as a file, or all keys as a folder.'),
      mode,
    }),
  ]),
)

export type Files = z.output<typeof files>

export const parseMode = (mode: string | undefined): number | undefined =>
  mode === undefined ? undefined : Number.parseInt(mode, 8)
