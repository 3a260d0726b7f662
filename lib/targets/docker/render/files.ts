/**
 * Files of containers: swarm configs and secrets. Both are immutable, so their names carry what is in them:
 * the hash of a config's content, and for a secret a keyed hash of its version, never of its value (A9).
 */
import { basename } from 'node:path/posix'
import { sha256Hex, shortHash } from '../../../core/hash.ts'
import type { JsonObject } from '../../../core/hash.ts'
import type { Resource } from '../../../model/resource.ts'
import type { Container, SecretRef } from '../../../model/unit.ts'
import { add, complain, nameOf } from './context.ts'
import type { RenderContext } from './context.ts'
import { containerUser, readableMode } from './identity.ts'
import type { ContainerUser } from './identity.ts'

/** Engines refuse larger ones (ruling D8). */
export const maxConfigBytes = 1_024_000 - 1

export interface MountedFile {
  readonly kind: 'config' | 'secret'
  readonly resource: Resource
  readonly path: string
  readonly mode: number
}

/** Everything mounted into one container. The same object twice would lose its mode, so a second use is a copy. */
export interface FileSet {
  readonly mounted: MountedFile[]
  readonly user: ContainerUser
}

export const fileSet = (container: Container): FileSet => ({ mounted: [], user: containerUser(container) })

const copyNumber = (files: FileSet, id: string): number =>
  files.mounted.filter(({ resource }) => resource.id === id || resource.id.startsWith(`${id}#`)).length

const numbered = (id: string, copy: number): string => (copy === 0 ? id : `${id}#${copy + 1}`)

export function mountConfig(
  context: RenderContext,
  files: FileSet,
  path: string,
  content: Uint8Array,
  mode: number,
  from: string,
): void {
  // The engine refuses an empty config: one newline is the nearest (ruling D8, approximated).
  const bytes = content.byteLength === 0 ? new Uint8Array([10]) : content
  if (bytes.byteLength > maxConfigBytes) {
    complain(
      context,
      'too-large',
      from,
      `the file "${path}" has ${bytes.byteLength} bytes; a file from config may have ${maxConfigBytes} on this target`,
      'put large files into the image or on a volume',
    )
    return
  }
  const label = basename(path)
  const base = `config/${label}@${shortHash([label, sha256Hex(bytes)], 12)}`
  const id = numbered(base, copyNumber(files, base))
  const resource = add(context, {
    id,
    kind: 'config',
    name: nameOf(context, id, { kind: 'config', readable: [label], detail: id }),
    body: { Data: Buffer.from(bytes).toString('base64') },
    causes: { Data: from },
  })
  files.mounted.push({ kind: 'config', resource, path, mode: readableMode(mode, files.user) })
}

export function mountSecret(
  context: RenderContext,
  files: FileSet,
  path: string,
  ref: SecretRef,
  mode: number,
  from: string,
): void {
  const version = context.input.release.secretVersions[ref.secret]
  if (version === undefined) {
    complain(
      context,
      'secret-missing',
      from,
      `secret "${ref.secret}" has no value yet`,
      `set it with \`escale secrets set ${ref.secret}\``,
    )
    return
  }
  const label = ref.key === undefined ? ref.secret : `${ref.secret}.${ref.key}`
  const base = `secret/${label}@${context.input.keyedHash([ref.secret, ref.key ?? null, version])}`
  const id = numbered(base, copyNumber(files, base))
  const source: JsonObject = { secret: ref.secret, version, ...(ref.key === undefined ? {} : { key: ref.key }) }
  const resource = add(context, {
    id,
    kind: 'secret',
    name: nameOf(context, id, { kind: 'secret', readable: [label], detail: id }),
    body: { From: source },
    causes: { From: `secrets.${ref.secret}` },
  })
  files.mounted.push({ kind: 'secret', resource, path, mode: readableMode(mode, files.user) })
}

/** The start helper's program, as a config that may be executed (ruling C8). */
export function mountStartHelper(context: RenderContext, files: FileSet, path: string, arch: string): void {
  const sha256 = context.facts.startHelper[arch] ?? ''
  const id = `config/start-${arch}@${sha256.slice(0, 12)}`
  const resource = add(context, {
    id,
    kind: 'config',
    name: nameOf(context, id, { kind: 'config', readable: ['start', arch], detail: id }),
    body: { StartHelper: { arch, sha256 } },
  })
  files.mounted.push({ kind: 'config', resource, path, mode: 0o555 })
}

export function mountFiles(context: RenderContext, files: FileSet, container: Container): void {
  for (const file of container.files) {
    const { content } = file
    switch (content.kind) {
      case 'text':
        mountConfig(context, files, file.path, Buffer.from(content.text, 'utf8'), file.mode ?? 0o444, file.from)
        break
      case 'base64':
        mountConfig(context, files, file.path, Buffer.from(content.base64, 'base64'), file.mode ?? 0o444, file.from)
        break
      case 'secret':
        mountSecret(context, files, file.path, content, file.mode ?? 0o400, file.from)
        break
    }
  }
}

const target = (file: MountedFile, user: ContainerUser): JsonObject => ({
  Name: file.path,
  UID: user.kind === 'numeric' ? user.uid : '0',
  GID: user.kind === 'numeric' ? user.gid : '0',
  Mode: file.mode,
})

/** References by name; the ids are the executor's, since only the engine knows them. */
export function fileReferences({ mounted, user }: FileSet): JsonObject {
  const of = (kind: MountedFile['kind']): readonly MountedFile[] =>
    mounted.filter((file) => file.kind === kind).toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const configs = of('config').map((file) => ({ ConfigName: file.resource.name, File: target(file, user) }))
  const secrets = of('secret').map((file) => ({ SecretName: file.resource.name, File: target(file, user) }))
  return {
    ...(configs.length === 0 ? {} : { Configs: configs }),
    ...(secrets.length === 0 ? {} : { Secrets: secrets }),
  }
}
