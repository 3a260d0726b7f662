/** The platform for `escale up`, and the owner's token that its first start left. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UpPlatform, UpRequest } from '../lib/cli/world.ts'
import { dataDir } from './places.ts'
import { startPlatform } from './up.ts'

export async function upHere(request: UpRequest, env: NodeJS.ProcessEnv): Promise<UpPlatform> {
  const platform = await startPlatform({ ...request, env })
  const kept = join(request.dataDir ?? dataDir(env), 'owner-token')
  const token = platform.ownerToken ?? (await readFile(kept, 'utf8').then((text) => text.trim(), missingIsNone))
  return {
    url: platform.server.url,
    ...(token !== undefined && { token }),
    close: () => platform.close(),
  }
}

function missingIsNone(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
