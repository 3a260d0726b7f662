/** Blobs at a registry: layers and configurations. */
import { createHash } from 'node:crypto'
import { EscaleError } from '../core/errors.ts'
import { checked } from './digest.ts'
import type { Descriptor } from './digest.ts'
import { canonicalRepository } from './reference.ts'
import type { Repository } from './reference.ts'
import type { Answer, CallOptions, SendToRegistry } from './request.ts'
import { pullScope, pushScope } from './scope.ts'

/** A layer may be gigabytes on a slow line; a stalled connection is noticed much earlier by the transport. */
const transferTimeoutMs = 30 * 60_000
const timeoutMs = 30_000
const defaultChunkBytes = 8 * 1024 * 1024

export type Content = () => AsyncIterable<Uint8Array>

/** The bytes of a blob, checked against digest and size as they pass. */
export async function* readBlob(
  send: SendToRegistry,
  repository: Repository,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  options: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const what = `the blob ${blob.digest} of "${canonicalRepository(repository)}"`
  const answer = await send({
    method: 'GET',
    registry: repository.registry,
    target: `/v2/${repository.repository}/blobs/${blob.digest}`,
    scopes: [pullScope(repository.repository)],
    expect: [200],
    subject: what,
    options,
    timeoutMs: transferTimeoutMs,
  })
  yield* checked(answer.body, blob, what)
}

export async function hasBlob(
  send: SendToRegistry,
  repository: Repository,
  digest: string,
  options: CallOptions,
): Promise<boolean> {
  const answer = await send({
    method: 'HEAD',
    registry: repository.registry,
    target: `/v2/${repository.repository}/blobs/${digest}`,
    scopes: [pushScope(repository.repository)],
    expect: [200, 404],
    subject: `the blob ${digest} of "${canonicalRepository(repository)}"`,
    options,
    timeoutMs,
  })
  answer.discard()
  return answer.status === 200
}

export interface WriteBlob {
  readonly digest: string
  readonly size: number
  readonly content: Content
  /** A repository of the same registry that may have the blob already. */
  readonly mountFrom?: string
}

/** Writes a blob whose digest is known in one go, or mounts it from another repository. */
export async function writeBlob(
  send: SendToRegistry,
  repository: Repository,
  blob: WriteBlob,
  options: CallOptions,
): Promise<'mounted' | 'uploaded'> {
  const what = `the blob ${blob.digest} of "${canonicalRepository(repository)}"`
  const begun = await beginUpload(send, repository, what, options, blob)
  if (begun === 'mounted') return begun
  const target = new URL(begun.location)
  target.searchParams.set('digest', blob.digest)
  const answer = await send({
    ...upload(repository, what, options),
    method: 'PUT',
    target,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: () => checked(blob.content(), blob, what),
    expect: [201, 204],
  })
  answer.discard()
  return 'uploaded'
}

/** Writes a blob whose digest is known only at its end, chunk by chunk. */
export async function writeStream(
  send: SendToRegistry,
  repository: Repository,
  content: AsyncIterable<Uint8Array>,
  options: CallOptions & { readonly chunkBytes?: number },
): Promise<Pick<Descriptor, 'digest' | 'size'>> {
  const what = `a new blob of "${canonicalRepository(repository)}"`
  const begun = await beginUpload(send, repository, what, options)
  if (begun === 'mounted')
    throw new EscaleError('registry-refused', `${repository.registry} ended the upload of ${what} before it began`)
  const hash = createHash('sha256')
  let target = new URL(begun.location)
  let size = 0
  for await (const chunk of inChunks(content, Math.max(options.chunkBytes ?? defaultChunkBytes, begun.minChunkBytes))) {
    hash.update(chunk)
    const answer = await send({
      ...upload(repository, what, options),
      method: 'PATCH',
      target,
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${size}-${size + chunk.byteLength - 1}`,
      },
      body: () => chunk,
      expect: [202],
    })
    answer.discard()
    target = locationOf(answer, target, what)
    size += chunk.byteLength
  }
  const digest = `sha256:${hash.digest('hex')}`
  target.searchParams.set('digest', digest)
  const answer = await send({
    ...upload(repository, what, options),
    method: 'PUT',
    target,
    headers: { 'content-length': '0' },
    expect: [201, 204],
  })
  answer.discard()
  return { digest, size }
}

const upload = (repository: Repository, subject: string, options: CallOptions) => ({
  registry: repository.registry,
  scopes: [pushScope(repository.repository)],
  subject,
  writing: true,
  options,
  timeoutMs: transferTimeoutMs,
})

interface Begun {
  readonly location: URL
  readonly minChunkBytes: number
}

async function beginUpload(
  send: SendToRegistry,
  repository: Repository,
  subject: string,
  options: CallOptions,
  blob?: Pick<WriteBlob, 'digest' | 'mountFrom'>,
): Promise<'mounted' | Begun> {
  const mountFrom = blob?.mountFrom
  const query =
    blob === undefined || mountFrom === undefined
      ? ''
      : `?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(mountFrom)}`
  const answer = await send({
    ...upload(repository, subject, options),
    method: 'POST',
    target: `/v2/${repository.repository}/blobs/uploads/${query}`,
    headers: { 'content-length': '0' },
    scopes: [pushScope(repository.repository), ...(mountFrom === undefined ? [] : [pullScope(mountFrom)])],
    expect: mountFrom === undefined ? [202] : [201, 202],
    timeoutMs,
  })
  answer.discard()
  if (answer.status === 201) return 'mounted'
  return {
    location: locationOf(answer, answer.url, subject),
    minChunkBytes: Number(answer.headers['oci-chunk-min-length'] ?? 0) || 0,
  }
}

function locationOf(answer: Answer, from: URL, what: string): URL {
  const location = answer.headers['location'] ?? ''
  if (location === '' || !URL.canParse(location, from.href))
    throw new EscaleError('registry-refused', `${from.host} does not say where ${what} is to be sent`)
  return new URL(location, from)
}

async function* inChunks(
  content: AsyncIterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const piece of content) {
    held.push(piece)
    size += piece.byteLength
    if (size < chunkBytes) continue
    yield Buffer.concat(held)
    held = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(held)
}
