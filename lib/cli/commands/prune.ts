import { command } from '../command.ts'
import { formatTable } from '../output/table.ts'
import { formatBytes } from '../output/units.ts'
import { clusterOf, clusterOption, yesOption } from './shared.ts'

export const prune = command({
  name: 'prune',
  summary: 'report what nobody uses, then remove it',
  description:
    'Shows what nobody uses on a cluster (images, containers, networks, volumes …) and why, asks, and removes exactly that.',
  options: {
    ...clusterOption,
    ...yesOption,
    dryRun: { description: 'report only' },
    kind: {
      value: 'kind',
      repeat: true,
      choices: ['image', 'container', 'network', 'volume', 'object'],
      description: 'only this kind; may stand several times',
    },
  },
  arguments: {},
  examples: [
    { line: 'escale prune --dry-run', says: 'the report' },
    { line: 'escale prune --kind image --yes', says: 'images, without being asked' },
  ],
  async handler(context, { options }) {
    const { out } = context
    const client = await context.client()
    const cluster = await clusterOf(context, client, options.cluster)
    const report = await client.call('reportUnused', { params: { cluster }, signal: context.interrupted })
    const items = report.items.filter((item) => options.kind.length === 0 || options.kind.includes(item.kind))
    const bytes = items.reduce((sum, item) => sum + item.sizeBytes, 0)
    const table = (): string =>
      formatTable(
        items,
        [
          { title: 'KIND', value: (item) => item.kind },
          { title: 'NAME', value: (item) => item.name, shrinks: true },
          { title: 'SIZE', value: (item) => formatBytes(item.sizeBytes), right: true },
          { title: 'WHY', value: (item) => item.reason, shrinks: true },
          { title: 'NATIVE ID', value: (item) => item.nativeId, wide: true },
        ],
        { wide: out.format === 'wide', style: out.style, ...(out.width !== undefined && { width: out.width }) },
      )
    if (items.length === 0) {
      await out.show({ removed: [], unused: [] }, () => '')
      if (out.forPeople) out.note(`Nothing on ${cluster} is unused.`)
      return
    }
    if (options.dryRun) {
      await out.show({ removed: [], unused: items }, table)
      return
    }
    if (out.forPeople && !out.quiet) out.line(table())
    await context.confirm(`Remove these ${String(items.length)} things, ${formatBytes(bytes)}?`, options.yes)
    const removed = await client.call('reclaim', {
      params: { cluster },
      body: { items: items.map(({ kind, nativeId }) => ({ kind, nativeId })) },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    const freed = removed.items.reduce((sum, item) => sum + item.sizeBytes, 0)
    await out.show({ removed: removed.items, unused: items }, () =>
      out.quiet ? '' : `${String(removed.items.length)} of ${String(items.length)} were removed, ${formatBytes(freed)}`,
    )
  },
})
