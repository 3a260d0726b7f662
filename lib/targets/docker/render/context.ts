/** What rendering passes around: the input read once, and what comes out of it bit by bit. */
import { derivedName, nameRules } from '../../../model/names.ts'
import type { NamedThing } from '../../../model/names.ts'
import { problem } from '../../../core/errors.ts'
import type { Code } from '../../../core/codes.ts'
import type { JsonObject } from '../../../core/hash.ts'
import { shortHash } from '../../../core/hash.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Resource, ResourceId } from '../../../model/resource.ts'
import type { RenderInput } from '../../target.ts'
import { readFacts } from '../facts.ts'
import type { DockerFacts } from '../facts.ts'
import { appLabels, mark, passingMarks, projectLabels } from '../labels.ts'
import type { Owner } from '../labels.ts'
import type { Labels } from '../engine/types/common.ts'

export interface RenderContext {
  readonly input: RenderInput
  readonly facts: DockerFacts
  readonly owner: Owner
  readonly resources: Map<ResourceId, Resource>
  readonly problems: Problem[]
}

export function renderContext(input: RenderInput): RenderContext {
  return {
    input,
    facts: readFacts(input.capabilities),
    owner: { site: input.site, key: input.release.key },
    resources: new Map(),
    problems: [],
  }
}

export function complain(context: RenderContext, code: Code, path: string, message: string, fix?: string): void {
  context.problems.push(problem(code, message, { path, ...(fix === undefined ? {} : { fix }) }))
}

/** The name of one of the app's own objects; an adopted thing keeps the one it has (ruling A8). */
export function nameOf(context: RenderContext, id: ResourceId, thing: NamedThing): string {
  const adopted = context.input.identity[id]
  return adopted?.name ?? derivedName(context.input.site, context.input.release.key, thing, nameRules.swarm)
}

export interface Draft {
  readonly id: ResourceId
  readonly kind: string
  readonly name: string
  readonly unit?: string
  /** Native body without marks. */
  readonly body: JsonObject
  readonly labels?: Labels
  /** What the intent counts instead of the body, where parts of it are not ours to decide. */
  readonly intentOf?: JsonObject
  readonly template?: string
  readonly needs?: readonly ResourceId[]
  readonly needsReady?: readonly ResourceId[]
  readonly causes?: Readonly<Record<string, string>>
  readonly holdsData?: boolean
  readonly shared?: 'project'
  /** The engine cannot change its labels: what passes is not written on it. */
  readonly immutable?: boolean
}

/** Puts the marks on a draft and hands it out; the same id twice is the same thing. */
export function add(context: RenderContext, draft: Draft): Resource {
  const known = context.resources.get(draft.id)
  if (known !== undefined) return known
  const resource = finish(context, draft)
  context.resources.set(resource.id, resource)
  return resource
}

export function finish(context: RenderContext, draft: Draft): Resource {
  const { owner, input } = context
  const labels: Labels = {
    ...draft.labels,
    ...(draft.shared === 'project' ? projectLabels(owner) : appLabels(owner)),
    [mark.resource]: draft.id,
    ...(draft.unit === undefined ? {} : { [mark.unit]: draft.unit }),
  }
  const intent = shortHash({ body: draft.intentOf ?? draft.body, labels }, 20)
  const passing: Labels =
    draft.immutable === true ? {} : { [mark.release]: String(input.release.number), [mark.intent]: intent }
  return {
    id: draft.id,
    kind: draft.kind,
    name: draft.name,
    ...(draft.unit === undefined ? {} : { unit: draft.unit }),
    body: { Name: draft.name, ...draft.body, Labels: { ...labels, ...passing } },
    intent,
    ...(draft.template === undefined ? {} : { template: draft.template }),
    needs: draft.needs ?? [],
    ...(draft.needsReady === undefined || draft.needsReady.length === 0 ? {} : { needsReady: draft.needsReady }),
    causes: draft.causes ?? {},
    holdsData: draft.holdsData ?? false,
  }
}

export const isPassing = (label: string): boolean => passingMarks.has(label)
