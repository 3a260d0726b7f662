/** A resolved manifest to an `AppSpec`: everything of one app in neutral terms. */
import type { AppSpec, External, Image, ImageConfig } from '../model/unit.ts'
import { impliedPort } from './lookup.ts'
import { lowerJob, lowerService } from './lower-unit.ts'
import type { ResolvedManifest } from './resolve.ts'
import { lowerPorts } from './sections/ports.ts'
import { lowerNetworks } from './sections/networks.ts'
import { lowerRegistries } from './sections/registries.ts'
import { lowerRoutes } from './sections/routes.ts'
import { lowerSecrets } from './sections/secrets.ts'
import { lowerVolumes } from './sections/volumes.ts'
import type { CompleteManifest } from './sections/manifest.ts'

/** What was found out about an image when the release was made. */
export interface KnownImage {
  /** `name@sha256:…` */
  readonly pinned?: string
  readonly config?: ImageConfig
}

/** Facts about an image by its reference; undefined where nobody asked yet. */
export type KnownImages = (reference: string) => KnownImage | undefined

const unknownImages: KnownImages = () => undefined

export function lowerManifest(resolved: ResolvedManifest, images: KnownImages = unknownImages): AppSpec {
  const { complete } = resolved
  const imageOf = (image: Image): Image => {
    const known = image.reference === undefined ? undefined : images(image.reference)
    return known === undefined ? image : { ...image, pinned: known.pinned, config: known.config }
  }
  const context = { resolved, imageOf }
  return {
    name: complete.metadata.name,
    labels: complete.metadata.labels ?? {},
    annotations: complete.metadata.annotations ?? {},
    units: [
      ...Object.entries(complete.services ?? {}).map(([name, service]) => lowerService(name, service, context)),
      ...Object.entries(complete.jobs ?? {}).map(([name, job]) => lowerJob(name, job, context)),
    ],
    volumes: lowerVolumes(complete.volumes ?? {}),
    networks: lowerNetworks(complete.networks ?? {}),
    secrets: lowerSecrets(complete.secrets ?? {}),
    external: lowerExternal(complete.external ?? {}),
    registries: lowerRegistries(complete.registries ?? {}),
    approval: complete.approval,
  }
}

const lowerExternal = (external: NonNullable<CompleteManifest['external']>): readonly External[] =>
  Object.entries(external).map(([name, each]): External => {
    if (!('host' in each)) return { name, kind: 'app', app: each.app, service: each.service }
    const ports = each.ports ?? {}
    const routed = Object.values(each.routes ?? {})
    const spokenHttp = new Set(
      routed.filter((route) => route.protocol === 'http').flatMap((route) => impliedPort(ports, route.port) ?? []),
    )
    return {
      name,
      kind: 'host',
      host: each.host,
      ports: lowerPorts(ports, spokenHttp),
      routes: lowerRoutes(each.routes ?? {}, (route) => impliedPort(ports, route.port) ?? ''),
    }
  })
