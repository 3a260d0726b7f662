/** `allow` and `override`: accepted approximations, and the escape hatch. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'

const allowName = hinted(z.string().regex(/^[a-z][A-Za-z0-9.]*$/), {
  code: 'invalid-name',
  expected: 'the name of a field, e.g. `sidecars`',
})

export const allow = named(allowName, z.enum(['approximated', 'never']))

const native = hinted(z.record(z.string(), z.json()), { opaque: true })

export const override = z.strictObject({
  ecs: native.optional().describe('`taskDefinition`, `service`, `containers`.'),
  kubernetes: native.optional().describe('`podSpec`, `objects` by `Kind/name`.'),
  docker: native.optional().describe('`serviceSpec`.'),
})
