import { appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions } from './shared.ts'

export const stop = command({
  name: 'stop',
  summary: 'stop services; data and routes stay',
  description:
    'Stops services, all of them where none is named. Data, names, routes and counts stay; `escale start` brings them back.',
  options: { ...appOptions, ...waitOptions },
  arguments: { services: { description: 'the services; else all of them', rest: true, completes: 'service' } },
  examples: [
    { line: 'escale stop', says: 'the whole app' },
    { line: 'escale stop worker --env staging', says: 'one service of an environment' },
  ],
  async handler(context, { options, args }) {
    const { act } = await import('./actions.ts')
    return await act(context, options, (client, address) =>
      client.call('stop', {
        ...callOf(address),
        body: args.services.length === 0 ? {} : { services: args.services },
        idempotencyKey: context.idempotencyKey(),
        signal: context.interrupted,
      }),
    )
  },
})
