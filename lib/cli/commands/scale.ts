import { appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { pairsOf } from '../manifest/params.ts'
import { usage, waitOptions, wholeNumber } from './shared.ts'

export const scale = command({
  name: 'scale',
  summary: 'set how many instances run',
  description:
    'Sets how many instances services have, without a new release. A later deployment keeps the counts unless the manifest changed its own; the plan says so.',
  options: { ...appOptions, ...waitOptions },
  arguments: { counts: { description: 'service=count', rest: true, required: true, completes: 'service' } },
  examples: [
    { line: 'escale scale web=4', says: 'one service' },
    { line: 'escale scale web=4 worker=2 --env production', says: 'several at once' },
  ],
  async handler(context, { options, args }) {
    const wrong = args.counts.find((word) => !/^[^=]+=\d+$/.test(word))
    if (wrong !== undefined) throw usage(`${JSON.stringify(wrong)} is no service=count`, 'write it as web=4')
    const services = Object.fromEntries(
      Object.entries(pairsOf(args.counts, 'scale')).map(([service, count]) => [
        service,
        wholeNumber(count, service, 0, 10_000),
      ]),
    )
    const { act } = await import('./actions.ts')
    return await act(context, options, (client, address) =>
      client.call('scale', {
        ...callOf(address),
        body: { services },
        idempotencyKey: context.idempotencyKey(),
        signal: context.interrupted,
      }),
    )
  },
})
