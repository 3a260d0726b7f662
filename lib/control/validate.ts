/** Checks a manifest: its problems, its long form, its ledger. */
import type { ManifestRequest } from './candidate.ts'
import type { Deps } from './deps.ts'
import { loadManifest } from '../manifest/resolve.ts'
import { memoryReader } from '../manifest/files.ts'

export async function validateManifest(_deps: Deps, request: ManifestRequest) {
  const r = loadManifest(request.manifest, { params: request.params, files: memoryReader(request.files) })
  return { problems: r.problems, ledger: [] }
}
