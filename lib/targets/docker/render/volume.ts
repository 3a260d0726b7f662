/**
 * Volumes. A local one lives on one machine, so it gets a pin: a label on the node that holds it, and a
 * constraint on what mounts it. The label is set when the volume is made; rendering needs to know no node.
 */
import type { JsonObject } from '../../../core/hash.ts'
import type { ResourceId } from '../../../model/resource.ts'
import type { Mount, Unit, Volume } from '../../../model/unit.ts'
import { appLabels, mark } from '../labels.ts'
import { literal } from '../escape.ts'
import { isRoot } from './identity.ts'
import type { ContainerUser } from './identity.ts'
import { pinLabel } from '../pins.ts'
import { add, complain, nameOf } from './context.ts'
import type { RenderContext } from './context.ts'

export interface MountedVolume {
  readonly mount: JsonObject
  readonly resource?: ResourceId
  /** Placement constraint that keeps the instance with its data. */
  readonly constraint?: string
}

type VolumeMount = Extract<Mount, { readonly kind: 'volume' }>

interface Place {
  readonly unit: Unit
  readonly ordinal: number | undefined
  readonly user: ContainerUser
}

export function mountVolume(context: RenderContext, mount: VolumeMount, place: Place): MountedVolume | undefined {
  const volume = context.input.release.spec.volumes.find(({ name }) => name === mount.volume)
  if (volume === undefined) {
    complain(
      context,
      'unknown-reference',
      mount.from,
      `volume "${mount.volume}" is not defined in the app`,
      'define it under `volumes`',
    )
    return undefined
  }
  const common = { Target: literal(mount.path), ...(mount.readOnly ? { ReadOnly: true } : {}) }
  const existing = volume.existing === undefined ? undefined : existingVolume(volume.existing)
  if (volume.existing !== undefined) {
    // What is not known here has a refused row in the ledger, which is a problem already.
    if (existing === undefined) return undefined
    return { mount: { Type: 'volume', Source: literal(existing.name), ...common, ...existing.options } }
  }
  return ownVolume(context, volume, common, place)
}

function ownVolume(context: RenderContext, volume: Volume, common: JsonObject, place: Place): MountedVolume {
  const { id, name } = volumeIdentity(context, volume.name, place)
  const driver = volume.class === 'default' ? 'local' : volume.class
  const pinned = driver === 'local'
  const near = place.unit.main.mounts.flatMap((other) =>
    other.kind === 'volume' && other.volume !== volume.name ? [other.volume] : [],
  )
  add(context, {
    id,
    kind: 'volume',
    name,
    ...(place.ordinal === undefined ? {} : { unit: place.unit.name }),
    body: {
      Driver: driver,
      ...(pinned ? { Pin: pinLabel(name), Near: near.map((other) => volumeIdentity(context, other, place).name) } : {}),
    },
    causes: { Driver: `volumes.${volume.name}.class` },
    holdsData: true,
    immutable: true,
  })
  // The marks travel with the mount, so that a volume that swarm makes on another machine bears them too.
  const labels = { ...appLabels(context.owner), [mark.resource]: id }
  return {
    mount: {
      Type: 'volume',
      Source: name,
      ...common,
      // Volumes start empty; where the user is not root, the image's folder gives the volume its owner.
      VolumeOptions: {
        ...(isRoot(place.user) ? { NoCopy: true } : {}),
        Labels: labels,
        DriverConfig: { Name: driver },
      },
    },
    resource: id,
    ...(pinned ? { constraint: `node.labels.${pinLabel(name)}==true` } : {}),
  }
}

/** One volume for each ordinal of a stateful unit, else one for all. */
function volumeIdentity(
  context: RenderContext,
  volume: string,
  { unit, ordinal }: Place,
): { readonly id: ResourceId; readonly name: string } {
  const owner = ordinal === undefined ? undefined : `${unit.name}-${ordinal}`
  const id = owner === undefined ? `volume/${volume}` : `volume/${volume}@${owner}`
  return {
    id,
    name: nameOf(context, id, {
      kind: 'volume',
      readable: [volume, ...(owner === undefined ? [] : [owner])],
      detail: id,
    }),
  }
}

/** `docker:NAME` and `nfs:SERVER/PATH`; the others belong to other targets. */
export function existingVolume(from: string): { readonly name: string; readonly options: JsonObject } | undefined {
  if (from.startsWith('docker:'))
    return { name: from.slice('docker:'.length), options: { VolumeOptions: { NoCopy: true } } }
  if (!from.startsWith('nfs:')) return undefined
  const rest = from.slice('nfs:'.length)
  const slash = rest.indexOf('/')
  if (slash <= 0) return undefined
  const server = rest.slice(0, slash).replace(/:$/, '')
  const path = rest.slice(slash)
  return {
    name: `nfs-${server}${path}`.replaceAll(/[^a-zA-Z0-9_.-]+/g, '-'),
    options: {
      VolumeOptions: {
        NoCopy: true,
        DriverConfig: { Name: 'local', Options: { type: 'nfs', o: `addr=${server},rw`, device: `:${path}` } },
      },
    },
  }
}
