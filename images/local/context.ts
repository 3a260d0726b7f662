/** Builds an image from a folder with a Dockerfile, by the engine's classic builder. */
import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import type { Pack } from 'tar-stream'
import type { Log } from '../../lib/core/deps.ts'
import { EscaleError, problem } from '../../lib/core/errors.ts'
import type { Engine } from '../../lib/targets/docker/engine/engine.ts'
import { parseIgnore } from './ignore.ts'
import type { Ignores } from './ignore.ts'

export interface ContextBuild {
  readonly folder: string
  /** Name and tag of the result. */
  readonly reference: string
  /** Path inside the folder; `Dockerfile` by itself. */
  readonly dockerfile?: string
  readonly target?: string
  /** An example's Dockerfile takes its base as an argument: `ARG BASE=node:24`, `FROM $BASE`. */
  readonly buildArgs?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly maxContextBytes?: number
  readonly timeoutMs?: number
}

/** A context larger than this is nearly always a forgotten `.dockerignore`. */
const defaultMaxContextBytes = 512 * 1024 * 1024

/** Answers the id of the image. */
export async function buildFromFolder(
  engine: Engine,
  build: ContextBuild,
  { log, signal }: { readonly log: Log; readonly signal?: AbortSignal },
): Promise<string> {
  const { folder, reference, dockerfile = 'Dockerfile', timeoutMs } = build
  const files = await listContext(folder, dockerfile, build.maxContextBytes ?? defaultMaxContextBytes)
  const tar = pack()
  const filled = fill(tar, folder, files)
  // The call reports what breaks the upload; this only keeps a failure from going unheard.
  filled.catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))))
  const id = await engine.images.build(
    {
      context: Readable.from(tar),
      tags: [reference],
      dockerfile,
      ...(build.target === undefined ? {} : { target: build.target }),
      ...(build.buildArgs === undefined ? {} : { buildArgs: build.buildArgs }),
      ...(build.labels === undefined ? {} : { labels: build.labels }),
    },
    {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      signal,
      onProgress: ({ stream }) => {
        if (stream !== undefined && stream.trim() !== '') log.debug(stream.trimEnd(), { image: reference })
      },
    },
  )
  await filled
  return id
}

export interface ContextFile {
  readonly path: string
  readonly mode: number
  readonly size: number
  readonly link?: string
}

/** Paths in order, without what `.dockerignore` names; the Dockerfile itself is always sent. */
export async function listContext(folder: string, dockerfile: string, maxBytes: number): Promise<ContextFile[]> {
  const inside = posix.normalize(dockerfile)
  if (inside.startsWith('..') || inside.startsWith('/'))
    throw invalid('path-outside', `the Dockerfile "${dockerfile}" lies outside its context`)
  const ignores = parseIgnore(await readFile(join(folder, '.dockerignore'), 'utf8').catch(missingIsEmpty))
  const keep: Ignores = (path) => path !== inside && ignores(path)
  const files = await walk(folder, '', keep)
  if (!files.some(({ path }) => path === inside))
    throw invalid('file-missing', `there is no Dockerfile "${dockerfile}" in ${folder}`)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  if (bytes > maxBytes)
    throw invalid(
      'too-large',
      `the build context ${folder} holds ${bytes} bytes, more than ${maxBytes}; name what is not needed in .dockerignore`,
    )
  return files
}

/** An ignored folder is still looked into, since `!` may take back something in it. */
async function walk(folder: string, below: string, ignores: Ignores): Promise<ContextFile[]> {
  const files: ContextFile[] = []
  for (const name of (await readdir(join(folder, below))).sort()) {
    const path = posix.join(below, name)
    const found = await lstat(join(folder, path))
    if (found.isDirectory()) files.push(...(await walk(folder, path, ignores)))
    else if (ignores(path)) continue
    else if (found.isSymbolicLink())
      files.push({ path, mode: 0o777, size: 0, link: await readlink(join(folder, path)) })
    else if (found.isFile()) files.push({ path, mode: found.mode & 0o111 ? 0o755 : 0o644, size: found.size })
  }
  return files
}

/** Writes them into the archive, and ends it. */
export async function fill(tar: Pack, folder: string, files: readonly ContextFile[]): Promise<void> {
  for (const { path, mode, size, link } of files) {
    const header = { name: path, mode, mtime: new Date(0) }
    const written = Promise.withResolvers<void>()
    const done = (error?: Error | null): void => (error ? written.reject(error) : written.resolve())
    if (link !== undefined) tar.entry({ ...header, type: 'symlink', linkname: link }, done)
    else if (size === 0) tar.entry({ ...header, size: 0 }, Buffer.alloc(0), done)
    else await pipeline(createReadStream(join(folder, path), { end: size - 1 }), tar.entry({ ...header, size }, done))
    await written.promise
  }
  tar.finalize()
}

function missingIsEmpty(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
  throw error
}

const invalid = (code: 'path-outside' | 'file-missing' | 'too-large', message: string): EscaleError =>
  new EscaleError(code, message, { problems: [problem(code, message)] })
