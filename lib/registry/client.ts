/** A client of the OCI distribution API. */
import type { Clock } from '../core/deps.ts'
import type { Credentials } from './auth.ts'
import { hasBlob, readBlob, writeBlob, writeStream } from './blobs.ts'
import type { WriteBlob } from './blobs.ts'
import type { ContentSink, ContentSource } from './content.ts'
import type { Descriptor } from './digest.ts'
import type { Hosts } from './hosts.ts'
import type { RawManifest } from './manifest.ts'
import { getManifest, hasManifest, headManifest, putManifest } from './manifests.ts'
import { canonicalRepository } from './reference.ts'
import type { ImageReference, Repository } from './reference.ts'
import { createSender } from './request.ts'
import type { CallOptions } from './request.ts'
import { listTags } from './tags.ts'
import type { TagOptions } from './tags.ts'
import type { Transport } from './transport.ts'

export interface RegistryDeps {
  readonly transport: Transport
  readonly clock: Clock
  /** Asked by the host's name as it stands in names of images, `docker.io` for Docker Hub. */
  readonly credentials?: Credentials
  readonly hosts?: Hosts
}

/** Each call fails with an `EscaleError` whose code says what to do; only 429 is waited for, within the deadline. */
export interface RegistryClient {
  /** The descriptor of what a tag names, without reading it where the registry says it in its headers. */
  head(reference: ImageReference, options?: CallOptions): Promise<Descriptor>
  manifest(reference: ImageReference, options?: CallOptions): Promise<RawManifest>
  hasManifest(repository: Repository, digest: string, options?: CallOptions): Promise<boolean>
  blob(
    repository: Repository,
    blob: Pick<Descriptor, 'digest' | 'size'>,
    options?: CallOptions,
  ): AsyncIterable<Uint8Array>
  hasBlob(repository: Repository, digest: string, options?: CallOptions): Promise<boolean>
  tags(repository: Repository, options?: TagOptions): AsyncIterable<string>
  writeBlob(repository: Repository, blob: WriteBlob, options?: CallOptions): Promise<'mounted' | 'uploaded'>
  /** For content whose digest is not known beforehand. */
  writeStream(
    repository: Repository,
    content: AsyncIterable<Uint8Array>,
    options?: CallOptions & { readonly chunkBytes?: number },
  ): Promise<Pick<Descriptor, 'digest' | 'size'>>
  writeManifest(repository: Repository, manifest: RawManifest, tag?: string, options?: CallOptions): Promise<void>
}

export function createRegistryClient({
  transport,
  clock,
  credentials = async () => undefined,
  hosts = {},
}: RegistryDeps): RegistryClient {
  const send = createSender({ transport, clock, credentials, hosts })
  const client: RegistryClient = {
    async head(reference, options = {}) {
      const told = await headManifest(send, reference, options)
      if (told !== undefined) return told
      const { mediaType, digest, bytes } = await getManifest(send, reference, options)
      return { mediaType, digest, size: bytes.byteLength }
    },
    manifest: (reference, options = {}) => getManifest(send, reference, options),
    hasManifest: (repository, digest, options = {}) => hasManifest(send, repository, digest, options),
    blob: (repository, blob, options = {}) => readBlob(send, repository, blob, options),
    hasBlob: (repository, digest, options = {}) => hasBlob(send, repository, digest, options),
    tags: (repository, options) => listTags(send, repository, options),
    writeBlob: (repository, blob, options = {}) => writeBlob(send, repository, blob, options),
    writeStream: (repository, content, options = {}) => writeStream(send, repository, content, options),
    writeManifest: (repository, manifest, tag, options = {}) => putManifest(send, repository, manifest, tag, options),
  }
  return client
}

/** A repository as something to copy from. */
export const repositorySource = (
  client: RegistryClient,
  repository: Repository,
  options: CallOptions = {},
): ContentSource => ({
  name: `"${canonicalRepository(repository)}"`,
  repository,
  readManifest: ({ digest }) =>
    client.manifest({ registry: repository.registry, repository: repository.repository, digest }, options),
  readBlob: (blob) => client.blob(repository, blob, options),
})

const uploadsAtOnce = 3

/** A repository as something to copy to; `tag` is what the copied image is called there. */
export const repositorySink = (
  client: RegistryClient,
  repository: Repository,
  tag: string | undefined,
  options: CallOptions = {},
): ContentSink => ({
  atOnce: uploadsAtOnce,
  hasManifest: (digest) => client.hasManifest(repository, digest, options),
  async writeBlob(blob, source) {
    if (await client.hasBlob(repository, blob.digest, options)) return 'present'
    const from = source.repository
    const mountable = from?.registry === repository.registry && from.repository !== repository.repository
    return client.writeBlob(
      repository,
      {
        digest: blob.digest,
        size: blob.size,
        content: () => source.readBlob(blob),
        ...(mountable ? { mountFrom: from.repository } : {}),
      },
      options,
    )
  },
  writeManifest: (manifest, root) => client.writeManifest(repository, manifest, root ? tag : undefined, options),
})
