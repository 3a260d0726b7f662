import { appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions } from './shared.ts'

export const restart = command({
  name: 'restart',
  summary: 'replace instances by new ones',
  description: 'Replaces the instances of services by new ones of the same release, as gently as an update.',
  options: { ...appOptions, ...waitOptions },
  arguments: { services: { description: 'the services; else all of them', rest: true, completes: 'service' } },
  examples: [
    { line: 'escale restart', says: 'all services of the app' },
    { line: 'escale restart web', says: 'one of them' },
  ],
  async handler(context, { options, args }) {
    const { act } = await import('./actions.ts')
    return await act(context, options, (client, address) =>
      client.call('restart', {
        ...callOf(address),
        body: args.services.length === 0 ? {} : { services: args.services },
        idempotencyKey: context.idempotencyKey(),
        signal: context.interrupted,
      }),
    )
  },
})
