/** From a rendered body to a ServiceSpec: file names become ids, which only the engine knows. */
import { EscaleError } from '../../../core/errors.ts'
import type { Json, JsonObject } from '../../../core/hash.ts'
import type { Resource } from '../../../model/resource.ts'
import type { WriteContext } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import type { CallOptions } from '../engine/call.ts'
import type { RegistryAuth } from '../engine/types/resource.ts'
import type { ServiceSpec } from '../engine/types/service.ts'
import { registryHost } from '../reference.ts'
import { objectOf, objectsOf, textOf } from '../json.ts'

export async function serviceSpec(
  engine: Pick<Engine, 'configs' | 'secrets'>,
  resource: Resource,
  options: CallOptions,
): Promise<ServiceSpec> {
  const task = objectOf(resource.body['TaskTemplate'])
  const container = objectOf(task['ContainerSpec'])
  const [configs, secrets] = await Promise.all([
    fileIds(objectsOf(container['Configs']), 'ConfigName', (names) =>
      engine.configs.list({ ...options, filters: { name: names } }),
    ),
    fileIds(objectsOf(container['Secrets']), 'SecretName', (names) =>
      engine.secrets.list({ ...options, filters: { name: names } }),
    ),
  ])
  const withIds = (list: readonly JsonObject[], name: string, id: string, ids: ReadonlyMap<string, string>): Json[] =>
    list.map((entry) => ({ ...entry, [id]: idOf(ids, textOf(entry[name]), resource.name) }))
  const body = {
    ...resource.body,
    TaskTemplate: {
      ...task,
      ContainerSpec: {
        ...container,
        Configs: withIds(objectsOf(container['Configs']), 'ConfigName', 'ConfigID', configs),
        Secrets: withIds(objectsOf(container['Secrets']), 'SecretName', 'SecretID', secrets),
      },
    },
  }
  // A rendered body is a specification but for the ids just put in.
  return body as unknown as ServiceSpec
}

type NamedFile = { readonly ID: string; readonly Spec: { readonly Name: string } }

/** One call for all files of a kind, however many a container has. */
async function fileIds(
  entries: readonly JsonObject[],
  member: string,
  list: (names: readonly string[]) => Promise<readonly NamedFile[]>,
): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(entries.map((entry) => textOf(entry[member])))]
  if (names.length === 0) return new Map()
  return new Map((await list(names)).map(({ ID, Spec }) => [Spec.Name, ID]))
}

function idOf(ids: ReadonlyMap<string, string>, name: string, service: string): string {
  const id = ids.get(name)
  if (id === undefined)
    throw new EscaleError(
      'version-conflict',
      `the file "${name}" that the service "${service}" mounts is not there; it must be made first`,
    )
  return id
}

/** Credentials for the registry of the service's image, revealed for this one call. */
export async function registryAuth(resource: Resource, context: WriteContext): Promise<RegistryAuth | undefined> {
  const image = objectOf(objectOf(resource.body['TaskTemplate'])['ContainerSpec'])['Image']
  const host = registryHost(typeof image === 'string' ? image : '')
  const registry = context.release.spec.registries[host]
  if (registry === undefined) return undefined
  const password = await context.reveal(registry.password.secret, registry.password.key)
  return {
    username: registry.username,
    password: Buffer.from(password).toString('utf8').trimEnd(),
    serveraddress: host,
  }
}
