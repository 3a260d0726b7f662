/** `registries`: credentials by the host of the image. */
import * as z from 'zod'
import type { AppSpec } from '../../model/unit.ts'
import { named } from '../grammar/shape.ts'
import { registryHost, someText } from '../grammar/text.ts'
import { secretRef } from './secrets.ts'

export const registries = named(
  registryHost,
  z.strictObject({
    username: someText.describe('User at the registry.'),
    password: secretRef.describe('The secret that holds the password or token.'),
  }),
)

export const lowerRegistries = (value: z.output<typeof registries>): AppSpec['registries'] => value
