/** What is found out about one swarm, kept as data in `Capabilities.facts`. */
import type { Json } from '../../core/hash.ts'
import type { Capabilities } from '../target.ts'
import { isObject, textOf, textsOf } from './json.ts'

export interface DockerFacts {
  readonly engine: string
  /** Version of the engine's API, e.g. `1.41`. */
  readonly api: string
  /** Whether the kernel balances on stable addresses; else names answer with all addresses (ruling C5). */
  readonly ipvs: boolean
  /** Architectures of the nodes, in the words of images: `amd64`, `arm64`. */
  readonly architectures: readonly string[]
  /** Architectures for which the start helper is at hand, with the hash of its bytes. */
  readonly startHelper: Readonly<Record<string, string>>
  /** Where routes without a host are served. */
  readonly domain?: string
  readonly httpPort: number
  readonly httpsPort: number
}

export const factsToJson = (facts: DockerFacts): Readonly<Record<string, Json>> => ({
  ...facts,
  domain: facts.domain ?? null,
})

const text = (value: Json | undefined, otherwise: string): string => (typeof value === 'string' ? value : otherwise)
const port = (value: Json | undefined, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

/** Reads the facts back; what an older record lacks counts as the weakest engine that is supported. */
export function readFacts({ facts }: Capabilities): DockerFacts {
  const { architectures, startHelper, domain } = facts
  return {
    engine: text(facts['engine'], ''),
    api: text(facts['api'], '1.41'),
    ipvs: facts['ipvs'] === true,
    architectures: textsOf(architectures),
    startHelper: isObject(startHelper)
      ? Object.fromEntries(Object.entries(startHelper).map(([arch, hash]) => [arch, textOf(hash)]))
      : {},
    ...(typeof domain === 'string' ? { domain } : {}),
    httpPort: port(facts['httpPort'], 80),
    httpsPort: port(facts['httpsPort'], 443),
  }
}

/** Engines and nodes name architectures as kernels do, images as Go does. */
export function imageArch(kernelArch: string): string {
  switch (kernelArch) {
    case 'x86_64':
      return 'amd64'
    case 'aarch64':
      return 'arm64'
    case 'armv7l':
      return 'arm'
    default:
      return kernelArch
  }
}
