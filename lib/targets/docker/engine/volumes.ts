import { segment } from './path.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Filters } from './types/common.ts'
import type { Volume, VolumeCreateRequest } from './types/resource.ts'

export interface VolumesApi {
  list(options?: CallOptions & { readonly filters?: Filters }): Promise<Volume[]>
  inspect(name: string, options?: CallOptions): Promise<Volume>
  /** Answers the existing volume when name and driver are the same. */
  create(request: VolumeCreateRequest, options?: CallOptions): Promise<Volume>
  remove(name: string, options?: CallOptions & { readonly force?: boolean }): Promise<void>
}

export function volumesApi(transport: Transport): VolumesApi {
  return {
    list: async ({ filters, ...options } = {}) => {
      const answer = await transport.json<{ Volumes: Volume[] | null }>({
        method: 'GET',
        path: '/volumes',
        query: { filters: filterText(filters) },
        ...options,
      })
      return answer.Volumes ?? []
    },
    inspect: (name, options = {}) => transport.json({ method: 'GET', path: `/volumes/${segment(name)}`, ...options }),
    create: (request, options = {}) =>
      transport.json({ method: 'POST', path: '/volumes/create', body: { json: request }, ...options }),
    remove: (name, { force = false, ...options } = {}) =>
      transport.done({ method: 'DELETE', path: `/volumes/${segment(name)}`, query: { force }, ...options }),
  }
}
