/** The files that are generated from the manifest's schema, as text. */
import { manifestJsonSchema } from '../../lib/manifest/schema.ts'
import { fieldsModule } from './fields.ts'
import { manifestReference } from './manifest-reference.ts'

export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export const generatedManifestFiles = (): readonly GeneratedFile[] => [
  { path: 'lib/model/fields.ts', text: fieldsModule() },
  { path: 'docs/reference/manifest.md', text: manifestReference() },
  { path: 'docs/reference/escale-v1.schema.json', text: `${JSON.stringify(manifestJsonSchema(), null, 2)}\n` },
]
