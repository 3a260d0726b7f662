import { projectOf } from '../config/session.ts'
import { command } from '../command.ts'
import { formatAge } from '../output/units.ts'
import { everything, pagesOf } from './shared.ts'

export const ls = command({
  name: 'ls',
  summary: 'list the apps of a project',
  description: 'Lists the apps of a project in all environments.',
  options: { all: { description: 'removed ones too, of which kept data is left' } },
  arguments: {},
  watchable: true,
  examples: [
    { line: 'escale ls', says: 'of the project of the context' },
    { line: 'escale ls --project team-a -o wide', says: 'of another, with more columns' },
  ],
  async handler(context, { options }) {
    const client = await context.client()
    const project = projectOf(await context.session())
    const apps = await pagesOf(everything, (query) =>
      client.call('listApps', { params: { project }, query, signal: context.interrupted }),
    )
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      apps.filter((app) => options.all || app.removedAt === undefined),
      [
        { title: 'APP', value: (app) => app.name },
        { title: 'ENVIRONMENT', value: (app) => app.environment },
        { title: 'CLUSTER', value: (app) => app.cluster },
        { title: 'RELEASE', value: (app) => (app.release === undefined ? '-' : String(app.release)), right: true },
        {
          title: 'STATE',
          value: (app) => {
            if (app.removedAt !== undefined) return 'removed'
            if (app.deploying) return 'deploying'
            if (app.stopped.includes('*')) return 'stopped'
            return app.stopped.length > 0 ? 'partly stopped' : app.release === undefined ? 'not deployed' : 'running'
          },
        },
        {
          title: 'LAST GOOD',
          value: (app) => (app.lastGood === undefined ? '-' : String(app.lastGood)),
          right: true,
          wide: true,
        },
        { title: 'AGE', value: (app) => formatAge(app.createdAt, nowMs), right: true },
      ],
      `There are no apps in project ${project}.`,
    )
  },
})
