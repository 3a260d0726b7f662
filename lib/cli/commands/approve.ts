import { addressOf, appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions } from './shared.ts'

export const approve = command({
  name: 'approve',
  summary: 'approve a deployment that waits for it',
  description: 'Approves a deployment of an app whose manifest says `approval: required`, and waits for its end.',
  options: { ...appOptions, ...waitOptions },
  arguments: { deployment: { description: 'its id; else the one that waits' } },
  examples: [
    { line: 'escale approve --env production', says: 'whatever waits' },
    { line: 'escale approve dep_k7mw3q2m5n4p6r7s2t3v4w5x6y --app shop', says: 'this one' },
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
    const started = await client.call('approveDeployment', {
      params: { ...call.params, deployment },
      query: call.query,
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    return await seeThrough(context, client, address, started, options)
  },
})
