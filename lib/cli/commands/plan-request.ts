/** What plan and deploy begin with: the manifest, its app, its uploads. */
import type { Client } from '../../client/client.ts'
import type { AppAddress, Input, Plan } from '../../client/types.ts'
import { projectOf } from '../config/session.ts'
import type { CommandContext } from '../context.ts'
import type { LoadedManifest } from '../manifest/load.ts'

export interface PlanOptions {
  readonly file: string | undefined
  readonly env: string | undefined
  readonly set: readonly string[]
  readonly to: string | undefined
  readonly strict: string | true | undefined
}

export interface Prepared {
  readonly client: Client
  readonly loaded: LoadedManifest
  readonly address: AppAddress
  readonly body: Input<'planApp'>['body']
}

export async function prepare(context: CommandContext, options: PlanOptions): Promise<Prepared> {
  const [{ readSource }, { loadSource }, { requestOf, uploadContexts }] = await Promise.all([
    import('../manifest/source.ts'),
    import('../manifest/load.ts'),
    import('../manifest/request.ts'),
  ])
  const source = await readSource(context.world, options.file)
  const loaded = loadSource(source, {
    set: options.set,
    env: context.world.env,
    ...(options.env !== undefined && { environment: options.env }),
  })
  const body = requestOf(loaded, options.env, options)
  const client = await context.client()
  const project = projectOf(await context.session(), loaded.project)
  const address = { project, app: loaded.name, ...(options.env !== undefined && { environment: options.env }) }
  const contexts = await uploadContexts(context, client, address, loaded)
  return { client, loaded, address, body: { ...body, ...(loaded.contexts.length > 0 && { contexts }) } }
}

export async function planNow(context: CommandContext, { client, loaded, address, body }: Prepared): Promise<Plan> {
  const { tellable } = await import('../manifest/refusal.ts')
  const { project, app } = address
  return await client
    .call('planApp', { params: { project, app }, body, signal: context.interrupted })
    .catch(tellable(loaded.source, address.environment))
}
