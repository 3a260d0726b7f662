/** Privileges: nothing more than the image needs (ruling C1). Privileged containers do not exist in swarm. */
import type { JsonObject } from '../../../core/hash.ts'
import type { Container } from '../../../model/unit.ts'
import { atLeast } from '../engine/version.ts'
import { containerUser, isRoot } from './identity.ts'

const capability = (name: string): string => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`)

/** Engines before 25 cannot forbid a service's processes to gain privileges. */
export const canRestrictPrivileges = (api: string): boolean => atLeast(api, '1.44')

export function privileges({ security }: Container, api: string): JsonObject {
  if (!canRestrictPrivileges(api)) return {}
  return {
    Privileges: {
      NoNewPrivileges: true,
      ...(security.seccomp === 'unconfined' ? { Seccomp: { Mode: 'unconfined' } } : {}),
    },
  }
}

/** An image that runs as non-root gets none of the engine's default capabilities. */
export function capabilities(container: Container): JsonObject {
  const { addCapabilities, dropCapabilities } = container.security
  const drop = new Set(dropCapabilities.map(capability))
  if (container.image.config !== undefined && !isRoot(containerUser(container))) drop.add('ALL')
  const dropped = drop.has('ALL') ? ['ALL'] : [...drop].toSorted()
  const added = [...new Set(addCapabilities.map(capability))].toSorted()
  return {
    ...(added.length === 0 ? {} : { CapabilityAdd: added }),
    ...(dropped.length === 0 ? {} : { CapabilityDrop: dropped }),
  }
}
