import { segment } from './path.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Filters } from './types/common.ts'
import type { EndpointSettings } from './types/container.ts'
import type { Network, NetworkCreated, NetworkCreateRequest } from './types/resource.ts'

export interface NetworksApi {
  list(options?: CallOptions & { readonly filters?: Filters }): Promise<Network[]>
  inspect(
    id: string,
    options?: CallOptions & { readonly verbose?: boolean; readonly scope?: 'local' | 'swarm' },
  ): Promise<Network>
  /** A second network of the same name is refused as `nameTaken`. */
  create(request: NetworkCreateRequest, options?: CallOptions): Promise<NetworkCreated>
  remove(id: string, options?: CallOptions): Promise<void>
  connect(id: string, container: string, settings?: EndpointSettings, options?: CallOptions): Promise<void>
  disconnect(id: string, container: string, options?: CallOptions & { readonly force?: boolean }): Promise<void>
}

export function networksApi(transport: Transport): NetworksApi {
  return {
    list: ({ filters, ...options } = {}) =>
      transport.json({ method: 'GET', path: '/networks', query: { filters: filterText(filters) }, ...options }),
    inspect: (id, { verbose, scope, ...options } = {}) =>
      transport.json({ method: 'GET', path: `/networks/${segment(id)}`, query: { verbose, scope }, ...options }),
    create: (request, options = {}) =>
      transport.json({
        method: 'POST',
        path: '/networks/create',
        // Without it engines before API 1.44 make a second local network of the same name.
        body: { json: { CheckDuplicate: true, ...request } },
        ...options,
      }),
    remove: (id, options = {}) => transport.done({ method: 'DELETE', path: `/networks/${segment(id)}`, ...options }),
    connect: (id, container, settings, options = {}) =>
      transport.done({
        method: 'POST',
        path: `/networks/${segment(id)}/connect`,
        body: { json: { Container: container, EndpointConfig: settings } },
        ...options,
      }),
    disconnect: (id, container, { force = false, ...options } = {}) =>
      transport.done({
        method: 'POST',
        path: `/networks/${segment(id)}/disconnect`,
        body: { json: { Container: container, Force: force } },
        ...options,
      }),
  }
}
