/**
 * What may stand in the proxy's files. The files have no quoting that holds for every place, so user text is admitted
 * by what it may consist of, never repaired: what does not fit is a problem and its route is left out.
 */
import { isIP, isIPv4 } from 'node:net'

const nameForm = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const hostForm = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/
const pathForm = /^\/(?:[A-Za-z0-9/._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})*$/

export const isProxyName = (text: string): boolean => nameForm.test(text)

/** The host as requests are compared with it, or undefined when it is no host name. */
export function canonicalHost(text: string): string | undefined {
  const host = text.toLowerCase().replace(/\.$/, '')
  return hostForm.test(host) ? host : undefined
}

/**
 * The path as requests are compared with it: decoded, slashes merged, without dot segments. Undefined when it is no
 * absolute path, or holds what a table of the proxy cannot (white space, controls, `#`, quotes, text beyond ASCII).
 */
export function canonicalPath(text: string): string | undefined {
  if (text.length > 1024 || !pathForm.test(text)) return undefined
  const decoded = text.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const path = decoded.replace(/\/+/g, '/')
  if (
    !/^[\x21-\x7e]+$/.test(path) ||
    /["'#\\`]/.test(path) ||
    path.split('/').some((part) => part === '.' || part === '..')
  )
    return undefined
  return path
}

/** Prefixes end on whole segments, so that a trailing slash means nothing. */
export const prefixPath = (path: string): string => (path.length > 1 ? path.replace(/\/$/, '') : path)

/** A pattern that matches the path literally, however many slashes stand for one. */
export const literalPattern = (path: string): string =>
  path.replace(/[^A-Za-z0-9_-]/g, (character) =>
    character === '/' ? '/+' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )

/** A path as the replacement of a pattern: format directives and group references lose their meaning. */
export const literalReplacement = (path: string): string =>
  path.replace(
    /[^A-Za-z0-9/._~!$&()*+,;=:@-]/g,
    (character) => `%%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

/** What a check may ask for: path and query, as they are. */
export const isProbeTarget = (text: string): boolean => text.length <= 1024 && /^\/[\x21-\x26\x28-\x7e]*$/.test(text)

/** `10.0.0.0/8`, or a single address; undefined when it is neither. */
export function canonicalRange(text: string): string | undefined {
  const [address = '', bits, rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest !== undefined || address.includes('%')) return undefined
  if (bits === undefined) return address
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128) ? `${address}/${Number(bits)}` : undefined
}

export const everybody: readonly string[] = ['0.0.0.0/0', '::/0']

/** Where callers of a route that is not public come from. */
export const privateRanges: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '::1',
  'fc00::/7',
]

/** Addresses that would lead the proxy to itself, where its control port listens, or to its machine. */
function leadsBack(address: string): boolean {
  if (isIPv4(address)) return /^(0|127|169\.254)\./.test(address)
  // The one form among many that an IPv6 address has.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  return canonical === '::' || canonical === '::1' || canonical.startsWith('::ffff:') || /^fe[89ab]/.test(canonical)
}

/** `address:port` of a backend; undefined when the proxy must not or cannot connect there. */
export function backendAddress(address: string, port: number): string | undefined {
  const family = isIP(address)
  if (family === 0 || address.includes('%') || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  if (leadsBack(address)) return undefined
  return family === 4 ? `${address}:${port}` : `[${address}]:${port}`
}
