/** A proxy as a container. Pure. Why no service of the swarm: docs/decisions/ingress-proxy.md. */
import { shortHash } from '../../../core/hash.ts'
import type { Site } from '../../../model/app.ts'
import type { Labels } from '../engine/types/common.ts'
import type { ContainerCreateRequest, HostConfig } from '../engine/types/container.ts'
import { mark } from '../labels.ts'
import { containerPort, proxyHome } from './places.ts'
import { startScript } from './script.ts'

export const ingressMark = {
  /** The proxy's name. */
  proxy: 'io.escale.ingress',
  cluster: 'io.escale.ingress.cluster',
  /** Hash of what the container is made of, but for the port: a proxy keeps the one it found. */
  intent: 'io.escale.ingress.intent',
  port: 'io.escale.ingress.port',
} as const

export interface ProxyIdentity {
  readonly site: Site
  /** `http` or `listen-5432`. */
  readonly proxy: string
}

export const ingressLabels = (site: Site): Labels => ({
  [mark.install]: site.installId,
  [ingressMark.cluster]: site.cluster,
})

/** Two installations or clusters on one engine never share a proxy (D5). */
export const proxyContainerName = ({ site, proxy }: ProxyIdentity): string =>
  `escale-ingress-${proxy}-${shortHash([site.installId, site.cluster, proxy], 10)}`

/** Connections of the old container get this long when it is replaced; its port is free only after. */
export const stopGraceSeconds = 5

export interface ProxyContainer extends ContainerCreateRequest {
  readonly Labels: Labels
  readonly HostConfig: HostConfig
}

export function proxyContainer(identity: ProxyIdentity, image: string): ProxyContainer {
  const name = proxyContainerName(identity)
  const labels = { ...ingressLabels(identity.site), [ingressMark.proxy]: identity.proxy }
  const request = {
    Image: image,
    Entrypoint: ['sh', '-c', startScript],
    Cmd: [],
    // The user haproxy of the public images; the start script and every later command run as it.
    User: '99:99',
    ExposedPorts: { [`${containerPort}/tcp`]: {} },
    // Stops listening, finishes what is under way.
    StopSignal: 'SIGUSR1',
    StopTimeout: stopGraceSeconds,
    HostConfig: {
      RestartPolicy: { Name: 'always' as const },
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Mounts: [{ Type: 'volume' as const, Source: name, Target: proxyHome, VolumeOptions: { Labels: labels } }],
    },
  }
  return { ...request, Labels: { ...labels, [ingressMark.intent]: shortHash(request) } }
}

/** The same with the port of the machine that leads to it. */
export function withPort(request: ProxyContainer, port: number): ProxyContainer {
  return {
    ...request,
    Labels: { ...request.Labels, [ingressMark.port]: String(port) },
    HostConfig: { ...request.HostConfig, PortBindings: { [`${containerPort}/tcp`]: [{ HostPort: String(port) }] } },
  }
}
