/** Platforms of images, and which of those an image has suits a machine best. */

export interface Platform {
  readonly os: string
  readonly arch: string
  readonly variant?: string
}

const archAliases: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  i386: '386',
  i686: '386',
}

/** From the weakest to the strongest; a machine runs its own variant and the weaker ones. */
const variants: Readonly<Record<string, readonly string[]>> = {
  amd64: ['v1', 'v2', 'v3', 'v4'],
  arm: ['v5', 'v6', 'v7', 'v8'],
  arm64: ['v8', 'v9'],
}

/** What an image without a variant was built for, and what a machine that names none can run. */
const defaultVariant: Readonly<Record<string, string>> = { amd64: 'v1', arm: 'v7', arm64: 'v8' }

/** Reads `os/arch[/variant]`; `undefined` when it is none. */
export function parsePlatform(text: string): Platform | undefined {
  const [os, arch, variant, more] = text.toLowerCase().split('/')
  if (os === undefined || os === '' || arch === undefined || arch === '' || variant === '' || more !== undefined)
    return undefined
  const impliedVariant = arch === 'armel' ? 'v6' : undefined
  const given = variant ?? impliedVariant
  return { os, arch: archAliases[arch] ?? arch, ...(given === undefined ? {} : { variant: given }) }
}

export const formatPlatform = ({ os, arch, variant }: Platform): string =>
  [os, arch, ...(variant === undefined ? [] : [variant])].join('/')

/** How well `offered` suits `wanted`: 0 is exact, larger is weaker, `undefined` does not run. */
function distance(offered: Platform, wanted: Platform): number | undefined {
  if (offered.os !== wanted.os || offered.arch !== wanted.arch) return undefined
  const order = variants[wanted.arch]
  const standard = defaultVariant[wanted.arch]
  const have = offered.variant ?? standard
  const need = wanted.variant ?? standard
  if (have === need) return 0
  if (order === undefined || have === undefined || need === undefined) return undefined
  const haveAt = order.indexOf(have)
  const needAt = order.indexOf(need)
  return haveAt === -1 || needAt === -1 || haveAt > needAt ? undefined : needAt - haveAt
}

/** The candidate that suits best; of equals the first. */
export function choosePlatform<T extends { readonly platform: Platform }>(
  candidates: readonly T[],
  wanted: Platform,
): T | undefined {
  let best: { readonly candidate: T; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const away = distance(candidate.platform, wanted)
    if (away !== undefined && (best === undefined || away < best.distance)) best = { candidate, distance: away }
  }
  return best?.candidate
}
