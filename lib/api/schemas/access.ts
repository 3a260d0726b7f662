/** Projects, tokens, grants, secrets and audit on the wire. */
import * as z from 'zod'
import { roles } from '../../control/access/roles.ts'
import { code } from './problem.ts'
import { base64, collectionPattern, name, secretNamePattern, subjectPattern, time, when } from './text.ts'

export const dangerousOption = z.string().regex(/^[a-z][A-Za-z0-9]{0,63}$/)

export const project = z
  .object({
    name: z.string(),
    createdAt: when,
    allow: z.array(z.string()).readonly().describe('Dangerous options that its apps may use.'),
  })
  .meta({ id: 'Project' })

export const createProjectBody = z.strictObject({
  name,
  allow: z.array(dangerousOption).max(50).readonly().default([]),
})
export const changeProjectBody = z.strictObject({ allow: z.array(dangerousOption).max(50).readonly() })

export const grant = z
  .object({
    role: z.enum(roles),
    collection: z.string().regex(collectionPattern).describe('`*`, a project, or `project/app`.'),
  })
  .meta({ id: 'Grant' })

const grantInput = z.strictObject(grant.shape)

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    grants: z.array(grant).readonly(),
    createdBy: z.string(),
    createdAt: when,
    expiresAt: when.optional().describe('Absent: never.'),
    lastUsedAt: when.optional().describe('To within five minutes.'),
  })
  .meta({ id: 'Token' })

export const newToken = z
  .object({ ...token.shape, token: z.string().describe('The token itself: shown this once.') })
  .meta({ id: 'NewToken' })

export const createTokenBody = z.strictObject({
  name,
  grants: z.array(grantInput).min(1).max(50).readonly(),
  expiresAt: time.nullable().optional().describe('`null`: never. Absent: in 90 days.'),
})

export const givenGrant = z
  .object({
    id: z.string(),
    subject: z.string(),
    role: z.enum(roles),
    collection: z.string(),
    createdBy: z.string(),
    createdAt: when,
  })
  .meta({ id: 'GivenGrant' })

export const giveGrantBody = z.strictObject({
  ...grant.shape,
  subject: z.string().regex(subjectPattern).describe('`user:…` or `group:…` of the identity provider.'),
})

export const whoami = z
  .object({ subject: z.string(), id: z.string(), grants: z.array(grant).readonly(), expiresAt: when.optional() })
  .meta({ id: 'WhoAmI' })

export const secretVersion = z
  .object({ version: z.string(), createdAt: when, origin: z.enum(['set', 'generated', 'joined', 'copied']) })
  .meta({ id: 'SecretVersion' })

export const secret = z
  .object({
    name: z.string(),
    version: z.string(),
    createdAt: when,
    origin: z.enum(['set', 'generated', 'joined', 'copied']),
  })
  .meta({ id: 'Secret', description: 'What may be shown of a secret: never its value.' })

const secretValue = z.union([
  z.strictObject({ value: z.string().min(1).max(65_536) }),
  z.strictObject({ base64: base64(87_384) }),
])

/** A text, bytes in base64, or several of them by key. */
export const setSecretBody = z.union([
  ...secretValue.options,
  z.strictObject({ keys: z.record(z.string().regex(secretNamePattern), secretValue) }),
])

export const auditEntry = z
  .object({
    seq: z.number().int(),
    at: when,
    subject: z.string(),
    principal: z.string(),
    operation: z.string(),
    resource: z.string(),
    outcome: z.enum(['done', 'refused', 'failed']),
    code: code.optional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    traceId: z.string(),
  })
  .meta({ id: 'AuditEntry' })

export const auditAnswer = z.object({ items: z.array(auditEntry).readonly(), next: z.number().int() })
