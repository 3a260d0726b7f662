/** Addresses of overlay networks: the pool is cut up when the swarm is made, and never grows (ruling C7). */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Resource } from '../../../model/resource.ts'
import { serviceUnits } from '../../../model/unit.ts'
import type { RenderInput } from '../../target.ts'
import type { Cluster } from './cluster.ts'

/** Network, broadcast, gateway, and the balancer's own on each machine come off each network. */
const fixedAddresses = 3

export function addressProblems(
  input: RenderInput,
  resources: readonly Resource[],
  cluster: Cluster,
): readonly Problem[] {
  return [...full(input, cluster), ...exhausted(resources, cluster)]
}

function full({ release }: RenderInput, { swarm, nodes }: Cluster): readonly Problem[] {
  const room = 2 ** (32 - swarm.SubnetSize) - fixedAddresses - nodes.length
  const units = serviceUnits(release.spec)
  const names = [...new Set(units.flatMap(({ networks }) => networks))]
  return names.flatMap((name) => {
    const members = units.filter(({ networks }) => networks.includes(name))
    // One for the service itself, and one each for instances that start before old ones have gone.
    const need = members.reduce(
      (sum, { mode, scale }) => sum + 1 + (mode === 'perNode' ? nodes.length : scale.max) * 2,
      0,
    )
    if (need <= room) return []
    return [
      problem(
        'no-capacity',
        `the network "${name}" needs up to ${need} addresses during an update, but networks of this swarm have ${room}`,
        {
          path: `networks.${name}`,
          fix: 'spread the services over more networks, or make the swarm with larger networks (`--default-addr-pool-mask-length`)',
        },
      ),
    ]
  })
}

function exhausted(resources: readonly Resource[], { swarm, networks }: Cluster): readonly Problem[] {
  const room = (swarm.DefaultAddrPool ?? []).reduce(
    (sum, pool) => sum + 2 ** (swarm.SubnetSize - Number(pool.split('/')[1] ?? swarm.SubnetSize)),
    0,
  )
  const fresh = resources.filter(({ kind, name }) => kind === 'network' && !networks.some(({ Name }) => Name === name))
  if (room === 0 || networks.length + fresh.length <= room) return []
  return [
    problem(
      'no-capacity',
      `${fresh.length} new networks are needed, but the swarm's address pool holds ${room} and ${networks.length} exist`,
      {
        path: 'networks',
        fix: 'remove networks that nobody uses (housekeeping lists them), or make the swarm with a larger pool',
      },
    ),
  ]
}
