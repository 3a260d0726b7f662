import { addressOf, appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions } from './shared.ts'

export const cancel = command({
  name: 'cancel',
  summary: 'end a deployment that is under way',
  description: 'Stops going forward and goes back to the last good release; with --leave things stay as they are.',
  options: { ...appOptions, leave: { description: 'leave things as they are, half way' }, ...waitOptions },
  arguments: { deployment: { description: 'its id; else the one under way' } },
  examples: [
    { line: 'escale cancel', says: 'go back' },
    { line: 'escale cancel --leave', says: 'stop where it is' },
  ],
  async handler(context, { options, args }) {
    const [{ openDeployment }, { seeThrough }] = await Promise.all([
      import('../follow/open.ts'),
      import('../follow/ending.ts'),
    ])
    const address = await addressOf(context, options)
    const client = await context.client()
    const deployment = args.deployment ?? (await openDeployment(context, client, address))
    const call = callOf(address)
    const started = await client.call('cancelDeployment', {
      params: { ...call.params, deployment },
      query: call.query,
      body: { leave: options.leave },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    return await seeThrough(context, client, address, started, { ...options, wantsCancelled: true })
  },
})
