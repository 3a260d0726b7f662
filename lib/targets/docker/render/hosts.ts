/** Names for what is outside: an address becomes a line of /etc/hosts, a name is the ingress's to forward. */
import { isIP } from 'node:net'
import type { JsonObject } from '../../../core/hash.ts'
import type { RenderContext } from './context.ts'

export function hostEntries(context: RenderContext): JsonObject {
  const lines = context.input.release.spec.external.flatMap((external) =>
    external.kind === 'host' && isIP(external.host) !== 0 ? [`${external.host} ${external.name}`] : [],
  )
  return lines.length === 0 ? {} : { Hosts: lines.toSorted() }
}
