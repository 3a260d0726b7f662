import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generatedManifestFiles } from '../../docs/generate/manifest-files.ts'
import { fieldPatterns } from '../../lib/model/fields.ts'
import { leafPatterns } from '../../lib/manifest/patterns.ts'
import { manifestJsonSchema } from '../../lib/manifest/schema.ts'
import { manifest, resolvedManifest } from '../../lib/manifest/sections/manifest.ts'
import { wholeShape } from './whole-shape.ts'
import { resolved } from './load.ts'

describe('what is generated from the schema', () => {
  it.each(generatedManifestFiles())('is committed as it is: $path', ({ path, text }) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(text)
  })

  it('has a pattern for each leaf and no other', () => {
    const wanted = leafPatterns(resolvedManifest).filter((pattern) => pattern !== 'apiVersion' && pattern !== 'kind')
    expect([...fieldPatterns].sort()).toEqual([...wanted].sort())
  })

  it('describes every key of the format', () => {
    const reference = readFileSync(new URL('../../docs/reference/manifest.md', import.meta.url), 'utf8')
    const missing = reference
      .split('\n')
      .filter((line) => line.startsWith('| `') && / \|\s*\|$/.test(line) && !line.includes('.*` |'))
    expect(missing).toEqual([])
  })
})

describe('the JSON Schema', () => {
  it('is of 2020-12 and closed to unknown keys', () => {
    const schema = manifestJsonSchema()
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(schema['additionalProperties']).toBe(false)
    expect(schema['required']).toEqual(['apiVersion', 'kind', 'metadata'])
  })

  it('comes from a schema that takes the long form as it takes the short one', () => {
    const { manifest: long } = resolved(wholeShape)
    expect(manifest.safeParse(long).error?.issues ?? []).toEqual([])
  })
})

describe('what the walk lets through', () => {
  it('is what zod itself takes for a complete manifest', () => {
    const { complete } = resolved(wholeShape)
    expect(resolvedManifest.parse(complete)).toEqual(complete)
  })
})
