/** Writes what is generated from the manifest's schema: `node docs/generate/manifest.ts [--check]`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { generatedManifestFiles } from './manifest-files.ts'

const root = new URL('../../', import.meta.url)
const check = process.argv.includes('--check')

for (const file of generatedManifestFiles()) {
  const url = new URL(file.path, root)
  if (!check) writeFileSync(url, file.text)
  else if (readFileSync(url, 'utf8') !== file.text) {
    process.stderr.write(`${file.path} is not what the schema says; run node docs/generate/manifest.ts\n`)
    process.exitCode = 1
  }
}
