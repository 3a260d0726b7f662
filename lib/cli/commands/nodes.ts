import { command, group } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { formatMiB } from '../output/units.ts'
import { clusterOf, clusterOption, usage, yesOption } from './shared.ts'

const list = command({
  name: 'ls',
  summary: 'list the machines of a cluster',
  description: 'Lists the machines of a cluster.',
  options: clusterOption,
  arguments: {},
  watchable: true,
  examples: [{ line: 'escale nodes ls -o wide', says: 'with their labels' }],
  async handler(context, { options }) {
    const client = await context.client()
    const cluster = await clusterOf(context, client, options.cluster)
    const { items } = await client.call('listNodes', { params: { cluster }, signal: context.interrupted })
    await context.out.list(
      items,
      [
        { title: 'NODE', value: (node) => node.name },
        {
          title: 'STATE',
          value: (node) => node.state,
          colour: (node, style) => (node.state === 'ready' ? style.green : style.yellow),
        },
        { title: 'ROLE', value: (node) => node.role },
        { title: 'CPU', value: (node) => String(node.cpu), right: true },
        { title: 'MEMORY', value: (node) => formatMiB(node.memoryBytes), right: true },
        { title: 'PLATFORM', value: (node) => `${node.os}/${node.arch}` },
        { title: 'ID', value: (node) => node.id, wide: true },
        {
          title: 'LABELS',
          value: (node) =>
            Object.entries(node.labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(', '),
          wide: true,
          shrinks: true,
        },
      ],
      `Cluster ${cluster} has no machines.`,
    )
  },
})

async function change(
  context: CommandContext,
  named: string | undefined,
  node: string,
  availability: 'active' | 'drain',
  yes: boolean,
): Promise<void> {
  const client = await context.client()
  const cluster = await clusterOf(context, client, named)
  const { items } = await client.call('listNodes', { params: { cluster }, signal: context.interrupted })
  const found = items.find((item) => item.id === node) ?? items.find((item) => item.name === node)
  if (found === undefined) {
    throw usage(`there is no machine ${JSON.stringify(node)} in cluster ${cluster}`, 'see `escale nodes ls`', {
      allowed: items.map((item) => item.name),
    })
  }
  if (availability === 'drain')
    await context.confirm(`Move everything away from ${found.name} of cluster ${cluster}?`, yes)
  await client.call('changeNode', {
    params: { cluster, node: found.id },
    body: { availability },
    idempotencyKey: context.idempotencyKey(),
    signal: context.interrupted,
  })
  const text =
    availability === 'drain'
      ? `${found.name} is being drained: its instances move to other machines`
      : `${found.name} takes instances again`
  await context.out.show({ node: found.id, name: found.name, availability }, () => (context.out.quiet ? '' : text))
}

const drain = command({
  name: 'drain',
  summary: 'move everything away from a machine',
  description: 'Moves the instances of a machine to others and gives it no new ones, until it is made active again.',
  options: { ...clusterOption, ...yesOption },
  arguments: { node: { description: 'its name or id', required: true } },
  examples: [{ line: 'escale nodes drain worker-2', says: 'before maintenance' }],
  handler: (context, { options, args }) => change(context, options.cluster, args.node, 'drain', options.yes),
})

const activate = command({
  name: 'activate',
  summary: 'make a machine take instances again',
  description: 'Makes a drained machine take instances again.',
  options: clusterOption,
  arguments: { node: { description: 'its name or id', required: true } },
  examples: [{ line: 'escale nodes activate worker-2', says: 'after maintenance' }],
  handler: (context, { options, args }) => change(context, options.cluster, args.node, 'active', true),
})

export const nodes = group({
  name: 'nodes',
  summary: 'list, drain and activate machines',
  description: 'The machines of a cluster.',
  commands: [list, drain, activate],
})
