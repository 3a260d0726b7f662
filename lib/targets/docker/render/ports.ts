/** Ports of the machine that an instance is on: host mode always, which needs no balancing in the kernel. */
import type { JsonObject } from '../../../core/hash.ts'
import type { Port, ServiceUnit } from '../../../model/unit.ts'

export const portsOf = (unit: ServiceUnit): readonly Port[] => [
  ...unit.main.ports,
  ...unit.sidecars.flatMap((sidecar) => sidecar.ports),
]

export function renderPorts(unit: ServiceUnit): readonly JsonObject[] {
  return unit.publish.flatMap((publish) => {
    const port = portsOf(unit).find(({ name }) => name === publish.port)
    if (port === undefined || publish.address !== undefined) return []
    const span = (port.endPort ?? port.port) - port.port
    return Array.from({ length: span + 1 }, (_unused, offset) => ({
      Protocol: port.protocol,
      TargetPort: port.port + offset,
      // Without a number the engine chooses one.
      ...(publish.hostPort === 'auto' ? {} : { PublishedPort: publish.hostPort + offset }),
      PublishMode: 'host',
    }))
  })
}
