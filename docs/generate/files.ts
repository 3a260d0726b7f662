/** Everything under `docs/reference` (and in `lib`) that is made from a source of truth. */
import { cliReference } from './cli.ts'
import { errorReference } from './errors.ts'
import { eventReference } from './events.ts'
import { type GeneratedFile, generatedManifestFiles } from './manifest-files.ts'
import { openApiReference } from './openapi.ts'
import { supportMatrix } from './support.ts'

export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  return [
    ...generatedManifestFiles(),
    { path: 'docs/reference/cli.md', text: cliReference() },
    { path: 'docs/reference/errors.md', text: errorReference() },
    { path: 'docs/reference/events.md', text: eventReference() },
    { path: 'docs/reference/openapi.json', text: openApiReference() },
    { path: 'docs/reference/support.md', text: supportMatrix() },
  ]
}
