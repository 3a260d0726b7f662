/** The deployment of an app that has not ended. */
import type { Client } from '../../client/client.ts'
import type { AppAddress } from '../../client/types.ts'
import { EscaleError, problem } from '../../core/errors.ts'
import { callOf, titleOf } from '../app.ts'
import type { CommandContext } from '../context.ts'

export async function openDeployment(context: CommandContext, client: Client, address: AppAddress): Promise<string> {
  const call = callOf(address)
  const { items } = await client.call('listDeployments', {
    ...call,
    query: { ...call.query, limit: 10 },
    signal: context.interrupted,
  })
  const open = items.filter((item) => !item.ended)
  const [only] = open
  if (only !== undefined && open.length === 1) return only.id
  const message =
    only === undefined
      ? `no deployment of ${titleOf(address)} is under way`
      : `several deployments of ${titleOf(address)} are under way`
  throw new EscaleError('wrong-state', message, {
    problems: [
      problem('wrong-state', message, {
        fix: only === undefined ? 'see the last one with `escale status`' : 'name the one you mean',
        ...(only !== undefined && { allowed: open.map((item) => item.id) }),
      }),
    ],
  })
}
