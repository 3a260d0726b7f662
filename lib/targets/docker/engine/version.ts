/** Agreement on one API version with an engine. */
import { EscaleError } from '../../../core/errors.ts'

/** The oldest version with swarm jobs and service status (engine 20.10), and the newest this client was written against. */
export const minimumApiVersion = '1.41'
export const newestApiVersion = '1.51'

/** Whole numbers, because 1.9 is older than 1.41. */
const minor = (version: string): number | undefined => {
  const match = /^1\.(\d+)$/.exec(version)
  return match === null ? undefined : Number(match[1])
}

/** The version to speak with an engine whose newest is `offered`. */
export function agreeApiVersion(offered: string, endpoint: string): string {
  const theirs = minor(offered)
  if (theirs === undefined)
    throw new EscaleError(
      'engine-refused',
      `the engine at ${endpoint} offers API version "${offered}", which is not of the form 1.N`,
    )
  if (theirs < (minor(minimumApiVersion) ?? 0))
    throw new EscaleError(
      'engine-refused',
      `the engine at ${endpoint} speaks API ${offered}, but Escale needs ${minimumApiVersion} (Docker 20.10) or newer; upgrade the engine`,
    )
  return theirs < (minor(newestApiVersion) ?? 0) ? offered : newestApiVersion
}

export const atLeast = (version: string, wanted: string): boolean => (minor(version) ?? 0) >= (minor(wanted) ?? 0)
