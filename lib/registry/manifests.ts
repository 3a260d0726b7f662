/** Manifests at a registry: asked for, fetched, written. */
import { EscaleError } from '../core/errors.ts'
import { readAll } from './bytes.ts'
import { checkBytes, digestOf, isDigest } from './digest.ts'
import type { Descriptor } from './digest.ts'
import { acceptedManifests, isManifestType, maxManifestBytes } from './manifest.ts'
import type { RawManifest } from './manifest.ts'
import { canonicalName, canonicalRepository, defaultTag } from './reference.ts'
import type { ImageReference, Repository } from './reference.ts'
import type { Answer, CallOptions, SendToRegistry } from './request.ts'
import { pullScope, pushScope } from './scope.ts'

const timeoutMs = 30_000
const accept = acceptedManifests.join(', ')

/** The digest where there is one, else the tag: a name with both means the digest. */
export const versionOf = ({ digest, tag }: ImageReference): string => digest ?? tag ?? defaultTag

/** What the tag names now, without its content (which some registries count). `undefined` where a HEAD does not say. */
export async function headManifest(
  send: SendToRegistry,
  reference: ImageReference,
  options: CallOptions,
): Promise<Descriptor | undefined> {
  const answer = await ask(send, 'HEAD', reference, options, [200, 405])
  answer.discard()
  const digest = answer.headers['docker-content-digest']
  const mediaType = mediaTypeOf(answer)
  const length = answer.headers['content-length']
  if (
    answer.status !== 200 ||
    digest === undefined ||
    !isDigest(digest) ||
    length === undefined ||
    !isManifestType(mediaType)
  )
    return undefined
  if (reference.digest !== undefined && digest !== reference.digest)
    throw new EscaleError('digest-mismatch', `${reference.registry} answers for ${reference.digest} with ${digest}`)
  return { mediaType, digest, size: Number(length) }
}

export async function getManifest(
  send: SendToRegistry,
  reference: ImageReference,
  options: CallOptions,
): Promise<RawManifest> {
  const name = canonicalName(reference)
  const answer = await ask(send, 'GET', reference, options, [200])
  const mediaType = mediaTypeOf(answer)
  if (!isManifestType(mediaType)) {
    answer.discard()
    throw new EscaleError(
      'image-unsupported',
      `the image "${name}" is of the type "${mediaType}"; push it again with a current builder`,
    )
  }
  const bytes = await readAll(answer.body, maxManifestBytes, `the manifest of ${name}`)
  const announced = reference.digest ?? answer.headers['docker-content-digest']
  if (announced !== undefined) checkBytes(bytes, announced, `the manifest of ${name}`)
  return { mediaType, digest: announced ?? digestOf(bytes), bytes }
}

function ask(
  send: SendToRegistry,
  method: 'GET' | 'HEAD',
  reference: ImageReference,
  options: CallOptions,
  expect: readonly number[],
): Promise<Answer> {
  return send({
    method,
    registry: reference.registry,
    target: `/v2/${reference.repository}/manifests/${versionOf(reference)}`,
    headers: { accept },
    scopes: [pullScope(reference.repository)],
    expect,
    subject: `the image "${canonicalName(reference)}"`,
    options,
    timeoutMs,
  })
}

const mediaTypeOf = (answer: Answer): string =>
  (answer.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Whether the registry has the manifest, and with it all it refers to. */
export async function hasManifest(
  send: SendToRegistry,
  repository: Repository,
  digest: string,
  options: CallOptions,
): Promise<boolean> {
  const answer = await send({
    method: 'HEAD',
    registry: repository.registry,
    target: `/v2/${repository.repository}/manifests/${digest}`,
    headers: { accept },
    scopes: [pushScope(repository.repository)],
    expect: [200, 404],
    subject: `the manifest ${digest} of "${canonicalRepository(repository)}"`,
    options,
    timeoutMs,
  })
  answer.discard()
  return answer.status === 200
}

/** Writes a manifest under a tag, or under its own digest only. Everything it refers to has to be there already. */
export async function putManifest(
  send: SendToRegistry,
  repository: Repository,
  manifest: RawManifest,
  tag: string | undefined,
  options: CallOptions,
): Promise<void> {
  checkBytes(manifest.bytes, manifest.digest, 'the manifest to be written')
  const name = canonicalRepository(repository)
  const answer = await send({
    method: 'PUT',
    registry: repository.registry,
    target: `/v2/${repository.repository}/manifests/${tag ?? manifest.digest}`,
    headers: { 'content-type': manifest.mediaType },
    body: () => manifest.bytes,
    scopes: [pushScope(repository.repository)],
    expect: [200, 201],
    subject: `the manifest of "${name}${tag === undefined ? `@${manifest.digest}` : `:${tag}`}"`,
    writing: true,
    options,
    timeoutMs,
  })
  answer.discard()
  const stored = answer.headers['docker-content-digest']
  if (
    stored !== undefined &&
    isDigest(stored) &&
    stored.startsWith('sha256:') &&
    manifest.digest.startsWith('sha256:') &&
    stored !== manifest.digest
  )
    throw new EscaleError(
      'digest-mismatch',
      `${repository.registry} stored the manifest ${manifest.digest} as ${stored}: it rewrites what is pushed`,
    )
}
