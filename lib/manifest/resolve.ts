/** A parsed manifest, an environment and parameters to what runs: long form, defaults, leaves, and every problem left. */
import { outcome } from '../core/problems.ts'
import type { Outcome, Problem } from '../core/problems.ts'
import type { FieldPattern } from '../model/fields.ts'
import type { Leaf } from '../model/leaf.ts'
import type { CheckInput, Report } from './checks/input.ts'
import { runChecks } from './checks/run.ts'
import type { FileReader } from './files.ts'
import { expandFrom } from './from-service.ts'
import { relevantLeaves } from './leaves.ts'
import { loadFiles } from './load-files.ts'
import type { LoadedConfigs } from './load-files.ts'
import { merge } from './merge.ts'
import type { MergeOptions } from './merge.ts'
import { paramValues } from './params/values.ts'
import { substitute } from './params/substitute.ts'
import type { Substitution } from './params/substitute.ts'
import { readManifest } from './parse.ts'
import type { Overlay, ParsedManifest, ParseOptions } from './parse.ts'
import { base as baseSchema, layered, resolvedManifest } from './sections/manifest.ts'
import type { CompleteManifest, ManifestInput } from './sections/manifest.ts'
import { createReporter } from './text/reporter.ts'
import type { Reporter } from './text/reporter.ts'
import { emptyMap, nodeAt, nowhere, offsetOf, plainOf } from './text/tree.ts'
import type { MapNode, Node } from './text/tree.ts'
import type { Walk } from './walk/context.ts'
import { below, pathOf, patternOf, topPlace } from './walk/place.ts'
import type { Place } from './walk/place.ts'
import { suggest } from './walk/suggest.ts'
import { walk } from './walk/walk.ts'

export interface ResolveOptions {
  /** One of `environments`; absent: the manifest without an overlay. */
  readonly environment?: string
  /** Values of parameters by name. */
  readonly params?: Readonly<Record<string, string>>
  readonly files: FileReader
}

export interface ResolvedManifest {
  /** The long form, as written: no defaults. What `escale validate -o yaml` prints. */
  readonly manifest: ManifestInput
  /** With every default filled in: what is lowered. */
  readonly complete: CompleteManifest
  readonly leaves: readonly Leaf[]
  readonly configs: LoadedConfigs
  /** As chosen; absent where none was. */
  readonly environment?: string
  readonly cluster?: string
  readonly project?: string
  /** The text it came from. */
  readonly text: string
}

export interface Resolution {
  readonly resolved?: ResolvedManifest
  readonly problems: readonly Problem[]
}

/** Resolves a manifest that parsed without errors. */
export function resolveManifest(parsed: ParsedManifest, options: ResolveOptions): Outcome<ResolvedManifest> {
  const reporter = createReporter(parsed.locate, parsed.limits.maxProblems)
  const resolved = resolveWith(parsed, options, reporter)
  return outcome(resolved, reporter.problems())
}

/** Parses and resolves in one go, with the problems of both at once: what `validate` and `deploy` use. */
export function loadManifest(text: string, options: ParseOptions & ResolveOptions): Outcome<ResolvedManifest> {
  const { parsed, reporter } = readManifest(text, options)
  if (parsed === undefined) return { ok: false, problems: reporter.problems() }
  const resolved = resolveWith(parsed, options, reporter)
  return outcome(resolved, reporter.problems())
}

function resolveWith(parsed: ParsedManifest, options: ResolveOptions, reporter: Reporter): ResolvedManifest {
  const { views } = parsed
  const overlay = chooseOverlay(parsed, options.environment, reporter)
  const mergeOptions: MergeOptions = {
    views,
    nothingDeleted: (path, at) =>
      reporter.report({
        code: 'unknown-reference',
        message: `\`${path.at(-1) ?? ''}\` is deleted here and does not exist`,
        path: ['environments', options.environment ?? '', ...path],
        at,
        fix: 'check the name, or remove the line',
      }),
  }
  const substitution = prepareParams(parsed, overlay, options, reporter)
  const longBase = withParams(parsed.raw, parsed.base, substitution, (raw) =>
    walk(baseSchema, raw, topPlace, 0, walkContext(parsed, reporter, 'base')),
  )
  const environmentPlace = below(below(topPlace, 'environments'), options.environment ?? '', '*')
  const longOverlay =
    overlay === undefined
      ? undefined
      : withParams(overlay.raw, overlay.long, substitution, (raw) =>
          walk(layered, raw, environmentPlace, overlay.keyAt, walkContext(parsed, reporter, 'overlay')),
        )
  const merged = longOverlay === undefined ? longBase : asMap(merge(layered, longBase, longOverlay, mergeOptions))
  const long = without(merged, 'params')
  return finish(parsed, expandFrom(long, mergeOptions), long, addedBy(longOverlay, longBase), options, reporter)
}

