import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { generatedFiles } from '../../docs/generate/files.ts'

const root = resolve(import.meta.dirname, '../..')

it.each(await generatedFiles())('$path is what its source says', ({ path, text }) => {
  expect(readFileSync(resolve(root, path), 'utf8')).toBe(text)
})
