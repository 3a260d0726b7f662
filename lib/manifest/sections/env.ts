/** `env` and `envFrom`: environment variables. */
import * as z from 'zod'
import { named, sugar } from '../grammar/shape.ts'
import { dataKey, name, text, variableName } from '../grammar/text.ts'
import { hinted } from '../grammar/hints.ts'
import { longPlainText } from './plain.ts'

export const instanceFacts = ['ordinal', 'name', 'ip', 'node', 'project', 'app', 'service', 'environment'] as const

const dotted = (second: string, example: string, first: string) =>
  hinted(z.string().regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/), {
    code: 'invalid-format',
    expected: `the name of a ${first} and of its ${second}, e.g. \`${example}\``,
  })

const longEnv = z.union([
  longPlainText,
  z.strictObject({
    secret: name.describe('A secret of the app.'),
    key: dataKey.optional().describe('One key of a secret with several values.'),
  }),
  z.strictObject({
    config: name.describe('A config of the app.'),
    key: dataKey.describe('Which of its values.'),
  }),
  z.strictObject({ instance: z.enum(instanceFacts).describe('A fact about the instance itself.') }),
  z.strictObject({ url: dotted('route', 'web.main', 'service').describe('The public address of a route.') }),
  z.strictObject({
    address: dotted('port', 'api.http', 'service').describe('`name:port` of a service, as callers use it.'),
  }),
])

export const env = named(
  variableName,
  sugar(longEnv, text, (value) => ({ text: value })),
)

export const envFrom = named(name, z.enum(['config', 'secret']))

export type Env = z.output<typeof env>

export const splitDotted = (value: string): readonly [string, string] => {
  const [first = '', second = ''] = value.split('.')
  return [first, second]
}
