/** Volumes that must exist, drivers that must be there, and data that lies apart. */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Unit } from '../../../model/unit.ts'
import type { RenderInput } from '../../target.ts'
import { render } from '../render/render.ts'
import { placementOf } from './cluster.ts'
import type { Cluster } from './cluster.ts'

export function volumeProblems(input: RenderInput, cluster: Cluster): readonly Problem[] {
  return [...missing(input, cluster), ...apart(input, cluster), ...manyWriters(input)]
}

function missing({ release }: RenderInput, { volumes, drivers, nodes }: Cluster): readonly Problem[] {
  return release.spec.volumes.flatMap(({ name, existing, class: driver }) => {
    const native = existing?.startsWith('docker:') === true ? existing.slice('docker:'.length) : undefined
    // With several machines it may lie on another one.
    const absent = native !== undefined && nodes.length === 1 && !volumes.some((volume) => volume.Name === native)
    return [
      ...(absent
        ? [
            problem('unknown-reference', `there is no volume "${native}" on this engine`, {
              path: `volumes.${name}.from`,
              fix: 'make it, or leave `from` out to have a new one',
            }),
          ]
        : []),
      ...(driver !== 'default' && !drivers.includes(driver)
        ? [
            problem('backend-cannot', `the engine has no volume driver "${driver}"`, {
              path: `volumes.${name}.class`,
              allowed: ['default', ...drivers],
            }),
          ]
        : []),
    ]
  })
}

/** Two pinned volumes on two machines can never be mounted by one instance. */
function apart(input: RenderInput, { nodes }: Cluster): readonly Problem[] {
  return render(input).resources.flatMap((resource) => {
    if (resource.kind !== 'service') return []
    const { Constraints } = placementOf(resource)
    const pins = (Array.isArray(Constraints) ? Constraints.map(String) : []).flatMap(
      (constraint) => /^node\.labels\.(io\.escale\.pin\.[^=]+)==true$/.exec(constraint)?.[1] ?? [],
    )
    const holders = new Set(
      pins.flatMap((pin) => nodes.find(({ Spec }) => Spec.Labels[pin] === 'true')?.Description.Hostname ?? []),
    )
    if (holders.size < 2) return []
    return [
      problem(
        'conflict',
        `"${resource.name}" mounts volumes that lie on different machines: ${[...holders].join(', ')}`,
        {
          path: resource.unit ?? resource.id,
          fix: 'copy the data of one into a new volume, or mount them in different services',
        },
      ),
    ]
  })
}

function manyWriters({ release }: RenderInput): readonly Problem[] {
  const single = new Set(release.spec.volumes.filter(({ access }) => access === 'single').map(({ name }) => name))
  const writes = (unit: Unit): string | undefined => {
    const mount = unit.main.mounts.find(
      (candidate) => candidate.kind === 'volume' && !candidate.readOnly && single.has(candidate.volume),
    )
    return mount?.kind === 'volume' ? mount.volume : undefined
  }
  return release.spec.units.flatMap((unit) => {
    const volume =
      unit.kind === 'service' && unit.mode === 'replicated' && unit.scale.max > 1 ? writes(unit) : undefined
    return volume === undefined
      ? []
      : [
          problem(
            'conflict',
            `the volume "${volume}" has one writer, but "${unit.name}" may have ${unit.kind === 'service' ? unit.scale.max : 1} instances`,
            { path: `${unit.from}.scale`, fix: 'use `mode: stateful`, `access: shared`, or one instance' },
          ),
        ]
  })
}
