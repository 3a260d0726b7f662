/** Where images are read from and written to: repositories and archives look the same to a copy. */
import type { Descriptor } from './digest.ts'
import type { RawManifest } from './manifest.ts'
import type { Repository } from './reference.ts'

export interface ContentSource {
  /** As it reads in a sentence. */
  readonly name: string
  /** Set where the content lies at a registry, whose other repositories can take it over without a transfer. */
  readonly repository?: Repository
  readManifest(entry: Pick<Descriptor, 'digest'>): Promise<RawManifest>
  readBlob(blob: Descriptor): AsyncIterable<Uint8Array>
}

export type Written = 'present' | 'mounted' | 'uploaded'

export interface ContentSink {
  /** How many blobs it takes at a time. */
  readonly atOnce: number
  /** Whether it has the manifest, and then all that belongs to it. */
  hasManifest(digest: string): Promise<boolean>
  writeBlob(blob: Descriptor, source: ContentSource): Promise<Written>
  /** The root of an image bears its tag, what belongs to it does not. */
  writeManifest(manifest: RawManifest, root: boolean): Promise<void>
}
