/** One row for every leaf of the resolved manifest (DESIGN §7); what is refused is a problem as well. */
import { problem } from '../../../core/errors.ts'
import { stableStringify } from '../../../core/hash.ts'
import { formatPath } from '../../../core/problems.ts'
import type { Problem } from '../../../core/problems.ts'
import { isTellingName, masked, secretShape } from '../../../core/secrecy.ts'
import type { LedgerRow } from '../../../model/ledger.ts'
import type { Leaf } from '../../../model/leaf.ts'
import type { AppSpec, Container, Unit } from '../../../model/unit.ts'
import { readFacts } from '../facts.ts'
import type { RenderInput } from '../../target.ts'
import { appRules } from './app.ts'
import { containerRules } from './container.ts'
import { refused } from './rule.ts'
import type { Scene, Verdict } from './rule.ts'
import { serviceRules } from './service.ts'
import { jobRules, sidecarRules, workloadRules } from './workload.ts'

export interface Ledger {
  readonly rows: readonly LedgerRow[]
  readonly problems: readonly Problem[]
}

export function ledger({ release, capabilities }: RenderInput): Ledger {
  const facts = readFacts(capabilities)
  const rows: LedgerRow[] = []
  const problems: Problem[] = []
  for (const leaf of release.leaves) {
    const verdict = softened(leaf, judge({ leaf, facts, spec: release.spec }))
    const row = rowOf(leaf, verdict)
    rows.push(row)
    if (verdict.disposition === 'refused') problems.push(refusal(leaf, row, verdict))
  }
  return { rows, problems }
}

/** What nobody wrote is a default, however the target gives it; only a refusal stays one. */
const softened = (leaf: Leaf, verdict: Verdict): Verdict =>
  leaf.written || verdict.disposition === 'refused' ? verdict : { ...verdict, disposition: 'defaulted' }

function rowOf(leaf: Leaf, { disposition, native, delta, code, note }: Verdict): LedgerRow {
  return {
    path: formatPath(leaf.path),
    ...(leaf.source === undefined ? {} : { source: leaf.source }),
    value: shownValue(leaf),
    target: 'docker',
    disposition,
    native,
    ...(delta === undefined ? {} : { delta }),
    ...(code === undefined ? {} : { code }),
    ...(note === undefined ? {} : { note }),
  }
}

/** Masked where the value, or the name it stands under, looks secret. */
function shownValue({ path, value }: Leaf): string {
  const text = typeof value === 'string' ? value : stableStringify(value)
  const literal =
    path.at(-1) === 'text' || path.at(-1) === 'content' || path.at(-1) === 'base64' || path.includes('args')
  const name = path.at(-1) === 'text' || path.at(-1) === 'content' ? path.at(-2) : path.at(-1)
  if (secretShape(text) !== undefined || (literal && isTellingName(name ?? ''))) return masked
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function refusal(leaf: Leaf, row: LedgerRow, { note, fix }: Verdict): Problem {
  return problem('backend-cannot', note ?? 'the target cannot do it', {
    path: row.path,
    value: row.value,
    ...(leaf.source === undefined ? {} : { source: leaf.source }),
    ...(fix === undefined ? {} : { fix }),
  })
}

const unknown = (leaf: Leaf): Verdict =>
  refused(`nothing is known of "${leaf.pattern}"`, 'report it: this is a fault of Escale')

/** Finds the rule by the leaf's place; the tables are total over their places' fields. */
function judge(scene: Scene): Verdict {
  const { leaf, spec } = scene
  const [collection, name = '', inner, innerName = ''] = leaf.path
  const pattern: string = leaf.pattern
  if (collection !== 'services' && collection !== 'jobs') return lookUp(appRules, pattern)?.(scene) ?? unknown(leaf)
  const rest = pattern.split('.').slice(2).join('.')
  const kind = collection === 'services' ? 'service' : 'job'
  if ((inner === 'sidecars' || inner === 'init') && pattern.startsWith(`${collection}.*.${inner}.*.`))
    return judgePiece(scene, rest.split('.').slice(2).join('.'), `${name}-${innerName}`, name)
  const unit = spec.units.find((candidate) => candidate.name === name && candidate.kind === kind)
  if (unit === undefined) return unknown(leaf)
  const object = unit.kind === 'service' ? `service/${name}` : `run/${name}`
  const base = { ...scene, unit, object, container: unit.main }
  const verdict =
    lookUp(containerRules, rest)?.(base) ??
    lookUp(workloadRules, rest)?.(base) ??
    (unit.kind === 'service'
      ? lookUp(serviceRules, rest)?.({ ...base, unit })
      : lookUp(jobRules, rest)?.({ ...base, unit }))
  return verdict ?? unknown(leaf)
}

/** A sidecar or init: a unit of its own where that was allowed (ruling C2), else refused. */
function judgePiece(scene: Scene, field: string, pieceName: string, owner: string): Verdict {
  const { spec, leaf } = scene
  const split = findPiece(spec, pieceName)
  if (split === undefined) return notSplit(leaf, owner)
  if (field === 'mounts.*.volume' && isStateful(spec, owner))
    return refused(
      `the instances of "${owner}" have a volume each, which no other service can follow`,
      'keep the files in the main container, or use a volume of its own',
    )
  const { unit, container } = split
  const base = {
    ...scene,
    unit,
    container,
    object: unit.kind === 'service' ? `service/${unit.name}` : `run/${unit.name}`,
  }
  const verdict = lookUp(containerRules, field)?.(base) ?? lookUp(sidecarRules, field)?.(base)
  if (verdict === undefined) return unknown(leaf)
  if (verdict.disposition !== 'exact' && verdict.disposition !== 'equivalent') return verdict
  const delta =
    unit.kind === 'service'
      ? 'beside the main container → a service on the same network'
      : 'before each instance → a job once a release'
  return { ...verdict, disposition: 'approximated', delta, note: verdict.note ?? 'by its name, not by localhost' }
}

function notSplit({ path }: Leaf, owner: string): Verdict {
  if (path[0] === 'jobs' && path[2] === 'sidecars')
    return refused(
      `a run of "${owner}" has no containers beside its own here`,
      'do the work in one container, or run the sidecar as a service',
    )
  return refused(
    `swarm has no containers beside the main one of "${owner}"`,
    'set `allow: {sidecars: approximated}`: a sidecar becomes a service on the same network, an init a job of the release',
  )
}

const isStateful = (spec: AppSpec, name: string): boolean =>
  spec.units.some((unit) => unit.name === name && unit.kind === 'service' && unit.mode === 'stateful')

function findPiece(spec: AppSpec, name: string): { readonly unit: Unit; readonly container: Container } | undefined {
  const unit = spec.units.find((candidate) => candidate.name === name)
  return unit === undefined ? undefined : { unit, container: unit.main }
}

function lookUp<R>(table: Readonly<Record<string, R>>, field: string): R | undefined {
  return Object.hasOwn(table, field) ? table[field] : undefined
}
