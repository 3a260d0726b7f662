/** Actions that begin a deployment of what is released already. */
import type { Deployment, AppAddress } from '../../client/types.ts'
import type { Client } from '../../client/client.ts'
import { addressOf } from '../app.ts'
import type { AppChoice } from '../app.ts'
import type { CommandContext } from '../context.ts'

export interface ActionOptions extends AppChoice {
  readonly detach: boolean
  readonly timeout: string | undefined
}

export async function act(
  context: CommandContext,
  options: ActionOptions,
  begin: (client: Client, address: AppAddress) => Promise<Deployment>,
): Promise<number> {
  const [{ seeThrough }, { timeoutMs }] = await Promise.all([
    import('../follow/ending.ts'),
    import('../follow/deployment.ts'),
  ])
  timeoutMs(options.timeout)
  const address = await addressOf(context, options)
  const client = await context.client()
  return await seeThrough(context, client, address, await begin(client, address), options)
}
