import { registryAuthHeader } from './auth.ts'
import type { Frame } from './frames.ts'
import { logs } from './logs.ts'
import type { LogOptions } from './logs.ts'
import { segment } from './path.ts'
import { filterText } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Transport } from './transport.ts'
import type { Filters } from './types/common.ts'
import type { RegistryAuth } from './types/resource.ts'
import type { Service, ServiceCreated, ServiceSpec, ServiceUpdated, Task } from './types/service.ts'

export interface ServiceWriteOptions extends CallOptions {
  readonly auth?: RegistryAuth | undefined
}

export interface ServiceUpdateOptions extends ServiceWriteOptions {
  /** Whose stored credentials stay in force when none are given. */
  readonly registryAuthFrom?: 'spec' | 'previous-spec'
  /** The engine puts the previous specification back; the body is still the current one. */
  readonly rollback?: 'previous'
}

export interface ServicesApi {
  list(options?: CallOptions & { readonly filters?: Filters; readonly status?: boolean }): Promise<Service[]>
  inspect(id: string, options?: CallOptions & { readonly insertDefaults?: boolean }): Promise<Service>
  create(spec: ServiceSpec, options?: ServiceWriteOptions): Promise<ServiceCreated>
  /** `version` is the `Version.Index` the decision was made at; a stale one fails as `outOfSequence` (D1). */
  update(id: string, version: number, spec: ServiceSpec, options?: ServiceUpdateOptions): Promise<ServiceUpdated>
  remove(id: string, options?: CallOptions): Promise<void>
  logs(id: string, options?: LogOptions): AsyncIterable<Frame>
}

export function servicesApi(transport: Transport): ServicesApi {
  const inspect: ServicesApi['inspect'] = (id, { insertDefaults, ...options } = {}) =>
    transport.json({ method: 'GET', path: `/services/${segment(id)}`, query: { insertDefaults }, ...options })
  return {
    inspect,
    list: ({ filters, status, ...options } = {}) =>
      transport.json({ method: 'GET', path: '/services', query: { filters: filterText(filters), status }, ...options }),
    create: (spec, { auth, ...options } = {}) =>
      transport.json({
        method: 'POST',
        path: '/services/create',
        body: { json: spec },
        headers: authHeaders(auth),
        ...options,
      }),
    update: (id, version, spec, { auth, registryAuthFrom, rollback, ...options } = {}) =>
      transport.json({
        method: 'POST',
        path: `/services/${segment(id)}/update`,
        query: { version, registryAuthFrom, rollback },
        body: { json: spec },
        headers: authHeaders(auth),
        ...options,
      }),
    remove: (id, options = {}) => transport.done({ method: 'DELETE', path: `/services/${segment(id)}`, ...options }),
    logs: (id, options = {}) =>
      logs(transport, `/services/${segment(id)}/logs`, options, async (asked) => {
        const service = await inspect(id, asked)
        return service.Spec.TaskTemplate.ContainerSpec?.TTY ?? false
      }),
  }
}

const authHeaders = (auth: RegistryAuth | undefined): Record<string, string> =>
  auth === undefined ? {} : { 'X-Registry-Auth': registryAuthHeader(auth) }

export interface TasksApi {
  list(options?: CallOptions & { readonly filters?: Filters }): Promise<Task[]>
  inspect(id: string, options?: CallOptions): Promise<Task>
  logs(id: string, options?: LogOptions): AsyncIterable<Frame>
}

export function tasksApi(transport: Transport): TasksApi {
  const inspect: TasksApi['inspect'] = (id, options = {}) =>
    transport.json({ method: 'GET', path: `/tasks/${segment(id)}`, ...options })
  return {
    inspect,
    list: ({ filters, ...options } = {}) =>
      transport.json({ method: 'GET', path: '/tasks', query: { filters: filterText(filters) }, ...options }),
    logs: (id, options = {}) =>
      logs(transport, `/tasks/${segment(id)}/logs`, options, async (asked) => {
        const task = await inspect(id, asked)
        return task.Spec.ContainerSpec?.TTY ?? false
      }),
  }
}
