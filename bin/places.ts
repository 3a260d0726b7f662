/** Where things lie on this machine (DESIGN §13). */
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'

export const dataDir = (env: NodeJS.ProcessEnv): string =>
  env['ESCALE_DATA_DIR'] ?? join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'escale')

export const cacheDir = (env: NodeJS.ProcessEnv): string =>
  env['ESCALE_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'escale')

/** The folder of the package: where `images/` and `examples/` lie, from source and packaged alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('the package folder was not found')
    folder = parent
  }
  return folder
}
