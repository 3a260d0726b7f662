/** A manifest of this machine, checked, with all that must travel along with it. */
import { posix } from 'node:path'
import type { Problem } from '../../core/problems.ts'
import { folderReader } from '../../manifest/files.ts'
import { lowerManifest } from '../../manifest/lower.ts'
import { loadManifest } from '../../manifest/resolve.ts'
import type { ResolvedManifest } from '../../manifest/resolve.ts'
import { containersOf } from '../../model/unit.ts'
import { RefusedText } from '../failure.ts'
import { paramsFrom } from './params.ts'
import { peek } from './peek.ts'
import type { ManifestSource } from './source.ts'

export interface LoadOptions {
  readonly environment?: string
  readonly set: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface BuildContext {
  /** As the manifest names it. */
  readonly path: string
  readonly dockerfiles: readonly string[]
}

export interface LoadedManifest {
  readonly source: ManifestSource
  readonly resolved: ResolvedManifest
  readonly name: string
  readonly project?: string
  readonly params: Readonly<Record<string, string>>
  /** Warnings: errors have been thrown. */
  readonly problems: readonly Problem[]
  /** What `path:` names, in base64, by path. */
  readonly files: Readonly<Record<string, string>>
  readonly contexts: readonly BuildContext[]
}

export function loadSource(source: ManifestSource, options: LoadOptions): LoadedManifest {
  const params = paramsFrom(options.set, options.env, peek(source).params)
  const reader = folderReader(source.folder)
  const loaded = loadManifest(source.text, {
    file: source.file,
    params,
    files: reader,
    ...(options.environment !== undefined && { environment: options.environment }),
  })
  if (!loaded.ok) {
    const first = loaded.problems.find((each) => each.severity === 'error')
    throw new RefusedText(first?.code ?? 'internal-error', loaded.problems, source)
  }
  const { metadata, config = {} } = loaded.value.complete
  const files: Record<string, string> = {}
  for (const { files: named = {} } of Object.values(config)) {
    for (const file of Object.values(named)) {
      if (!('path' in file)) continue
      const path = posix.normalize(file.path.replaceAll('\\', '/')).replace(/\/+$/, '')
      const read = reader.read(path)
      if (read.kind === 'file') files[path] = Buffer.from(read.bytes).toString('base64')
      if (read.kind === 'folder') {
        for (const each of read.files)
          files[path === '.' ? each.path : `${path}/${each.path}`] = Buffer.from(each.bytes).toString('base64')
      }
    }
  }
  return {
    source,
    resolved: loaded.value,
    name: metadata.name,
    ...(metadata.project !== undefined && { project: metadata.project }),
    params,
    problems: loaded.problems,
    files,
    contexts: contextsOf(loaded.value),
  }
}

function contextsOf(resolved: ResolvedManifest): readonly BuildContext[] {
  const contexts = new Map<string, Set<string>>()
  for (const { image } of lowerManifest(resolved).units.flatMap(containersOf)) {
    if (image.build === undefined) continue
    const { context, dockerfile } = image.build
    contexts.set(context, (contexts.get(context) ?? new Set()).add(dockerfile))
  }
  return [...contexts].map(([path, dockerfiles]) => ({ path, dockerfiles: [...dockerfiles] }))
}
