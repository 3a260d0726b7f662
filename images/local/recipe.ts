/** How one image is made on a machine without a registry. */
import type { ImageConfig } from './archive.ts'
import type { Entry } from './rootfs.ts'

export type LocalImageName = 'busybox' | 'node' | 'redis' | 'postgres' | 'nginx' | 'haproxy' | 'registry'

export interface BuildPlace {
  /** An empty folder for this build. */
  readonly folder: string
  /** The Node program that goes into the node image. */
  readonly nodeBinary: string
  readonly signal: AbortSignal | undefined
}

export interface BuiltTree {
  readonly entries: readonly Entry[]
  readonly config: ImageConfig
  /** What it was made of, as `name version`. */
  readonly sources: readonly string[]
}

export interface Recipe {
  readonly name: LocalImageName
  /** The stable local name. */
  readonly reference: string
  /** What is pulled instead where a registry can be reached. */
  readonly publicReference: string
  /** Raised with every change of the recipe, so that cached archives of the former one are not used. */
  readonly revision: number
  build(place: BuildPlace): Promise<BuiltTree>
}

export const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
