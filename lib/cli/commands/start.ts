import { appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions } from './shared.ts'

export const start = command({
  name: 'start',
  summary: 'start what was stopped',
  description: 'Starts services that were stopped, with as many instances as before.',
  options: { ...appOptions, ...waitOptions },
  arguments: { services: { description: 'the services; else all of them', rest: true, completes: 'service' } },
  examples: [
    { line: 'escale start', says: 'the whole app' },
    { line: 'escale start worker', says: 'one service' },
  ],
  async handler(context, { options, args }) {
    const { act } = await import('./actions.ts')
    return await act(context, options, (client, address) =>
      client.call('start', {
        ...callOf(address),
        body: args.services.length === 0 ? {} : { services: args.services },
        idempotencyKey: context.idempotencyKey(),
        signal: context.interrupted,
      }),
    )
  },
})
