import type { Readable } from 'node:stream'
import { registryAuthHeader, registryConfigHeader } from './auth.ts'
import { imageSegment } from './path.ts'
import { follow, lastAux } from './progress.ts'
import type { OnProgress } from './progress.ts'
import { filterText, transferTimeoutMs } from './call.ts'
import type { Body, Call, CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Filters, Labels } from './types/common.ts'
import type { DistributionInspect, Image, ImagesPruned, ImageSummary, RegistryAuth } from './types/resource.ts'

export interface TransferOptions extends CallOptions {
  readonly onProgress?: OnProgress | undefined
}

export interface BuildRequest {
  /** A tar, plain or gzip, that holds the context. */
  readonly context: Uint8Array | Readable
  readonly tags: readonly string[]
  /** Path in the context; `Dockerfile` by itself. */
  readonly dockerfile?: string
  readonly target?: string
  readonly buildArgs?: Readonly<Record<string, string>>
  readonly labels?: Labels
  readonly platform?: string
  readonly noCache?: boolean
  readonly pull?: boolean
  readonly networkMode?: string
  readonly auths?: Readonly<Record<string, RegistryAuth>>
}

export interface ImportRequest {
  readonly rootfs: Uint8Array | Readable
  readonly repository: string
  readonly tag: string
  /** Dockerfile instructions: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, USER, VOLUME, WORKDIR. */
  readonly changes?: readonly string[]
}

export interface ImagesApi {
  list(options?: CallOptions & { readonly all?: boolean; readonly filters?: Filters }): Promise<ImageSummary[]>
  inspect(reference: string, options?: CallOptions): Promise<Image>
  pull(
    reference: string,
    options?: TransferOptions & { readonly auth?: RegistryAuth | undefined; readonly platform?: string },
  ): Promise<void>
  tag(reference: string, repository: string, tag: string, options?: CallOptions): Promise<void>
  /** Answers the digest the registry now has under the tag. */
  push(
    reference: string,
    options?: TransferOptions & { readonly auth?: RegistryAuth | undefined },
  ): Promise<string | undefined>
  /** Loads an archive of `docker save`; answers the references (or ids) it held. */
  load(archive: Uint8Array | Readable, options?: TransferOptions): Promise<string[]>
  /** An archive of the images, to be read to its end. */
  save(references: readonly string[], options?: CallOptions): Promise<Readable>
  remove(
    reference: string,
    options?: CallOptions & { readonly force?: boolean; readonly noPrune?: boolean },
  ): Promise<void>
  /** Answers the new image's id. */
  import(request: ImportRequest, options?: TransferOptions): Promise<string>
  /** The classic builder; answers the new image's id. */
  build(request: BuildRequest, options?: TransferOptions): Promise<string>
  prune(options?: CallOptions & { readonly filters?: Filters }): Promise<ImagesPruned>
  /** Digest and platforms at the registry, asked by the engine. */
  distribution(
    reference: string,
    options?: CallOptions & { readonly auth?: RegistryAuth | undefined },
  ): Promise<DistributionInspect>
}

