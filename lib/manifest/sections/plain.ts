/** A literal text that may have to say that it is no secret. */
import * as z from 'zod'
import { sugar } from '../grammar/shape.ts'
import { text } from '../grammar/text.ts'

export const allowPlain = z
  .literal(true)
  .optional()
  .describe('The value looks like a secret and is none: accept it as it stands.')

export const longPlainText = z.strictObject({
  text: text.describe('The value, literally.'),
  allowPlain,
})

export const plainText = sugar(longPlainText, text, (value) => ({ text: value }))
