/** A build context as a tar archive. */
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { fill, listContext } from '../images/local/context.ts'
import type { ContextFile } from '../images/local/context.ts'

const maxContextBytes = 512 * 1024 * 1024

/** Every Dockerfile that builds from the folder is sent, whatever `.dockerignore` says of it. */
export async function packContext(folder: string, dockerfiles: readonly string[]): Promise<ReadableStream<Uint8Array>> {
  const files = new Map<string, ContextFile>()
  for (const dockerfile of dockerfiles) {
    for (const file of await listContext(folder, dockerfile, maxContextBytes)) files.set(file.path, file)
  }
  const archive = pack()
  const ordered = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  fill(archive, folder, ordered).catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return Readable.toWeb(Readable.from(archive)) as ReadableStream<Uint8Array>
}
