/** `secrets`: references to values that are kept elsewhere. */
import * as z from 'zod'
import type { Secret, SecretSource } from '../../model/unit.ts'
import { hinted } from '../grammar/hints.ts'
import { named, sugar } from '../grammar/shape.ts'
import { dataKey, name, text } from '../grammar/text.ts'

export const secretRef = z.strictObject({
  secret: name.describe('Name of a secret of the app.'),
  key: dataKey.optional().describe('One key of a secret with several values.'),
})

export const secretFrom = hinted(z.string().regex(/^(?:(?:ssm|secretsmanager|kubernetes):\S+|store:\S*)$/), {
  code: 'invalid-format',
  expected: 'a source such as `ssm:/shop/token`, `secretsmanager:shop/stripe#key`, `kubernetes:name#key` or `store:`',
})

const stored = z.strictObject({
  from: secretFrom.default('store:').describe('Where the value is kept. `store:` is set with `escale secrets set`.'),
})

const longSecret = z.union([
  z.strictObject({
    generate: z
      .strictObject({ length: z.int().min(8).max(4096).default(32).describe('Number of letters and digits.') })
      .describe('Made once, of letters and digits, and kept.'),
  }),
  z.strictObject({
    from: secretFrom.describe(
      'A value that exists: `ssm:`, `secretsmanager:`, `kubernetes:` or `store:`. Without `#key` the whole JSON as keys.',
    ),
  }),
  z.strictObject({ keys: named(dataKey, stored).describe('Several values. `{}` is short for `{from: "store:"}`.') }),
  z.strictObject({
    join: z
      .array(z.union([text, secretRef]))
      .min(1)
      .describe('Texts and secrets in a row; made again when a part changes.'),
    allowPlain: z.literal(true).optional().describe('A text among the parts looks like a secret and is none.'),
  }),
])

export const secrets = named(
  name,
  sugar(longSecret, z.strictObject({}), () => ({ from: 'store:' })),
)

type LongSecret = z.output<typeof longSecret>

function lowerSource(secret: LongSecret): SecretSource {
  if ('generate' in secret) return { kind: 'generate', length: secret.generate.length }
  if ('keys' in secret) return { kind: 'keys', keys: secret.keys }
  if ('join' in secret) return { kind: 'join', parts: secret.join }
  return { kind: 'from', from: secret.from }
}

export const lowerSecrets = (value: Readonly<Record<string, LongSecret>>): readonly Secret[] =>
  Object.entries(value).map(([secretName, secret]) => ({ name: secretName, source: lowerSource(secret) }))

/** Which keys a secret has: none (one value), a known set, or a set only its source knows. */
export function secretKeys(secret: LongSecret): 'single' | 'open' | readonly string[] {
  if ('keys' in secret) return Object.keys(secret.keys)
  if ('from' in secret && /^(?:secretsmanager|kubernetes):[^#]*$/.test(secret.from)) return 'open'
  return 'single'
}
