/** Where instances may run: constraints, preferences, platforms. */
import type { JsonObject } from '../../../core/hash.ts'
import type { Unit } from '../../../model/unit.ts'

/** A constraint that no node meets: how a global service is stopped. */
export const nowhere = 'node.labels.io.escale.nowhere==true'

export interface PlacementInput {
  readonly unit: Unit
  /** From pinned volumes. */
  readonly constraints: readonly string[]
  readonly stopped: boolean
}

export function placement({ unit, constraints, stopped }: PlacementInput): JsonObject {
  const { arch, pool, spread, require } = unit.placement
  const all = [
    ...constraints,
    ...(pool === 'default' ? [] : [`node.labels.pool==${pool}`]),
    ...Object.keys(require)
      .toSorted()
      .flatMap((label) => (require[label]?.length === 1 ? [`node.labels.${label}==${require[label][0]}`] : [])),
    ...(stopped ? [nowhere] : []),
  ]
  // Nodes are spread over by swarm itself; what else is named is a label of nodes.
  const preferences = Object.keys(spread)
    .filter((label) => label !== 'node' && spread[label] === 'prefer')
    .toSorted()
    .map((label) => ({ Spread: { SpreadDescriptor: `node.labels.${label}` } }))
  const platform = platformOf(unit, arch)
  const body = {
    ...(all.length === 0 ? {} : { Constraints: all }),
    ...(preferences.length === 0 ? {} : { Preferences: preferences }),
    ...(spread['node'] === 'require' && unit.kind === 'service' && unit.mode === 'replicated'
      ? { MaxReplicas: 1 }
      : {}),
    ...(platform === undefined ? {} : { Platforms: [platform] }),
  }
  return Object.keys(body).length === 0 ? {} : { Placement: body }
}

/** One choice of architecture for a release: the wished one, else that of the image that was looked at. */
function platformOf(unit: Unit, arch: Unit['placement']['arch']): JsonObject | undefined {
  const chosen = arch === 'any' ? unit.main.image.config?.arch : arch
  return chosen === undefined || chosen === ''
    ? undefined
    : { Architecture: chosen, OS: unit.main.image.config?.os ?? 'linux' }
}