export function imagesApi(transport: Transport): ImagesApi {
  const at = (reference: string, rest = ''): string => `/images/${imageSegment(reference)}${rest}`
  return {
    list: ({ all, filters, ...options } = {}) =>
      transport.json({ method: 'GET', path: '/images/json', query: { all, filters: filterText(filters) }, ...options }),
    inspect: (reference, options = {}) => transport.json({ method: 'GET', path: at(reference, '/json'), ...options }),
    pull: async (reference, { auth, platform, onProgress, timeoutMs = transferTimeoutMs, signal } = {}) => {
      const { name, tag } = splitReference(reference)
      const query = { fromImage: name, tag, platform }
      await follow(
        transport,
        { method: 'POST', path: '/images/create', query, headers: authHeaders(auth), timeoutMs, signal },
        onProgress,
      )
    },
    tag: (reference, repo, tag, options = {}) =>
      transport.done({ method: 'POST', path: at(reference, '/tag'), query: { repo, tag }, ...options }),
    push: async (reference, { auth, onProgress, timeoutMs = transferTimeoutMs, signal } = {}) => {
      const { name, tag } = splitReference(reference)
      // The engine refuses a push without the header, even where the registry asks for nothing.
      const headers = { 'X-Registry-Auth': registryAuthHeader(auth) }
      const call = { method: 'POST', path: at(name, '/push'), query: { tag }, headers, timeoutMs, signal } as const
      return lastAux(await follow(transport, call, onProgress), 'Digest')
    },
    load: async (archive, { onProgress, timeoutMs = transferTimeoutMs, signal } = {}) => {
      const call = {
        method: 'POST',
        path: '/images/load',
        query: { quiet: true },
        body: bodyOf(archive),
        timeoutMs,
        signal,
      } as const
      return loadedNames(await follow(transport, call, onProgress))
    },
    save: async (names, { timeoutMs = transferTimeoutMs, signal } = {}) => {
      const limit = AbortSignal.timeout(timeoutMs)
      const bounded = signal === undefined ? limit : AbortSignal.any([signal, limit])
      const call = { method: 'GET', path: '/images/get', query: { names }, timeoutMs, signal: bounded } as const
      return (await transport.stream(call)).response
    },
    remove: (reference, { force, noPrune, ...options } = {}) =>
      transport.done({ method: 'DELETE', path: at(reference), query: { force, noprune: noPrune }, ...options }),
    import: async (
      { rootfs, repository, tag, changes = [] },
      { onProgress, timeoutMs = transferTimeoutMs, signal } = {},
    ) => {
      const query = { fromSrc: '-', repo: repository, tag, changes }
      const call = { method: 'POST', path: '/images/create', query, body: bodyOf(rootfs), timeoutMs, signal } as const
      const messages = await follow(transport, call, onProgress)
      return messages.findLast((message) => message.status?.startsWith('sha256:') ?? false)?.status ?? ''
    },
    build: (request, options = {}) => build(transport, request, options),
    prune: ({ filters, ...options } = {}) =>
      transport.json({
        method: 'POST',
        path: '/images/prune',
        query: { filters: filterText(filters) },
        timeoutMs: 300_000,
        ...options,
      }),
    distribution: (reference, { auth, ...options } = {}) =>
      transport.json({
        method: 'GET',
        path: `/distribution/${imageSegment(reference)}/json`,
        headers: authHeaders(auth),
        ...options,
      }),
  }
}

async function build(transport: Transport, request: BuildRequest, options: TransferOptions): Promise<string> {
  const { onProgress, timeoutMs = transferTimeoutMs, signal } = options
  const query: Call['query'] = {
    t: request.tags,
    dockerfile: request.dockerfile,
    target: request.target,
    platform: request.platform,
    nocache: request.noCache,
    pull: request.pull,
    networkmode: request.networkMode,
    buildargs: request.buildArgs === undefined ? undefined : JSON.stringify(request.buildArgs),
    labels: request.labels === undefined ? undefined : JSON.stringify(request.labels),
    rm: true,
    forcerm: true,
    // 1 is the classic builder, which needs no session beside this call.
    version: '1',
  }
  const headers: Call['headers'] =
    request.auths === undefined ? {} : { 'X-Registry-Config': registryConfigHeader(request.auths) }
  const call = {
    method: 'POST',
    path: '/build',
    query,
    headers,
    body: bodyOf(request.context),
    timeoutMs,
    signal,
  } as const
  return lastAux(await follow(transport, call, onProgress), 'ID') ?? ''
}

const bodyOf = (data: Uint8Array | Readable): Body => (data instanceof Uint8Array ? { bytes: data } : { stream: data })

const authHeaders = (auth: RegistryAuth | undefined): Record<string, string> =>
  auth === undefined ? {} : { 'X-Registry-Auth': registryAuthHeader(auth) }

/** Name and tag or digest as the pull and push calls want them; a colon before a slash belongs to the host's port. */
export function splitReference(reference: string): { name: string; tag: string } {
  const digest = reference.indexOf('@')
  if (digest !== -1) return { name: reference.slice(0, digest), tag: reference.slice(digest + 1) }
  const colon = reference.lastIndexOf(':')
  if (colon > reference.lastIndexOf('/')) return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) }
  return { name: reference, tag: 'latest' }
}

function loadedNames(messages: readonly { readonly stream?: string }[]): string[] {
  const names: string[] = []
  for (const { stream } of messages) {
    const match = /^Loaded image(?: ID)?: (\S+)/.exec(stream ?? '')
    if (match?.[1] !== undefined) names.push(match[1])
  }
  return names
}
