/** What plan, deploy and the server's validation are sent. */
import { realpath } from 'node:fs/promises'
import { join, relative, sep, isAbsolute } from 'node:path'
import { EscaleError, problem } from '../../core/errors.ts'
import type { Client } from '../../client/client.ts'
import type { AppAddress } from '../../client/types.ts'
import { dispositions } from '../../model/ledger.ts'
import type { Disposition } from '../../model/ledger.ts'
import type { CommandContext } from '../context.ts'
import { formatBytes } from '../output/units.ts'
import type { LoadedManifest } from './load.ts'

export interface Wishes {
  readonly to?: string | undefined
  readonly strict?: string | true | undefined
}

/** `--strict` alone: what is not carried over as it was meant. */
const usualStrict: readonly Disposition[] = ['approximated', 'deferred', 'refused']

export function strictOf(strict: string | true | undefined): readonly Disposition[] | undefined {
  if (strict === undefined) return undefined
  if (strict === true) return usualStrict
  return strict.split(',').map((word) => {
    const found = dispositions.find((each) => each === word.trim())
    if (found !== undefined) return found
    const message = `${JSON.stringify(word)} of --strict is no disposition of the ledger`
    throw new EscaleError('usage', message, { problems: [problem('usage', message, { allowed: dispositions })] })
  })
}

export function requestOf(loaded: LoadedManifest, environment: string | undefined, wishes: Wishes) {
  const strict = strictOf(wishes.strict)
  return {
    manifest: loaded.source.text,
    params: loaded.params,
    files: loaded.files,
    ...(environment !== undefined && { environment }),
    ...(wishes.to !== undefined && { cluster: wishes.to }),
    ...(strict !== undefined && { strict }),
  }
}

/** Sends every build context; answers the uploads by the paths that the manifest names. */
export async function uploadContexts(
  context: CommandContext,
  client: Client,
  address: AppAddress,
  loaded: LoadedManifest,
): Promise<Readonly<Record<string, string>>> {
  const uploads: Record<string, string> = {}
  for (const { path, dockerfiles } of loaded.contexts) {
    const folder = await insideOf(loaded.source.folder, path)
    const archive = await context.world.packContext(folder, dockerfiles)
    context.out.note(`sending the build context ${path}`)
    const { id, sizeBytes } = await client.call('uploadContext', {
      params: { project: address.project, app: address.app },
      query: address.environment === undefined ? {} : { environment: address.environment },
      body: archive,
      signal: context.interrupted,
    })
    context.out.note(`sent ${formatBytes(sizeBytes)}`)
    uploads[path] = id
  }
  return uploads
}

/** A link in the way must not lead out of the manifest's folder either. */
async function insideOf(folder: string, path: string): Promise<string> {
  const refuse = (code: 'path-outside' | 'file-missing', message: string): never => {
    throw new EscaleError(code, message, {
      problems: [
        problem(code, message, { fix: 'name a folder inside the folder of the manifest under `build.context`' }),
      ],
    })
  }
  const root = await realpath(folder)
  const target = await realpath(join(root, path)).catch(() =>
    refuse('file-missing', `the build context ${JSON.stringify(path)} does not exist`),
  )
  const way = relative(root, target)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    return refuse('path-outside', `the build context ${JSON.stringify(path)} leads out of the folder of the manifest`)
  }
  return target
}
