/** Where the lab keeps what it must find again. */
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Running labs, one folder each; short, because socket paths end at 107 characters. */
export const labRoot = (): string => join(tmpdir(), 'escale-lab')

/** What outlives a run: images, keyed by versions. */
export const cacheRoot = (env: NodeJS.ProcessEnv): string =>
  join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'escale')
