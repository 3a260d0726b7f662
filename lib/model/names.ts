/**
 * Derived native names (ruling D5): a readable prefix, then a hash of everything that tells one thing from
 * another, so that two installations, clusters or environments in one place never meet, and a repeated
 * create finds what the lost one made.
 */
import type { AppKey, Site } from './app.ts'
import { defaultEnvironment } from './app.ts'
import { shortHash } from '../core/hash.ts'

/** What a native kind allows in its names. All are cut to lower case letters, digits and `-`, a letter first. */
export interface NameRule {
  readonly maxLength: number
}

/** The table of D5: longest names by where they are used. */
export const nameRules = {
  swarm: { maxLength: 63 },
  kubernetes: { maxLength: 63 },
  loadBalancer: { maxLength: 32 },
  targetGroup: { maxLength: 32 },
  role: { maxLength: 64 },
  securityGroup: { maxLength: 255 },
  ecs: { maxLength: 255 },
} as const satisfies Record<string, NameRule>

export interface NamedThing {
  /** The native kind: two kinds of one unit have different names. */
  readonly kind: string
  readonly unit?: string
  /** `next` during a change with two tracks; absent for the stable one. */
  readonly track?: string
  /** Anything else that tells it from its siblings: an ordinal, the hash of a content, a run. */
  readonly detail?: string
  /** What people should recognise it by. */
  readonly readable: readonly string[]
}

/** Who the thing belongs to; without an app it is shared by the apps of a project in that environment. */
export type NameOwner = Pick<AppKey, 'project' | 'environment'> & { readonly app?: string }

const hashLength = 10

const clean = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')

export function derivedName(site: Site, owner: NameOwner, thing: NamedThing, rule: NameRule): string {
  const hash = shortHash(
    [
      site.installId,
      site.cluster,
      owner.project,
      owner.app ?? null,
      owner.environment,
      thing.unit ?? null,
      thing.track ?? null,
      thing.kind,
      thing.detail ?? null,
    ],
    hashLength,
  )
  const environment = owner.environment === defaultEnvironment ? [] : [owner.environment]
  const parts = [owner.app ?? owner.project, ...environment, ...thing.readable].map(clean).filter((part) => part !== '')
  const prefix = clean(parts.join('-').slice(0, rule.maxLength - hashLength - 1))
  // The hash alone could begin with a digit.
  return `${prefix === '' ? 'x' : prefix}-${hash}`
}
