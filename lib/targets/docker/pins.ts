/**
 * Pins: which node holds a volume, kept as two labels of the node. The first is what constraints ask for; the second
 * says whose volume it is, so that one on a machine that is out of reach is known all the same.
 */
import type { AppKey, Site } from '../../model/app.ts'
import type { ResourceId } from '../../model/resource.ts'
import type { Engine } from './engine/engine.ts'
import { isEngineError } from './engine/errors.ts'
import type { CallOptions } from './engine/call.ts'
import type { Labels } from './engine/types/common.ts'
import type { SwarmNode } from './engine/types/swarm.ts'

const pinPrefix = 'io.escale.pin.'
const ownerPrefix = 'io.escale.volume.'

/** How often a node that others change at the same time is read again. */
const attempts = 4

export interface VolumeOwner {
  readonly site: Site
  readonly key: AppKey
  readonly resource: ResourceId
}

export interface Pin extends VolumeOwner {
  readonly volume: string
  readonly node: SwarmNode
}

export const pinLabel = (volume: string): string => `${pinPrefix}${volume}`

export const isPin = (label: string): boolean => label.startsWith(pinPrefix)

/** Names hold no slash, so the parts stay apart; only the resource may, and it is the last. */
const ownerText = ({ site, key, resource }: VolumeOwner): string =>
  [site.installId, site.cluster, key.project, key.app, key.environment, resource].join('/')

function parseOwner(text: string): VolumeOwner | undefined {
  const [installId, cluster, project, app, environment, ...resource] = text.split('/')
  if (
    installId === undefined ||
    cluster === undefined ||
    project === undefined ||
    app === undefined ||
    environment === undefined
  )
    return undefined
  return { site: { installId, cluster }, key: { project, app, environment }, resource: resource.join('/') }
}

export function pinsOf(nodes: readonly SwarmNode[]): readonly Pin[] {
  return nodes.flatMap((node) =>
    Object.entries(node.Spec.Labels).flatMap(([label, text]) => {
      const volume = label.startsWith(ownerPrefix) ? label.slice(ownerPrefix.length) : undefined
      const owner = parseOwner(text)
      return volume === undefined || owner === undefined || node.Spec.Labels[pinLabel(volume)] === undefined
        ? []
        : [{ ...owner, volume, node }]
    }),
  )
}

/** The node that has the volume; else the one that has what is mounted beside it; else the one with the fewest. */
export function chooseNode(
  nodes: readonly SwarmNode[],
  volume: string,
  companions: readonly string[],
): SwarmNode | undefined {
  const holder = (name: string): SwarmNode | undefined =>
    nodes.find(({ Spec }) => Spec.Labels[pinLabel(name)] !== undefined)
  const known = [volume, ...companions].map(holder).find((node) => node !== undefined)
  if (known !== undefined) return known
  const held = ({ Spec }: SwarmNode): number => Object.keys(Spec.Labels).filter(isPin).length
  return nodes
    .filter(({ Spec, Status }) => Spec.Availability === 'active' && Status.State === 'ready')
    .toSorted((a, b) => held(a) - held(b) || (a.ID < b.ID ? -1 : 1))[0]
}

/** Puts the pin on a node, or finds it there; undefined where no node can hold a volume now. */
export async function pinVolume(
  { nodes }: Pick<Engine, 'nodes'>,
  owner: VolumeOwner,
  volume: string,
  companions: readonly string[],
  options: CallOptions,
): Promise<SwarmNode | undefined> {
  return changeLabels(
    nodes,
    (list) => chooseNode(list, volume, companions),
    (labels) => ({ ...labels, [pinLabel(volume)]: 'true', [`${ownerPrefix}${volume}`]: ownerText(owner) }),
    options,
  )
}

export async function unpinVolume(
  { nodes }: Pick<Engine, 'nodes'>,
  volume: string,
  options: CallOptions,
): Promise<void> {
  const gone = new Set([pinLabel(volume), `${ownerPrefix}${volume}`])
  await changeLabels(
    nodes,
    (list) => list.find(({ Spec }) => Object.keys(Spec.Labels).some((label) => gone.has(label))),
    (labels) => Object.fromEntries(Object.entries(labels).filter(([label]) => !gone.has(label))),
    options,
  )
}

async function changeLabels(
  nodes: Engine['nodes'],
  choose: (list: readonly SwarmNode[]) => SwarmNode | undefined,
  change: (labels: Labels) => Labels,
  options: CallOptions,
): Promise<SwarmNode | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const node = choose(await nodes.list(options))
    if (node === undefined) return undefined
    const labels = change(node.Spec.Labels)
    const same =
      Object.keys(labels).length === Object.keys(node.Spec.Labels).length &&
      Object.entries(labels).every(([name, value]) => node.Spec.Labels[name] === value)
    if (same) return node
    try {
      await nodes.update(node.ID, node.Version.Index, { ...node.Spec, Labels: labels }, options)
      return node
    } catch (error) {
      if (!isEngineError(error, 'outOfSequence') || attempt === attempts) throw error
    }
  }
}
