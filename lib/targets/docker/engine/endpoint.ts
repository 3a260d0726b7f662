/** Where an engine listens, as `DOCKER_HOST` and the CLI of Docker write it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EscaleError } from '../../../core/errors.ts'

export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly verify: boolean
}

export type Endpoint =
  /** A unix socket, or a named pipe on Windows. */
  | { readonly kind: 'socket'; readonly socketPath: string; readonly text: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly text: string }
  | {
      readonly kind: 'tls'
      readonly host: string
      readonly port: number
      readonly tls: TlsMaterial
      readonly text: string
    }

export const defaultHost = (platform: NodeJS.Platform): string =>
  platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock'

const allowed = 'unix:///path, tcp://host:port, npipe:////./pipe/name, or a path that begins with /'

const invalid = (host: string, why: string): EscaleError =>
  new EscaleError('usage', `the engine address "${host}" ${why}; it must be one of: ${allowed}`)

/** Reads an engine address; a bare path is a unix socket. */
export function parseEndpoint(host: string, tls?: TlsMaterial): Endpoint {
  if (host.startsWith('/')) return { kind: 'socket', socketPath: host, text: `unix://${host}` }
  const scheme = /^([a-z]+):\/\/(.*)$/.exec(host)
  if (scheme === null) throw invalid(host, 'has no scheme')
  const [, name, rest = ''] = scheme
  switch (name) {
    case 'unix':
      if (!rest.startsWith('/')) throw invalid(host, 'names no absolute path')
      return { kind: 'socket', socketPath: rest, text: host }
    case 'npipe':
      return { kind: 'socket', socketPath: rest.replaceAll('/', '\\'), text: host }
    case 'tcp':
    case 'http':
    case 'https':
      return parseTcp(host, rest, name === 'https' ? (tls ?? { verify: true }) : tls)
    default:
      throw invalid(host, `uses the scheme "${name}", which is not supported`)
  }
}

function parseTcp(host: string, rest: string, tls: TlsMaterial | undefined): Endpoint {
  if (!URL.canParse(`http://${rest}`)) throw invalid(host, 'is not of the form host:port')
  const url = new URL(`http://${rest}`)
  if (url.pathname !== '/' || url.search !== '' || url.username !== '') throw invalid(host, 'holds more than host:port')
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const port = rest.endsWith(':80') ? 80 : Number(url.port || (tls === undefined ? 2375 : 2376))
  return tls === undefined
    ? { kind: 'tcp', host: hostname, port, text: host }
    : { kind: 'tls', host: hostname, port, tls, text: host }
}

/** The endpoint that Docker's own variables name: DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
export function endpointFromEnv(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Endpoint {
  const verify = (env['DOCKER_TLS_VERIFY'] ?? '') !== ''
  const folder = env['DOCKER_CERT_PATH'] ?? (verify ? join(env['HOME'] ?? '', '.docker') : undefined)
  const host = env['DOCKER_HOST'] ?? ''
  const tls =
    host.startsWith('tcp://') && folder !== undefined && (verify || env['DOCKER_TLS'] !== undefined)
      ? readTls(folder, verify)
      : undefined
  return parseEndpoint(host === '' ? defaultHost(platform) : host, tls)
}

function readTls(folder: string, verify: boolean): TlsMaterial {
  const read = (name: string): Buffer => {
    try {
      return readFileSync(join(folder, name))
    } catch (cause) {
      throw new EscaleError('usage', `the TLS file "${join(folder, name)}" (DOCKER_CERT_PATH) cannot be read`, {
        cause,
      })
    }
  }
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem'), verify }
}
