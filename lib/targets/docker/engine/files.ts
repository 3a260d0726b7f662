/** Secrets and configs of the swarm. */
import { segment } from './path.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Created, Filters, Labels } from './types/common.ts'
import type { Config, ConfigSpec, Secret, SecretSpec } from './types/swarm.ts'

export interface NewFile {
  readonly name: string
  readonly labels?: Labels
  /** Not empty; below 512,000 bytes for a secret and 1,024,000 for a config (D8). */
  readonly data: Uint8Array
}

export interface FilesApi<T, S> {
  list(options?: CallOptions & { readonly filters?: Filters }): Promise<T[]>
  inspect(id: string, options?: CallOptions): Promise<T>
  create(file: NewFile, options?: CallOptions): Promise<Created>
  /** Only labels can be changed. */
  update(id: string, version: number, spec: S, options?: CallOptions): Promise<void>
  remove(id: string, options?: CallOptions): Promise<void>
}

export type SecretsApi = FilesApi<Secret, SecretSpec>
export type ConfigsApi = FilesApi<Config, ConfigSpec>

function filesApi<T, S>(transport: Transport, root: '/secrets' | '/configs'): FilesApi<T, S> {
  return {
    list: ({ filters, ...options } = {}) =>
      transport.json({ method: 'GET', path: root, query: { filters: filterText(filters) }, ...options }),
    inspect: (id, options = {}) => transport.json({ method: 'GET', path: `${root}/${segment(id)}`, ...options }),
    create: ({ name, labels = {}, data }, options = {}) =>
      transport.json({
        method: 'POST',
        path: `${root}/create`,
        body: { json: { Name: name, Labels: labels, Data: Buffer.from(data).toString('base64') } },
        ...options,
      }),
    update: (id, version, spec, options = {}) =>
      transport.done({
        method: 'POST',
        path: `${root}/${segment(id)}/update`,
        query: { version },
        body: { json: spec },
        ...options,
      }),
    remove: (id, options = {}) => transport.done({ method: 'DELETE', path: `${root}/${segment(id)}`, ...options }),
  }
}

export const secretsApi = (transport: Transport): SecretsApi => filesApi(transport, '/secrets')
export const configsApi = (transport: Transport): ConfigsApi => filesApi(transport, '/configs')
