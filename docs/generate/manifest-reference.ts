/** `docs/reference/manifest.md`: every key of the format, from the descriptions in the schema. */
import type * as z from 'zod'
import { peel, presenceOf, viewOf } from '../../lib/manifest/grammar/view.ts'
import { expectedOf } from '../../lib/manifest/walk/expected.ts'
import { base, layered } from '../../lib/manifest/sections/manifest.ts'

interface Row {
  readonly path: string
  readonly takes: string
  readonly standard: string
  readonly description: string
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')

function describe(schema: z.ZodType): string {
  for (const each of [schema, peel(schema)]) {
    if (each.description !== undefined) return each.description
  }
  return ''
}

function standardOf(schema: z.ZodType): string {
  const presence = presenceOf(schema)
  if (presence.kind === 'default') return `\`${String(presence.value)}\``
  return presence.kind === 'required' ? 'required' : ''
}

function rowsOf(schema: z.ZodType, path: string, seen: ReadonlySet<z.ZodType>): readonly Row[] {
  const own: Row = {
    path,
    takes: expectedOf(schema, viewOf(schema)),
    standard: standardOf(schema),
    description: describe(schema),
  }
  const inner = peel(schema)
  // Sidecars and init repeat the keys of the container they stand in.
  if (seen.has(inner)) return [own]
  const below = new Set([...seen, inner])
  const view = viewOf(schema)
  const entries = view.record === undefined ? [] : rowsOf(view.record.value, `${path}.*`, below)
  // A name is nobody's duty, and an entry that is only a map says nothing its keys do not say.
  const record = entries
    .map((row) => (row.path === `${path}.*` ? { ...row, standard: '' } : row))
    .filter((row) => row.path !== `${path}.*` || row.description !== '' || row.takes !== 'a map')
  const fields = view.objects.flatMap((object) =>
    [...object.fields].flatMap(([key, field]) => rowsOf(field, `${path}.${key}`, below)),
  )
  return [own, ...record, ...unique(fields)]
}

/** Several kinds share keys; each is listed once. */
function unique(rows: readonly Row[]): readonly Row[] {
  const seen = new Set<string>()
  return rows.filter((row) => {
    if (seen.has(row.path)) return false
    seen.add(row.path)
    return true
  })
}

const repeats = /^(?:services|jobs)\.\*\.(?:sidecars|init)\.\*\.(?!essential|startBefore)/

function section(key: string, schema: z.ZodType): string {
  const rows = rowsOf(schema, key, new Set()).filter((row) => !repeats.test(row.path))
  const body = rows.map(
    (row) => `| \`${row.path}\` | ${cell(row.takes)} | ${cell(row.standard)} | ${cell(row.description)} |`,
  )
  return [`## ${key}`, '', '| key | takes | default | meaning |', '| --- | --- | --- | --- |', ...body, ''].join('\n')
}

export function manifestReference(): string {
  return [
    '# The manifest, key by key',
    '',
    'Generated from the schema in `lib/manifest/sections/` by `node docs/generate/manifest.ts`. `*` stands for a name. What a',
    'short form stands for is shown by `escale validate -o yaml`. Keys that begin with `x-` are free everywhere.',
    '',
    ...Object.entries(base.shape).map(([key, schema]) => section(key, schema as z.ZodType)),
    '## environments',
    '',
    'Overlays by name, chosen with `--env`. An overlay may hold these sections, and in them any part of what is listed above:',
    '',
    `${Object.keys(layered.shape)
      .map((key) => `\`${key}\``)
      .join(', ')}.`,
    '',
    'Short forms are expanded first; maps merge by key; lists are replaced whole; `null` deletes; an entry of another kind',
    '(text, `secret` or `config` in `env`; kinds of mount, secret, file and check; `image` and `build`) takes the place of what was',
    'there. `approval: required` makes deployments to the environment wait for somebody.',
    '',
  ].join('\n')
}
