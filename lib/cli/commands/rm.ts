import { addressOf, appOptions, callOf, titleOf } from '../app.ts'
import { command } from '../command.ts'
import { waitOptions, yesOption } from './shared.ts'

export const rm = command({
  name: 'rm',
  summary: 'remove an app',
  description:
    'Removes an app from its cluster. Volumes and the secrets it generated are kept and listed; --delete-volume deletes one with its data.',
  options: {
    ...appOptions,
    deleteVolume: {
      value: 'name',
      repeat: true,
      description: 'delete this volume with its data; may stand several times',
    },
    ...waitOptions,
    ...yesOption,
  },
  arguments: { app: { description: 'the app, the same as --app', completes: 'app' } },
  examples: [
    { line: 'escale rm shop --env staging', says: 'its data stay' },
    { line: 'escale rm shop --delete-volume data --yes', says: 'with the data of one volume, without being asked' },
  ],
  async handler(context, { options, args }) {
    const { seeThrough } = await import('../follow/ending.ts')
    const address = await addressOf(context, { ...options, app: args.app ?? options.app })
    const client = await context.client()
    const lost =
      options.deleteVolume.length === 0
        ? 'Its volumes are kept.'
        : `The data of ${options.deleteVolume.join(', ')} are lost.`
    await context.confirm(`Remove ${titleOf(address)} of project ${address.project}? ${lost}`, options.yes)
    const call = callOf(address)
    const started = await client.call('removeApp', {
      params: call.params,
      query: { ...call.query, deleteVolume: [...options.deleteVolume] },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    return await seeThrough(context, client, address, started, options)
  },
})
