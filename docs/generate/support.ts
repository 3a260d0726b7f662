/**
 * The support matrix: what each target's ledger answers for each field, over a fixed set of generated
 * manifests (and so over the values a field can have). Never written by hand.
 */
import fc from 'fast-check'
import type { Disposition, LedgerRow } from '../../lib/model/ledger.ts'
import { type FieldPattern, fieldPatterns } from '../../lib/model/fields.ts'
import { freshRuntime, type Release } from '../../lib/model/release.ts'
import type { Sidecar } from '../../lib/model/unit.ts'
import { dispositions } from '../../lib/model/ledger.ts'
import { noFiles } from '../../lib/manifest/files.ts'
import { lowerManifest } from '../../lib/manifest/lower.ts'
import { printManifest } from '../../lib/manifest/print.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import { adapt } from '../../lib/targets/docker/adapt.ts'
import { ledger as dockerLedger } from '../../lib/targets/docker/ledger/ledger.ts'
import { renderMemory } from '../../lib/targets/memory/render.ts'
import { manifest } from '../../test/support/manifests.ts'
import { input as dockerInput, web } from '../../test/docker/support.ts'
import { container, job, spec } from '../../test/support/specs.ts'

const samples = 400
const seed = 1

interface Cell {
  readonly dispositions: Set<Disposition>
  readonly notes: Set<string>
}

type Column = Map<FieldPattern, Cell>

function note(column: Column, pattern: FieldPattern, row: LedgerRow): void {
  const cell = column.get(pattern) ?? { dispositions: new Set(), notes: new Set() }
  column.set(pattern, cell)
  if (row.disposition !== 'defaulted') cell.dispositions.add(row.disposition)
  const worth = row.disposition !== 'exact' && row.disposition !== 'defaulted'
  if (worth && row.note !== undefined && !/["0-9]/.test(row.note)) cell.notes.add(row.note)
}

function columns(): Readonly<Record<string, Column>> {
  const docker: Column = new Map()
  const memory: Column = new Map()
  for (const sample of fc.sample(manifest, { seed, numRuns: samples })) {
    const resolved = loadManifest(printManifest(sample), { files: noFiles })
    if (!resolved.ok) continue
    const spec = lowerManifest(resolved.value)
    const { leaves } = resolved.value
    const patterns = new Map(leaves.map((leaf) => [leaf.path.join('\u0000'), leaf.pattern]))
    const byIndex = (rows: readonly LedgerRow[], column: Column): void => {
      for (const [index, leaf] of leaves.entries()) {
        const row = rows[index]
        if (row !== undefined) note(column, patterns.get(leaf.path.join('\u0000'))!, row)
      }
    }
    byIndex(dockerLedger(dockerInput(adapt(spec), { leaves })).rows, docker)
    const release: Release = {
      id: 'rel',
      number: 1,
      key: { project: 'default', app: spec.name, environment: 'default' },
      cluster: 'local',
      spec,
      manifest: '',
      leaves,
      secretVersions: {},
      author: 'docs',
      createdAtMs: 0,
      hash: '',
    }
    const rendered = renderMemory({
      site: { installId: 'docs', cluster: 'local' },
      release,
      runtime: freshRuntime,
      capabilities: { target: 'memory', facts: {} },
      identity: {},
      grants: [],
      keyedHash: () => '',
    })
    byIndex(rendered.ledger, memory)
  }
  for (const pattern of fieldPatterns) fillPlain(pattern, docker, memory)
  return { docker, memory }
}

const names: Readonly<Record<string, string>> = {
  services: 'web',
  jobs: 'task',
  sidecars: 'proxy',
  init: 'assets',
  volumes: 'data',
}

const piece = (of: string, name: string, kind: string): Sidecar => ({
  ...container({ name, from: `${of}.${kind}.${name}` }),
  essential: true,
  startBefore: true,
})

const whole = {
  sidecars: [piece('services.web', 'proxy', 'sidecars')],
  init: [piece('services.web', 'assets', 'init')],
  allow: { sidecars: 'approximated' },
}

const plainApp = spec([web({}, whole), job('task', whole)], {
  volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }],
})

/** A field that no sample had is asked about with a plain value. */
function fillPlain(pattern: FieldPattern, docker: Column, memory: Column): void {
  if (docker.has(pattern)) return
  const parts = pattern.split('.')
  const path = parts.map((part, index) => (part === '*' ? (names[parts[index - 1] ?? ''] ?? 'thing') : part))
  const leaves = [{ path, pattern, value: 'x', written: true }]
  const [row] = dockerLedger(dockerInput(adapt(plainApp), { leaves })).rows
  if (row !== undefined) note(docker, pattern, row)
  memory.set(pattern, { dispositions: new Set(['exact']), notes: new Set() })
}

const printed = (cell: Cell | undefined): string =>
  cell === undefined ? '' : dispositions.filter((one) => cell.dispositions.has(one)).join(', ')

export function supportMatrix(): string {
  const { docker, memory } = columns()
  const rows = fieldPatterns.map((pattern) => {
    const notes = [...(docker!.get(pattern)?.notes ?? [])].sort().slice(0, 2).join('; ')
    return `| \`${pattern}\` | ${printed(docker!.get(pattern))} | ${printed(memory!.get(pattern))} | ${notes.replaceAll('|', '\\|')} |`
  })
  return [
    '# Support matrix',
    '',
    `What the translation ledger of each target answers for each field. Generated by \`npm run generate\` from ${samples} generated manifests, and a plain value for fields they lack:`,
    'several words in a cell mean that it depends on the value or on what stands beside it.',
    'The docker column is that of an engine without IPVS. `escale plan -o json` shows the rows of your own manifest.',
    '',
    '| field | docker | memory | on docker |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
