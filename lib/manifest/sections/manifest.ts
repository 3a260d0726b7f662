/** The whole: every section under its key. */
import * as z from 'zod'
import { hinted } from '../grammar/hints.ts'
import { named } from '../grammar/shape.ts'
import { name } from '../grammar/text.ts'
import { config } from './config.ts'
import { external } from './external.ts'
import { jobs } from './jobs.ts'
import { metadata } from './metadata.ts'
import { networks } from './networks.ts'
import { params } from './params.ts'
import { registries } from './registries.ts'
import { secrets } from './secrets.ts'
import { services } from './services.ts'
import { volumes } from './volumes.ts'
import { overlayOf } from '../grammar/overlay.ts'

export const apiVersion = 'escale/v1'

/** What an environment may lay over. */
const layeredKeys = {
  cluster: name
    .optional()
    .describe('Cluster it runs on; `--to` and environments override it. Absent: the only one there is.'),
  registries: registries.optional().describe('Credentials by the host of the image.'),
  config: config.optional().describe('Plain values and files; 1 MB in all at most.'),
  secrets: secrets.optional().describe('References to values kept elsewhere; 64 kB each at most.'),
  volumes: volumes.optional().describe('Data that outlives instances.'),
  networks: networks.optional().describe("Networks of the app. A service without `networks` is on the app's own."),
  external: external.optional().describe('Names for what is no service of this app.'),
  services: services.optional().describe('What runs for ever.'),
  jobs: jobs.optional().describe('What runs once, or on a schedule.'),
}

const approval = z.enum(['none', 'required']).default('none').describe('A deployment waits for somebody to approve it.')

/** A manifest after parameters and overlay: what runs. */
export const resolvedManifest = z.strictObject({
  apiVersion: z.literal(apiVersion).describe('Version of the format.'),
  kind: z.literal('App').describe('There is one kind.'),
  metadata: metadata.describe('Who the app is.'),
  ...layeredKeys,
  approval,
})

/** An overlay before it is made partial. */
export const layered = z.strictObject({
  metadata: z
    .strictObject({ labels: metadata.shape.labels, annotations: metadata.shape.annotations })
    .optional()
    .describe('Labels and annotations of the app.'),
  params: params.optional().describe('Other defaults for parameters.'),
  ...layeredKeys,
  approval: approval.optional(),
})

/** A manifest without its overlays. */
export const base = z.strictObject({
  apiVersion: resolvedManifest.shape.apiVersion,
  kind: resolvedManifest.shape.kind,
  metadata: resolvedManifest.shape.metadata,
  params: params.optional().describe('The only source of `${name}`. `{tag: x}` is short for `{tag: {default: x}}`.'),
  ...layeredKeys,
})

/** `environments` seen from outside: names and maps. What stands in each is walked as an overlay. */
export const environmentNames = named(name, hinted(z.record(z.string(), z.json()), { opaque: true }))

/** The file as people write it. */
export const manifest = z.strictObject({
  ...base.shape,
  environments: named(name, overlayOf(layered))
    .optional()
    .describe('Overlays, chosen with `--env`. Maps merge by key, lists are replaced, `null` deletes.'),
})

/** What an importer builds: short or long forms, as in a file. */
export type ManifestInput = z.input<typeof base> & { readonly environments?: Readonly<Record<string, unknown>> }

/** With every default filled in. */
export type CompleteManifest = z.output<typeof resolvedManifest>
