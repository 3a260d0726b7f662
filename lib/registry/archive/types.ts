/** Images in an archive. */
import type { ContentSource } from '../content.ts'
import type { RawManifest } from '../manifest.ts'
import type { Platform } from '../platform.ts'

export interface ArchivedImage {
  /** Full names as far as the archive has any, `acme/web:v1`. */
  readonly names: readonly string[]
  readonly root: RawManifest
  /** Of an image for a single platform, where the archive says it. */
  readonly platform?: Platform
}

export interface ImageArchive {
  readonly format: 'docker' | 'oci'
  readonly images: readonly ArchivedImage[]
  readonly source: ContentSource
  /** Removes what was unpacked for reading. */
  close(): Promise<void>
}
