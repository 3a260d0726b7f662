/** Manifests, plans, releases and deployments on the wire. */
import * as z from 'zod'
import { dispositions } from '../../model/ledger.ts'
import { environment, note } from './common.ts'
import { code, problemItem } from './problem.ts'
import { base64, contextPathPattern, manifestText, name, relativePathPattern, text, when } from './text.ts'

export const manifestBodyLimitBytes = 5 * 1024 * 1024

const manifestFields = {
  manifest: z
    .string()
    .min(1)
    .max(1024 * 1024)
    .regex(manifestText)
    .describe('The manifest, YAML 1.2.'),
  params: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/), text(8192)).default({}),
  files: z
    .record(z.string().regex(relativePathPattern), base64(4 * 1024 * 1024))
    .default({})
    .describe('Files that the manifest names, by path relative to it, in base64.'),
  contexts: z
    .record(z.string().regex(contextPathPattern), z.string().regex(/^upl_[a-z2-7]{26}$/))
    .optional()
    .describe('Uploads with the build contexts, by the path that the manifest names.'),
  cluster: name.optional().describe('In place of the cluster that the manifest names.'),
  strict: z.array(z.enum(dispositions)).readonly().optional().describe('Dispositions of the ledger that are refused.'),
}

const { contexts: _contexts, ...textFields } = manifestFields

export const validateBody = z.strictObject({ ...textFields, environment: name.optional() })

export const planBody = z.strictObject({ ...manifestFields, environment })

export const deployBody = z.strictObject({
  ...manifestFields,
  environment,
  planHash: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,128}$/)
    .optional()
    .describe('`hash` of the plan that was shown; another plan is refused as stale.'),
  note: note.optional(),
})

export const ledgerRow = z
  .object({
    path: z.string(),
    source: z.object({ file: z.string().optional(), line: z.number().int(), column: z.number().int() }).optional(),
    value: z.string(),
    target: z.string(),
    disposition: z.enum(dispositions),
    native: z.array(z.string()).readonly(),
    delta: z.string().optional(),
    code: code.optional(),
    note: z.string().optional(),
  })
  .meta({ id: 'LedgerRow' })

export const difference = z
  .object({
    path: z.string(),
    actual: z.string().optional(),
    desired: z.string().optional(),
    cause: z.string().optional(),
    mode: z.enum(['inPlace', 'restart', 'replace', 'orphanReplace', 'newName', 'refuse']),
  })
  .meta({ id: 'Difference' })

export const step = z
  .object({
    id: z.string(),
    kind: z.enum(['write', 'run', 'wait', 'gate', 'verify']),
    title: z.string(),
    after: z.array(z.string()).readonly(),
    unit: z.string().optional(),
    state: z.enum(['pending', 'running', 'done', 'failed']),
    action: z.enum(['create', 'update', 'replace', 'remove', 'adopt']).optional(),
    resource: z.string().optional(),
    because: z.string().optional(),
    replacesInstances: z.boolean().optional(),
    differences: z.array(difference).readonly().optional(),
    job: z.string().optional(),
  })
  .meta({ id: 'Step' })

export const validation = z
  .object({
    valid: z.boolean(),
    problems: z.array(problemItem).readonly(),
    manifest: z.string().optional().describe('The long form.'),
    ledger: z.array(ledgerRow).readonly(),
  })
  .meta({ id: 'Validation' })

export const plan = z
  .object({
    project: z.string(),
    app: z.string(),
    environment: z.string(),
    cluster: z.string(),
    hash: z.string().describe('Pins this plan: `planHash` of a deployment.'),
    release: z.object({ number: z.number().int().optional(), hash: z.string(), isNew: z.boolean() }),
    empty: z.boolean().describe('Nothing would change.'),
    steps: z.array(step).readonly(),
    contingencies: z.array(z.string()).readonly(),
    ledger: z.array(ledgerRow).readonly(),
    problems: z.array(problemItem).readonly(),
    overrides: z.array(z.object({ path: z.string(), text: z.string() })).readonly(),
    notes: z.array(z.string()).readonly(),
    text: z.string().describe('The plan for people.'),
  })
  .meta({ id: 'Plan' })

export const deploymentKind = z.enum([
  'deploy',
  'rollback',
  'scale',
  'restart',
  'stop',
  'start',
  'traffic',
  'remove',
  'repair',
])

export const deploymentState = z.enum([
  'queued',
  'waiting',
  'running',
  'rollingBack',
  'succeeded',
  'failed',
  'rollbackFailed',
  'cancelled',
  'superseded',
  'drifted',
  'stale',
])

const deploymentFields = {
  id: z.string(),
  number: z.number().int(),
  project: z.string(),
  app: z.string(),
  environment: z.string(),
  cluster: z.string(),
  kind: deploymentKind,
  release: z.number().int(),
  fallback: z.number().int().optional().describe('Release it goes back to when it fails.'),
  state: deploymentState,
  ended: z.boolean(),
  by: z.string(),
  reason: z.string().optional(),
  createdAt: when,
  startedAt: when.optional(),
  endedAt: when.optional(),
  planHash: z.string().optional(),
}

export const deploymentSummary = z.object(deploymentFields).meta({ id: 'DeploymentSummary' })

export const deployment = z
  .object({
    ...deploymentFields,
    steps: z.array(step).readonly(),
    cancel: z.object({ by: z.string(), leave: z.boolean(), at: when }).optional(),
    problems: z.array(problemItem).readonly(),
    kept: z
      .object({ volumes: z.array(z.string()).readonly(), secrets: z.array(z.string()).readonly() })
      .optional()
      .describe('What a removal left alone.'),
  })
  .meta({ id: 'Deployment' })

const releaseFields = {
  id: z.string(),
  number: z.number().int(),
  cluster: z.string(),
  hash: z.string(),
  author: z.string(),
  createdAt: when,
  note: z.string().optional(),
  images: z
    .array(
      z.object({
        container: z.string().describe('Its place in the manifest.'),
        image: z.string().optional(),
        pinned: z.string().optional(),
      }),
    )
    .readonly(),
}

export const releaseSummary = z.object(releaseFields).meta({ id: 'ReleaseSummary' })

export const release = z
  .object({
    ...releaseFields,
    manifest: z.string(),
    secretVersions: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Release' })
