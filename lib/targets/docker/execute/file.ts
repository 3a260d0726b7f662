/** Configs and secrets: immutable, so a change is a new name; only labels are ever updated. */
import { EscaleError } from '../../../core/errors.ts'
import type { Resource } from '../../../model/resource.ts'
import type { Executor, WriteContext } from '../../target.ts'
import type { Engine } from '../engine/engine.ts'
import type { ConfigSpec, SecretSpec } from '../engine/types/swarm.ts'
import { mark } from '../labels.ts'
import { bodyLabels, bodyText, callOptions, createOrFind, demandOurs, found, isOfApp, removeQuietly } from './deps.ts'
import type { ExecutorDeps } from './deps.ts'
import { isObject } from '../json.ts'

type FileKind = 'config' | 'secret'
type Files = Pick<Engine, 'configs' | 'secrets'>

export function fileExecutor(deps: ExecutorDeps, kind: FileKind): Executor {
  return {
    create: async (resource, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const api = apiOf(engine, kind)
      const existing = (): Promise<{ readonly ID: string }> =>
        api.list({ ...options, filters: { name: [resource.name] } }).then((list) => {
          // The engine's filter matches the beginning of names.
          const there = list.find(({ Spec }) => Spec.Name === resource.name)
          if (there === undefined)
            throw new EscaleError(
              'version-conflict',
              `the ${kind} "${resource.name}" was there a moment ago and is gone; deploy again`,
            )
          demandOurs(resource, there.Spec.Labels, kind)
          return there
        })
      const data = kind === 'config' ? configData(deps, resource) : await secretData(resource, context)
      const made = await createOrFind(
        () => api.create({ name: resource.name, labels: bodyLabels(resource), data }, options),
        existing,
      )
      return { nativeId: made.ID }
    },
    update: async (resource, current, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const there = await apiOf(engine, kind).inspect(current.nativeId, options)
      if (there.Spec.Labels?.[mark.intent] === resource.intent)
        return { nativeId: there.ID, version: String(there.Version.Index) }
      const spec: ConfigSpec & SecretSpec = {
        ...there.Spec,
        Labels: bodyLabels(resource),
        Data: 'Data' in there.Spec ? there.Spec.Data : '',
      }
      if (kind === 'config') await engine.configs.update(there.ID, there.Version.Index, spec, options)
      else
        await engine.secrets.update(
          there.ID,
          there.Version.Index,
          { Name: spec.Name, Labels: bodyLabels(resource) },
          options,
        )
      return { nativeId: there.ID }
    },
    remove: async (entry, current, context) => {
      const engine = await deps.manager()
      const options = callOptions(deps, context)
      const api = apiOf(engine, kind)
      const there = await found(api.inspect(current?.nativeId ?? entry.nativeId ?? entry.name, options))
      if (there === undefined || !isOfApp(context, there.Spec.Labels)) return
      await removeQuietly(
        () => api.remove(there.ID, options),
        () => `the ${kind} "${entry.name}"`,
      )
    },
  }
}

interface FileApi {
  list(options: Parameters<Files['configs']['list']>[0]): Promise<readonly NativeFile[]>
  inspect(id: string, options: Parameters<Files['configs']['inspect']>[1]): Promise<NativeFile>
  create: Files['configs']['create']
  remove: Files['configs']['remove']
}

interface NativeFile {
  readonly ID: string
  readonly Version: { readonly Index: number }
  readonly Spec: SecretSpec | ConfigSpec
}

const apiOf = (engine: Files, kind: FileKind): FileApi => (kind === 'config' ? engine.configs : engine.secrets)

function configData(deps: ExecutorDeps, resource: Resource): Uint8Array {
  const helper = resource.body['StartHelper']
  if (!isObject(helper)) return Buffer.from(bodyText(resource.body, 'Data'), 'base64')
  const arch = bodyText(helper, 'arch')
  const bytes = deps.startHelper(arch)
  if (bytes === undefined)
    throw new EscaleError(
      'engine-refused',
      `the start helper for "${arch}" is not at hand; build it, then deploy again`,
    )
  return bytes
}

async function secretData(resource: Resource, context: WriteContext): Promise<Uint8Array> {
  const from = resource.body['From']
  const source = isObject(from) ? from : {}
  const key = source['key']
  const name = bodyText(source, 'secret')
  const bytes = await context.reveal(name, typeof key === 'string' ? key : undefined)
  if (bytes.byteLength > 0) return bytes
  throw new EscaleError(
    'secret-missing',
    `the secret "${name}"${typeof key === 'string' ? ` (key "${key}")` : ''} is empty, which the engine refuses; set a value with \`escale secrets set ${name}\``,
  )
}
