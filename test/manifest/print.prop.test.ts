import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noFiles } from '../../lib/manifest/files.ts'
import { longForm } from '../../lib/manifest/long-form.ts'
import { printManifest } from '../../lib/manifest/print.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import { manifest } from '../support/manifests.ts'

/** Without members that are undefined: YAML has no such thing. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('printing', () => {
  it('reads back as the same long form', () => {
    fc.assert(
      fc.property(manifest, fc.constantFrom('short', 'long'), (made, form) => {
        const text = printManifest(made, { form })
        const loaded = loadManifest(text, { files: noFiles })
        expect(loaded.problems, text).toEqual([])
        if (loaded.ok) expect(plain(loaded.value.manifest)).toEqual(plain(longForm(made)))
      }),
      { numRuns: 150 },
    )
  })

  it('normalises to the long form once and for all', () => {
    fc.assert(
      fc.property(manifest, (made) => {
        const long = longForm(made)
        expect(longForm(long)).toEqual(long)
      }),
    )
  })

  it('prints the short form and the long form of one manifest to texts of one meaning', () => {
    fc.assert(
      fc.property(manifest, (made) => {
        const short = loadManifest(printManifest(made), { files: noFiles })
        const long = loadManifest(printManifest(longForm(made), { form: 'long' }), { files: noFiles })
        expect([short.problems, long.problems]).toEqual([[], []])
        expect(short.ok && plain(short.value.complete)).toEqual(long.ok && plain(long.value.complete))
      }),
      { numRuns: 60 },
    )
  })
})
