/** `external`: a name for something that is not a service of this app. */
import * as z from 'zod'
import { named } from '../grammar/shape.ts'
import { hostOrAddress, name } from '../grammar/text.ts'
import { ports } from './ports.ts'
import { routes } from './routes.ts'

export const external = named(
  name,
  z.union([
    z.strictObject({
      host: hostOrAddress.describe('Host name or address it stands for.'),
      ports: ports.optional().describe('Its ports by name.'),
      routes: routes.optional().describe('Routes to it, as on a service.'),
    }),
    z.strictObject({
      app: name.describe('Another app of the project.'),
      service: name.describe('The service of that app.'),
    }),
  ]),
)
