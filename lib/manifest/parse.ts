/** `escale/v1` text to a checked tree, with every problem that can be told without values for its parameters. */
import type * as z from 'zod'
import { outcome } from '../core/problems.ts'
import type { Outcome } from '../core/problems.ts'
import type { View } from './grammar/view.ts'
import { base as baseSchema, environmentNames, layered } from './sections/manifest.ts'
import { readYaml } from './text/read.ts'
import { standardLimits } from './text/limits.ts'
import type { Limits } from './text/limits.ts'
import type { Locate, Reporter } from './text/reporter.ts'
import { emptyMap } from './text/tree.ts'
import type { MapNode, Node } from './text/tree.ts'
import { createViews } from './walk/context.ts'
import type { Walk } from './walk/context.ts'
import { below, topPlace } from './walk/place.ts'
import type { Place } from './walk/place.ts'
import { walk } from './walk/walk.ts'

export interface ParseOptions {
  /** Name of the file, for positions. */
  readonly file?: string
  readonly limits?: Limits
}

/** A manifest as it was written. Opaque to everybody but this module: resolve it. */
export interface ParsedManifest {
  readonly text: string
  readonly file?: string
  /** As read, without `environments`. */
  readonly raw: MapNode
  /** In the long form; parameters still stand in it. */
  readonly base: MapNode
  readonly environments: ReadonlyMap<string, Overlay>
  readonly locate: Locate
  readonly limits: Limits
  readonly views: (schema: z.ZodType) => View
}

export interface Overlay {
  readonly raw: MapNode
  readonly long: MapNode
  readonly keyAt: number
}

export interface Reading {
  readonly parsed?: ParsedManifest
  readonly reporter: Reporter
}

/** Reads as much as can be read; problems are with the reporter. */
export function readManifest(text: string, options: ParseOptions = {}): Reading {
  const limits = options.limits ?? standardLimits
  // Windows editors put a byte order mark in front; it belongs to no key.
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const { root, locate, reporter } = readYaml(source, options.file, limits)
  if (root === undefined || root.kind !== 'map') {
    if (reporter.problems().length === 0) {
      reporter.report({
        code: root === undefined ? 'missing-key' : 'wrong-type',
        message:
          root === undefined
            ? 'the manifest is empty'
            : 'a manifest is a map with the keys `apiVersion`, `kind`, `metadata` …',
        at: 0,
        fix: 'begin it with `apiVersion: escale/v1`',
      })
    }
    return { reporter }
  }
  const views = createViews()
  const raw: MapNode = { ...root, entries: new Map([...root.entries].filter(([key]) => key !== 'environments')) }
  const context: Walk = {
    mode: 'base',
    holes: true,
    prune: false,
    report: (finding) => reporter.report(finding),
    view: views,
  }
  const base = asMap(walk(baseSchema, raw, topPlace, 0, context), 0)
  const environments = readEnvironments(root.entries.get('environments')?.node, context)
  return { parsed: { text, file: options.file, raw, base, environments, locate, limits, views }, reporter }
}

const asMap = (node: Node | undefined, at: number): MapNode => (node?.kind === 'map' ? node : emptyMap(at))

function readEnvironments(node: Node | undefined, context: Walk): ReadonlyMap<string, Overlay> {
  const overlays = new Map<string, Overlay>()
  if (node === undefined) return overlays
  const place: Place = below(topPlace, 'environments')
  walk(environmentNames, node, place, node.at, context)
  if (node.kind !== 'map') return overlays
  for (const [name, entry] of node.entries) {
    if (name.startsWith('x-')) continue
    const raw = asMap(entry.node, entry.keyAt)
    const long = walk(layered, raw, below(place, name, '*'), entry.keyAt, { ...context, mode: 'overlay' })
    overlays.set(name, { raw, long: asMap(long, raw.at), keyAt: entry.keyAt })
  }
  return overlays
}

/** Parses a manifest. Problems of references, defaults and parameters come with `resolveManifest`. */
export function parseManifest(text: string, options: ParseOptions = {}): Outcome<ParsedManifest> {
  const { parsed, reporter } = readManifest(text, options)
  const problems = reporter.problems()
  return parsed === undefined ? { ok: false, problems } : outcome(parsed, problems)
}
