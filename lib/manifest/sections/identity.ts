/** `identity`: what the service may do elsewhere. */
import * as z from 'zod'
import type { Identity } from '../../model/unit.ts'
import { named } from '../grammar/shape.ts'
import { name, someText } from '../grammar/text.ts'

export const identity = z.strictObject({
  permissions: named(
    name,
    z.strictObject({
      resource: someText.describe('E.g. `s3:bucket/*`, `sqs:orders`.'),
      access: z.enum(['read', 'write', 'readWrite']).describe('What may be done with it.'),
    }),
  )
    .optional()
    .describe('Rights by a name of your own.'),
  awsRole: someText.nullish().describe('An IAM role that exists.'),
  serviceAccount: someText.nullish().describe('A Kubernetes service account that exists.'),
})

export const lowerIdentity = (value: z.output<typeof identity>): Identity => ({
  permissions: value.permissions ?? {},
  awsRole: value.awsRole ?? undefined,
  serviceAccount: value.serviceAccount ?? undefined,
})
