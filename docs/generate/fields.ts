/** `lib/model/fields.ts`: the patterns of every leaf, in groups, so that a target's table can be total over them. */
import * as z from 'zod'
import { leafPatterns } from '../../lib/manifest/patterns.ts'
import { containerKeys, portlessKeys } from '../../lib/manifest/sections/container.ts'
import { resolvedManifest } from '../../lib/manifest/sections/manifest.ts'

const width = 120

/** One line where it fits, as the formatter would have it. */
function constant(name: string, doc: string, items: readonly string[]): string {
  const quoted = items.map((item) => `'${item}'`)
  const line = `export const ${name} = [${quoted.join(', ')}] as const`
  const text =
    line.length <= width
      ? line
      : `export const ${name} = [\n${quoted.map((item) => `  ${item},`).join('\n')}\n] as const`
  return `/** ${doc} */\n${text}`
}

const below = (patterns: readonly string[], prefix: string): readonly string[] =>
  patterns.filter((pattern) => pattern.startsWith(prefix)).map((pattern) => pattern.slice(prefix.length))

export function fieldsModule(): string {
  // `apiVersion` and `kind` say how the file is read, not what runs.
  const { apiVersion: _version, kind: _kind, ...rest } = resolvedManifest.shape
  const all = leafPatterns(z.strictObject(rest))
  const container = leafPatterns(z.strictObject(containerKeys))
  const portless = leafPatterns(z.strictObject(portlessKeys))
  const isNested = (pattern: string): boolean => /^(?:sidecars|init)\.\*\./.test(pattern)
  const service = below(all, 'services.*.').filter((pattern) => !isNested(pattern) && !container.includes(pattern))
  const job = below(all, 'jobs.*.').filter((pattern) => !isNested(pattern) && !portless.includes(pattern))
  const workload = service.filter((pattern) => job.includes(pattern))
  const sidecar = below(all, 'services.*.sidecars.*.').filter((pattern) => !container.includes(pattern))
  const app = all.filter((pattern) => !pattern.startsWith('services.') && !pattern.startsWith('jobs.'))
  return `${[
    `/**
 * Patterns of every leaf a resolved manifest can have. Generated from the schema by
 * \`node docs/generate/manifest.ts\`; a test compares. A name stands as \`*\`; a list is one leaf, and so is each
 * native fragment of \`override\`. \`apiVersion\`, \`kind\`, \`params\` and \`environments\` say how the file is read, not
 * what runs, and have none.
 */`,
    constant('appFields', 'Leaves outside services and jobs.', app),
    constant('containerFields', 'Leaves of a container, from its place on: `env.*.text`.', container),
    constant('sidecarFields', 'What a sidecar has beside them.', sidecar),
    constant('workloadFields', 'What services and jobs share beside the container.', workload),
    constant(
      'serviceFields',
      'What only services have, from `services.*.` on.',
      service.filter((pattern) => !workload.includes(pattern)),
    ),
    constant(
      'jobFields',
      'What only jobs have, from `jobs.*.` on.',
      job.filter((pattern) => !workload.includes(pattern)),
    ),
    `export type AppField = (typeof appFields)[number]
export type ContainerField = (typeof containerFields)[number]
/** The main container of a job listens on nothing. */
export type PortlessField = Exclude<ContainerField, \`ports.\${string}\`>
export type SidecarField = (typeof sidecarFields)[number]
export type WorkloadField = (typeof workloadFields)[number]
export type ServiceField = (typeof serviceFields)[number]
export type JobField = (typeof jobFields)[number]

type Workload = 'services.*' | 'jobs.*'

/** Pattern of a leaf of the resolved manifest. */
export type FieldPattern =
  | AppField
  | \`services.*.\${ContainerField | WorkloadField | ServiceField}\`
  | \`jobs.*.\${PortlessField | WorkloadField | JobField}\`
  | \`\${Workload}.sidecars.*.\${ContainerField | SidecarField}\`
  | \`\${Workload}.init.*.\${ContainerField}\`

const isPortless = (field: ContainerField): field is PortlessField => !field.startsWith('ports.')

const below = <Place extends string, Field extends string>(
  place: Place,
  fields: readonly Field[],
): readonly \`\${Place}.\${Field}\`[] => fields.map((field) => \`\${place}.\${field}\` as const)

/** All of them. */
export const fieldPatterns: readonly FieldPattern[] = [
  ...appFields,
  ...below('services.*', [...containerFields, ...workloadFields, ...serviceFields]),
  ...below('jobs.*', [...containerFields.filter(isPortless), ...workloadFields, ...jobFields]),
  ...(['services.*', 'jobs.*'] as const).flatMap((workload) => [
    ...below(\`\${workload}.sidecars.*\`, [...containerFields, ...sidecarFields]),
    ...below(\`\${workload}.init.*\`, containerFields),
  ]),
]
`,
  ].join('\n\n')}`
}
