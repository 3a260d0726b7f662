/** `config`: plain values and files. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'
import { base64Text, dataKey, fileMode, innerPath, localPath, name, text } from '../grammar/text.ts'
import { allowPlain, plainText } from './plain.ts'

const mode = fileMode.optional().describe('Permission bits as quoted octal. Absent: "0444".')

export const configFile = z.union([
  z.strictObject({
    content: text.describe('The text of the file, literally: no parameters are replaced in it.'),
    mode,
    allowPlain,
  }),
  z.strictObject({
    path: localPath.describe('A file beside the manifest, or a folder with all below it.'),
    mode,
    allowPlain,
  }),
  z.strictObject({ base64: base64Text.describe('The bytes of the file.'), mode }),
])

export const config = named(
  name,
  z.strictObject({
    values: named(dataKey, plainText).optional().describe('Plain values by key.'),
    files: hinted(named(innerPath, configFile), { literal: true })
      .optional()
      .describe(
        'Files by their path inside the config. The files of a folder stand below the key; `.` is the config itself.',
      ),
  }),
)

export type Config = z.output<typeof config>[string]
export type ConfigFile = z.output<typeof configFile>
