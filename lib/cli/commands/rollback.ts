import { appOptions, callOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions, wholeNumber } from './shared.ts'

export const rollback = command({
  name: 'rollback',
  summary: 'go back to an earlier release',
  description:
    'Makes an earlier release true again, as fast as it can be done: the last good one before, or the one that is named.',
  options: { ...appOptions, ...waitOptions },
  arguments: { release: { description: 'its number; else the last good one before' } },
  examples: [
    { line: 'escale rollback', says: 'the last good one' },
    { line: 'escale rollback 7 --env production', says: 'this one' },
  ],
  async handler(context, { options, args }) {
    const toRelease = args.release === undefined ? undefined : wholeNumber(args.release, 'release', 1, 1_000_000_000)
    const { act } = await import('./actions.ts')
    return await act(context, options, (client, address) =>
      client.call('rollback', {
        ...callOf(address),
        body: toRelease === undefined ? {} : { toRelease },
        idempotencyKey: context.idempotencyKey(),
        signal: context.interrupted,
      }),
    )
  },
})
