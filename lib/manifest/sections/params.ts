/** `params`: the only source of `${name}`. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { sugar, named } from '../grammar/shape.ts'
import { paramName, text } from '../grammar/text.ts'

/** Text last: it takes whatever the others do not. */
export const paramValue = z.union([z.number(), z.boolean(), z.string()])

const longParam = z.strictObject({
  default: paramValue.optional().describe('Value where none is given. Without it the parameter is required.'),
  description: text.optional().describe('What the parameter is for.'),
  allowed: z.array(paramValue).min(1).optional().describe('The only values it may have.'),
  allowPlain: z.literal(true).optional().describe('The default looks like a secret and is none.'),
})

export const params = hinted(
  named(
    paramName,
    sugar(longParam, paramValue, (value) => ({ default: value })).describe(
      '`tag: x` is short for `tag: {default: x}`.',
    ),
  ),
  { literal: true },
)

export type Param = z.output<typeof longParam>
