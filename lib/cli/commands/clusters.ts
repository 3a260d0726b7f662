import { command, group } from '../command.ts'
import { formatAge } from '../output/units.ts'
import { everything, pagesOf } from './shared.ts'

const kinds = ['docker', 'ecs', 'kubernetes', 'memory'] as const

const list = command({
  name: 'ls',
  summary: 'list clusters',
  description: 'Lists the clusters that apps can be deployed to.',
  options: {},
  arguments: {},
  examples: [{ line: 'escale clusters ls', says: 'all that are known' }],
  async handler(context) {
    const client = await context.client()
    const clusters = await pagesOf(everything, (query) =>
      client.call('listClusters', { query, signal: context.interrupted }),
    )
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      clusters,
      [
        { title: 'CLUSTER', value: (cluster) => cluster.name },
        { title: 'KIND', value: (cluster) => cluster.kind },
        { title: 'DOMAIN', value: (cluster) => cluster.domain ?? '-' },
        { title: 'AGE', value: (cluster) => formatAge(cluster.createdAt, nowMs), right: true },
      ],
      'There are no clusters yet: `escale up` starts one.',
    )
  },
})

const add = command({
  name: 'add',
  summary: 'make a cluster known',
  description: 'Makes a cluster known to the server, so that apps can be deployed to it.',
  options: {
    kind: { short: 'k', value: 'kind', choices: kinds, description: 'what it is' },
    domain: { value: 'domain', description: 'routes without a host get one below it' },
  },
  arguments: { name: { description: 'its name', required: true } },
  examples: [
    { line: 'escale clusters add prod --kind docker --domain apps.example.com', says: 'with a domain for routes' },
  ],
  async handler(context, { options, args }) {
    const { usage } = await import('./shared.ts')
    const kind = kinds.find((each) => each === options.kind)
    if (kind === undefined) throw usage('the kind of the cluster is missing', 'add --kind docker', { allowed: kinds })
    const client = await context.client()
    const cluster = await client.call('addCluster', {
      body: { name: args.name, kind, ...(options.domain !== undefined && { domain: options.domain }) },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show(cluster, () => (context.out.quiet ? cluster.name : `cluster ${cluster.name} is known`))
  },
})

export const clusters = group({
  name: 'clusters',
  summary: 'list and add clusters',
  description: 'Where apps run.',
  commands: [list, add],
})
