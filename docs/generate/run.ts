/** Writes every generated file: `npm run generate`; with `--check` says which are not what their source says. */
import { readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from './files.ts'

const root = new URL('../../', import.meta.url)
const check = process.argv.includes('--check')

for (const file of await generatedFiles()) {
  const url = new URL(file.path, root)
  if (!check) writeFileSync(url, file.text)
  else if (readFileSync(url, 'utf8') !== file.text) {
    process.stderr.write(`${file.path} is not what its source says; run npm run generate\n`)
    process.exitCode = 1
  }
}
