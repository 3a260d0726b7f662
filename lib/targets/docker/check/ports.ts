/** Ports of the machines: one owner each, and one instance a machine. */
import { problem } from '../../../core/errors.ts'
import type { Problem } from '../../../core/problems.ts'
import type { Resource } from '../../../model/resource.ts'
import type { RenderInput } from '../../target.ts'
import { instancesOf } from './capacity.ts'
import { eligibleNodes } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { ownerOf } from '../labels.ts'
import { isObject, textOf } from '../json.ts'

interface HostPort {
  readonly port: number
  readonly protocol: string
}

function hostPorts({ body }: Resource): readonly HostPort[] {
  const endpoint = body['EndpointSpec']
  const ports = isObject(endpoint) && Array.isArray(endpoint['Ports']) ? endpoint['Ports'].filter(isObject) : []
  return ports.flatMap(({ PublishedPort, Protocol }) =>
    typeof PublishedPort === 'number' ? [{ port: PublishedPort, protocol: textOf(Protocol) }] : [],
  )
}

export function portProblems(input: RenderInput, resources: readonly Resource[], cluster: Cluster): readonly Problem[] {
  return resources.flatMap((resource) => {
    const ports = hostPorts(resource)
    const taken = ports.flatMap((port) => takenBy(resource, port, cluster, input.site.installId))
    return [...taken, ...(ports.length === 0 ? [] : tooMany(resource, cluster))]
  })
}

function takenBy(
  resource: Resource,
  { port, protocol }: HostPort,
  { services }: Cluster,
  installId: string,
): readonly Problem[] {
  return services
    .filter(({ Spec }) => Spec.Name !== resource.name)
    .filter(({ Spec }) =>
      (Spec.EndpointSpec?.Ports ?? []).some(
        (other) => other.PublishedPort === port && (other.Protocol ?? 'tcp') === protocol,
      ),
    )
    .map(({ Spec }) => {
      const owner = ownerOf(installId, Spec.Labels)
      const who =
        owner === undefined
          ? `the service "${Spec.Name}"`
          : `"${Spec.Labels?.['io.escale.unit'] ?? Spec.Name}" of the app ${owner.project}/${owner.app}`
      return problem('name-taken', `port ${port}/${protocol} of the machines belongs to ${who}`, {
        path: `services.${resource.unit ?? ''}.publish`,
        value: String(port),
        fix: 'choose another port, or `auto`',
      })
    })
}

function tooMany(resource: Resource, cluster: Cluster): readonly Problem[] {
  const instances = instancesOf(resource)
  const machines = eligibleNodes(resource, cluster).length
  if (instances === 'each' || instances <= machines) return []
  return [
    problem(
      'no-capacity',
      `${instances} instances of "${resource.unit ?? resource.name}" publish a port, one a machine, but only ${machines} ${machines === 1 ? 'machine is' : 'machines are'} there for them`,
      {
        path: `services.${resource.unit ?? ''}.publish`,
        fix: 'ask for fewer instances, use `auto` for the port, or use a route',
      },
    ),
  ]
}
