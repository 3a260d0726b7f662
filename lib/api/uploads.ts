/** Uploaded build contexts in a folder of the machine that serves the API: for the node image and the laptop. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { base32, shortHash } from '../core/hash.ts'
import type { Clock, Random } from '../core/deps.ts'
import { appKeyText } from '../model/app.ts'
import type { AppKey } from '../model/app.ts'
import type { Uploads } from './use-cases.ts'

export interface FolderUploadsOptions {
  readonly folder: string
  readonly clock: Clock
  readonly random: Random
  /** Older ones go when the next one comes. */
  readonly keepMs?: number
}

const dayMs = 24 * 3_600_000

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

export function folderUploads({ folder, clock, random, keepMs = dayMs }: FolderUploadsOptions): Uploads {
  // Each app has a folder of its own, so an id says nothing about another app's upload.
  const folderOf = (key: AppKey): string => join(folder, shortHash(appKeyText(key), 26))

  const removeOld = async (inFolder: string): Promise<void> => {
    for (const name of await readdir(inFolder)) {
      const path = join(inFolder, name)
      const { mtimeMs } = await stat(path)
      if (mtimeMs < clock.nowMs() - keepMs) await rm(path, { force: true })
    }
  }

  return {
    async put(key, archive) {
      const own = folderOf(key)
      await mkdir(own, { recursive: true, mode: 0o700 })
      await removeOld(own)
      const partial = join(own, `${base32(random.bytes(10))}.part`)
      const hash = createHash('sha256')
      let sizeBytes = 0
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk)
          sizeBytes += chunk.length
          done(null, chunk)
        },
      })
      try {
        const source = Readable.fromWeb(archive as NodeReadableStream<Uint8Array>)
        await pipeline(source, meter, createWriteStream(partial, { mode: 0o600 }))
        const digest = `sha256:${hash.digest('hex')}`
        const id = `upl_${shortHash(digest, 26)}`
        await rename(partial, join(own, id))
        return { id, digest, sizeBytes }
      } finally {
        await rm(partial, { force: true })
      }
    },
    async get(key, id) {
      if (!/^upl_[a-z2-7]{26}$/.test(id)) return undefined
      try {
        return await readFile(join(folderOf(key), id))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
  }
}
