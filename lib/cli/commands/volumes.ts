import { projectOf } from '../config/session.ts'
import { command, group } from '../command.ts'
import { formatAge, formatBytes } from '../output/units.ts'
import { clusterOf, clusterOption, yesOption } from './shared.ts'

const list = command({
  name: 'ls',
  summary: 'list the volumes of a project',
  description: 'Lists the volumes of a project on a cluster, those of removed apps too.',
  options: clusterOption,
  arguments: {},
  examples: [{ line: 'escale volumes ls', says: 'with their native names, which `escale volumes rm` takes' }],
  async handler(context, { options }) {
    const client = await context.client()
    const project = projectOf(await context.session())
    const cluster = await clusterOf(context, client, options.cluster)
    const { items } = await client.call('listVolumes', {
      params: { project },
      query: { cluster },
      signal: context.interrupted,
    })
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      items,
      [
        { title: 'NATIVE NAME', value: (volume) => volume.nativeName },
        { title: 'VOLUME', value: (volume) => volume.name },
        {
          title: 'APP',
          value: (volume) =>
            volume.app === undefined
              ? '-'
              : volume.app.environment === 'default'
                ? volume.app.app
                : `${volume.app.app} (${volume.app.environment})`,
        },
        { title: 'USED BY', value: (volume) => volume.usedBy.join(', ') || '-', shrinks: true },
        {
          title: 'SIZE',
          value: (volume) => (volume.sizeBytes === undefined ? '-' : formatBytes(volume.sizeBytes)),
          right: true,
        },
        {
          title: 'AGE',
          value: (volume) => (volume.createdAt === undefined ? '-' : formatAge(volume.createdAt, nowMs)),
          right: true,
        },
      ],
      `There are no volumes of project ${project} on ${cluster}.`,
    )
  },
})

const remove = command({
  name: 'rm',
  summary: 'delete a volume with its data',
  description: 'Deletes a volume with its data. One that an app still uses is refused.',
  options: { ...clusterOption, ...yesOption },
  arguments: { volume: { description: 'its native name', required: true } },
  examples: [{ line: 'escale volumes rm escale-default-shop-data', says: 'after asking' }],
  async handler(context, { options, args }) {
    const client = await context.client()
    const project = projectOf(await context.session())
    const cluster = await clusterOf(context, client, options.cluster)
    await context.confirm(
      `Delete the volume ${args.volume} of project ${project} on ${cluster} with its data?`,
      options.yes,
    )
    await client.call('removeVolume', {
      params: { project, volume: args.volume },
      query: { cluster },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show({ removed: args.volume }, () =>
      context.out.quiet ? '' : `volume ${args.volume} was deleted`,
    )
  },
})

export const volumes = group({
  name: 'volumes',
  summary: 'list and delete volumes',
  description: 'Volumes outlive the apps that used them, until they are deleted here.',
  commands: [list, remove],
})
