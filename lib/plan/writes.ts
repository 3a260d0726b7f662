/** Decides whether one resource needs a write, which, and why. */
import { problem } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import type { ObservedResource } from '../model/observed.ts'
import { type Difference, type Resource, resourceLabel } from '../model/resource.ts'
import { writeId } from './ids.ts'
import type { PlanContext } from './context.ts'
import type { WriteAction, WriteStep } from './step.ts'

type Refused = { readonly kind: 'refused'; readonly problem: Problem }

export function writeFor(
  resource: Resource,
  observed: ObservedResource | undefined,
  context: PlanContext,
): WriteStep | Refused | undefined {
  const { identity, kinds, progress } = context.input
  const rules = kinds[resource.kind]
  if (rules === undefined) throw new Error(`no rules for resources of kind ${resource.kind}`)
  const entry = identity[resource.id]

  if (observed === undefined) {
    const wasThere = entry?.nativeId !== undefined && progress.direction === 'forward'
    return step(resource, 'create', wasThere ? 'drift' : 'new', [], rules.runs, progress.direction)
  }

  const intent = observed.intent ?? entry?.intent
  const differences = rules.differences(resource, observed.actual).map((difference) => withCause(resource, difference))
  const meant = intent !== resource.intent
  if (!meant && differences.length === 0) return undefined

  const refused = differences.find((difference) => difference.mode === 'refuse')
  if (refused !== undefined) {
    return { kind: 'refused', problem: cannotChange(resource, refused.path, refused.cause) }
  }
  const action: WriteAction = differences.some((difference) => replaces(difference)) ? 'replace' : 'update'
  const restarts = rules.runs && differences.some((difference) => difference.mode !== 'inPlace')
  return step(resource, action, meant ? because(differences) : 'drift', differences, restarts, progress.direction)
}

const replaces = (difference: Difference): boolean =>
  difference.mode === 'replace' || difference.mode === 'orphanReplace' || difference.mode === 'newName'

/** The longest manifest path known for a prefix of the native leaf. */
function withCause(resource: Resource, difference: Difference): Difference {
  if (difference.cause !== undefined) return difference
  let path = difference.path
  for (;;) {
    const cause = resource.causes[path]
    if (cause !== undefined) return { ...difference, cause }
    const dot = path.lastIndexOf('.')
    if (dot < 0) return difference
    path = path.slice(0, dot)
  }
}

/** Counts and restarts that came from runtime state are told apart from what the manifest changed. */
function because(differences: readonly Difference[]): WriteStep['because'] {
  const causes = new Set(differences.map((difference) => difference.cause))
  if (causes.size === 1 && causes.has('runtime.counts')) return 'scaled'
  if (causes.size === 1 && causes.has('runtime.restarts')) return 'restarted'
  if (causes.size === 1 && causes.has('runtime.stopped')) return 'stopped'
  return 'changed'
}

function step(
  resource: Resource,
  action: WriteAction,
  reason: WriteStep['because'],
  differences: readonly Difference[],
  replacesInstances: boolean,
  direction: 'forward' | 'rollback',
): WriteStep {
  return {
    kind: 'write',
    id: writeId(direction, resource.id, resource.intent),
    after: [],
    title: `${action} ${resource.kind} ${resourceLabel(resource.id)}`,
    ...(resource.unit === undefined ? {} : { unit: resource.unit }),
    action,
    resource: resource.id,
    resourceKind: resource.kind,
    name: resource.name,
    intent: resource.intent,
    differences,
    because: reason,
    replacesInstances,
  }
}

/** A refusal to change what cannot be changed without losing something. */
const cannotChange = (resource: Resource, path: string, cause: string | undefined): Problem =>
  problem(
    'backend-cannot',
    `${resourceLabel(resource.id)}: \`${path}\` cannot change once the ${resource.kind} exists`,
    {
      ...(cause === undefined ? {} : { path: cause }),
      fix: 'give it a new name, or remove it and deploy again',
    },
  )
