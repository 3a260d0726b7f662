/** Where a registry is reached, and whether the way there may be without encryption. */
import { EscaleError } from '../core/errors.ts'
import { defaultRegistry } from './reference.ts'

export interface HostSettings {
  /** `http` allows a host without TLS; loopback has it unless `https` is said. */
  readonly scheme?: 'http' | 'https'
  /** Certificates in PEM accepted besides the system's. */
  readonly ca?: string
  /** Another host to ask in place of this one, e.g. a pull-through cache: `mirror.example.com:5000`. */
  readonly address?: string
}

/** By registry as it stands in names of images. */
export type Hosts = Readonly<Record<string, HostSettings>>

export interface Endpoint {
  /** The registry as it stands in names. */
  readonly registry: string
  /** The host that is asked, to which credentials belong. */
  readonly address: string
  readonly base: URL
  readonly ca?: string
}

export function endpointOf(registry: string, hosts: Hosts): Endpoint {
  const settings = hosts[registry] ?? {}
  const address = settings.address ?? registry
  const own = settings.address === undefined ? settings : { ...settings, ...hosts[address] }
  const host = address === defaultRegistry ? 'registry-1.docker.io' : address
  const scheme = own.scheme ?? (isLoopback(hostNameOf(host)) ? 'http' : 'https')
  return { registry, address, base: new URL(`${scheme}://${host}/`), ...(own.ca === undefined ? {} : { ca: own.ca }) }
}

const hostNameOf = (host: string): string => host.replace(/:\d+$/, '')

export const isLoopback = (hostName: string): boolean =>
  hostName === 'localhost' || hostName === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostName)

/** Plain HTTP only where the host itself was allowed it: a server must not talk us out of encryption. */
export function mayVisit(url: URL, endpoint: Endpoint): void {
  if (url.protocol === 'https:') return
  const allowed = url.protocol === 'http:' && endpoint.base.protocol === 'http:'
  if (allowed) return
  throw new EscaleError(
    'registry-untrusted',
    `the registry ${endpoint.registry} sends on to ${url.protocol}//${url.host}, which is not encrypted; nothing was sent there`,
  )
}
