/** Everything mounted into a container that is not a file from config or secret. */
import type { JsonObject } from '../../../core/hash.ts'
import type { ResourceId } from '../../../model/resource.ts'
import type { Container, Mount, Unit } from '../../../model/unit.ts'
import { literal } from '../escape.ts'
import type { RenderContext } from './context.ts'
import type { ContainerUser } from './identity.ts'
import { mountVolume } from './volume.ts'

export interface RenderedMounts {
  readonly mounts: readonly JsonObject[]
  readonly needs: readonly ResourceId[]
  readonly constraints: readonly string[]
}

interface Place {
  readonly unit: Unit
  readonly container: Container
  readonly ordinal: number | undefined
}

export function renderMounts(
  context: RenderContext,
  { unit, container, ordinal }: Place,
  user: ContainerUser,
): RenderedMounts {
  const mounts: JsonObject[] = []
  const needs: ResourceId[] = []
  const constraints: string[] = []
  for (const mount of container.mounts.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    if (mount.kind === 'volume') {
      const volume = mountVolume(context, mount, { unit, ordinal, user })
      if (volume === undefined) continue
      mounts.push(volume.mount)
      if (volume.resource !== undefined) needs.push(volume.resource)
      if (volume.constraint !== undefined) constraints.push(volume.constraint)
    } else mounts.push(plainMount(unit, mount))
  }
  const { shmBytes } = container.kernel
  if (shmBytes !== undefined) mounts.push({ Type: 'tmpfs', Target: '/dev/shm', TmpfsOptions: { SizeBytes: shmBytes } })
  return { mounts, needs, constraints: [...new Set(constraints)] }
}

function plainMount(unit: Unit, mount: Exclude<Mount, { readonly kind: 'volume' }>): JsonObject {
  const target = literal(mount.path)
  switch (mount.kind) {
    case 'tmpfs':
      return {
        Type: 'tmpfs',
        Target: target,
        ...(mount.sizeBytes === undefined ? {} : { TmpfsOptions: { SizeBytes: mount.sizeBytes } }),
      }
    case 'host':
      return {
        Type: 'bind',
        Source: literal(mount.hostPath),
        Target: target,
        ...(mount.readOnly ? { ReadOnly: true } : {}),
      }
    case 'scratch': {
      const scratch = unit.scratch.find(({ name }) => name === mount.scratch)
      if (scratch?.memory === true)
        return {
          Type: 'tmpfs',
          Target: target,
          ...(scratch.sizeBytes === undefined ? {} : { TmpfsOptions: { SizeBytes: scratch.sizeBytes } }),
        }
      // A volume without a name goes with the container.
      return { Type: 'volume', Target: target }
    }
  }
}