const walkContext = (parsed: ParsedManifest, reporter: Reporter, mode: 'base' | 'overlay'): Walk => ({
  mode,
  holes: false,
  prune: false,
  report: (finding) => reporter.report(finding),
  view: parsed.views,
})

const asMap = (node: Node | undefined): MapNode => (node?.kind === 'map' ? node : emptyMap(0))

const without = (node: MapNode, key: string): MapNode => ({
  ...node,
  entries: new Map([...node.entries].filter(([each]) => each !== key)),
})

function chooseOverlay(
  parsed: ParsedManifest,
  environment: string | undefined,
  reporter: Reporter,
): Overlay | undefined {
  if (environment === undefined) return undefined
  const overlay = parsed.environments.get(environment)
  if (overlay !== undefined) return overlay
  const known = [...parsed.environments.keys()]
  const meant = suggest(environment, known)
  reporter.report({
    code: 'unknown-environment',
    message: `the manifest defines no environment \`${environment}\``,
    path: ['environments'],
    at: nowhere,
    value: environment,
    allowed: known,
    fix: meant === undefined ? 'name one of those it defines, or none' : `did you mean \`${meant}\`?`,
  })
  return undefined
}

function prepareParams(
  parsed: ParsedManifest,
  overlay: Overlay | undefined,
  options: ResolveOptions,
  reporter: Reporter,
): Substitution {
  const paramsSchema = layered.shape.params
  const own = nodeAt(parsed.base, ['params'])
  const laid = nodeAt(overlay?.long, ['params'])
  const params = laid === undefined ? own : merge(paramsSchema, own, laid, { views: parsed.views })
  return { ...paramValues(params, options.params ?? {}, reporter), reporter }
}

/** The long form with parameters replaced; what was parsed already is used again where there were none. */
function withParams(
  raw: MapNode,
  long: MapNode,
  substitution: Substitution,
  rewalk: (raw: MapNode) => Node | undefined,
): MapNode {
  const replaced = substitute(raw, substitution)
  return replaced === raw ? long : asMap(rewalk(replaced))
}

/** Services and jobs that only the overlay brings. */
function addedBy(overlay: MapNode | undefined, base: MapNode): ReadonlySet<string> {
  const added = new Set<string>()
  for (const section of ['services', 'jobs']) {
    const existing = nodeAt(base, [section])
    const above = nodeAt(overlay, [section])
    if (above?.kind !== 'map') continue
    for (const name of above.entries.keys()) {
      if (existing?.kind !== 'map' || !existing.entries.has(name)) added.add(`${section}.${name}`)
    }
  }
  return added
}

function finish(
  parsed: ParsedManifest,
  expanded: MapNode,
  written: MapNode,
  added: ReadonlySet<string>,
  options: ResolveOptions,
  reporter: Reporter,
): ResolvedManifest {
  const leaves: Leaf[] = []
  const addLeaf = (place: Place, value: unknown, at: number, isWritten: boolean): void => {
    const path = pathOf(place)
    // What says how the file is read is no leaf of what runs.
    if (path[0] === 'apiVersion' || path[0] === 'kind') return
    leaves.push({
      path,
      pattern: patternOf(place) as FieldPattern,
      value,
      written: isWritten,
      source: parsed.locate(at),
    })
  }
  const walked = walk(resolvedManifest, expanded, topPlace, 0, {
    mode: 'complete',
    holes: false,
    prune: true,
    report: (finding) => reporter.report(finding),
    view: parsed.views,
    leaf: (place, node) => addLeaf(place, plainOf(node), node.at, node.filled !== true),
    opaqueLeaf: (place, value, at) => addLeaf(place, value, at, true),
  })
  const tree = asMap(walked)
  // The walk has made it what the schema's output type says, or reported why not; checks bear what is missing.
  const complete = plainOf(tree) as CompleteManifest
  const report: Report = (path, code, message, rest = {}) => {
    const { part = 'value', ...finding } = rest
    reporter.report({ ...finding, code, message, path, at: offsetOf(tree, path, part) })
  }
  const configs = loadFiles(complete, options.files, report)
  const input: CheckInput = { manifest: complete, added, written: (path) => nodeAt(expanded, path), report }
  runChecks(input, configs)
  return {
    manifest: plainOf(written) as ManifestInput,
    complete,
    leaves: relevantLeaves(leaves, complete),
    configs,
    environment: options.environment,
    cluster: complete.cluster,
    project: complete.metadata?.project,
    text: parsed.text,
  }
}
