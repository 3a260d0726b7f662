/** Overlay networks. They are attachable, so that the ingress can be connected to them while it runs (DESIGN §13). */
import { derivedName, nameRules } from '../../../model/names.ts'
import type { JsonObject } from '../../../core/hash.ts'
import type { Network, Unit } from '../../../model/unit.ts'
import type { Resource, ResourceId } from '../../../model/resource.ts'
import { add, complain, nameOf } from './context.ts'
import type { RenderContext } from './context.ts'

/** The app's own network: what a unit is on that names none. */
export const ownNetwork = 'default'

const ownNetworkSpec: Network = { name: ownNetwork, internal: false, scope: 'app' }

export function renderNetwork(context: RenderContext, name: string, from: string): Resource | undefined {
  const network =
    context.input.release.spec.networks.find((candidate) => candidate.name === name) ??
    (name === ownNetwork ? ownNetworkSpec : undefined)
  if (network === undefined) {
    complain(
      context,
      'unknown-reference',
      `${from}.networks`,
      `network "${name}" is not defined in the app`,
      `define it under \`networks\``,
    )
    return undefined
  }
  const id = `network/${name}`
  const thing = { kind: 'network', readable: [name], detail: name }
  const shared = network.scope === 'project'
  const { site, release } = context.input
  const projectOwner = { project: release.key.project, environment: release.key.environment }
  return add(context, {
    id,
    kind: 'network',
    name: shared ? derivedName(site, projectOwner, thing, nameRules.swarm) : nameOf(context, id, thing),
    body: { Driver: 'overlay', Attachable: true, Internal: network.internal },
    immutable: true,
    causes: { Internal: `networks.${name}.internal` },
    ...(shared ? { shared: 'project' as const } : {}),
  })
}

/** No networks at all: swarm has no such thing, so the unit is alone on one that leads nowhere. */
function secluded(context: RenderContext, unit: Unit): RenderedNetworks {
  const id = `network/.${unit.name}`
  const network = add(context, {
    id,
    kind: 'network',
    name: nameOf(context, id, { kind: 'network', unit: unit.name, readable: ['none', unit.name] }),
    unit: unit.name,
    body: { Driver: 'overlay', Attachable: false, Internal: true },
    immutable: true,
    causes: { '': `${unit.from}.networks` },
  })
  return { attachments: [{ Target: network.name }], needs: [id] }
}

export interface RenderedNetworks {
  readonly attachments: readonly JsonObject[]
  readonly needs: readonly ResourceId[]
}

/** What a unit is attached to, by names; the engine takes them and answers with ids. */
export function renderNetworks(context: RenderContext, unit: Unit, aliases: readonly string[]): RenderedNetworks {
  if (unit.main.security.hostNetwork) return { attachments: [{ Target: 'host' }], needs: [] }
  if (unit.networks.length === 0) {
    if (unit.kind === 'service' && unit.publish.length > 0)
      complain(
        context,
        'conflict',
        `${unit.from}.networks`,
        'a unit without networks cannot publish ports',
        'leave `networks` out, or name one',
      )
    return secluded(context, unit)
  }
  const networks = unit.networks.flatMap((name) => renderNetwork(context, name, unit.from) ?? [])
  return {
    attachments: networks.map(({ name }) => ({ Target: name, ...(aliases.length === 0 ? {} : { Aliases: aliases }) })),
    needs: networks.map(({ id }) => id),
  }
}
