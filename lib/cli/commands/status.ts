import type { AppStatus } from '../../client/types.ts'
import { addressOf, appOptions, callOf, titleOf } from '../app.ts'
import { command } from '../command.ts'
import type { Output } from '../output/output.ts'
import { formatTable } from '../output/table.ts'
import type { Style } from '../output/style.ts'
import { formatAge } from '../output/units.ts'
import { harmless } from '../output/width.ts'

type Unit = AppStatus['units'][number]
type Instance = Unit['instances'][number]

export const status = command({
  name: 'status',
  summary: 'show what runs',
  description:
    'Shows the services and jobs of an app, their instances, the last deployment and the addresses. `-o wide` shows every instance.',
  options: appOptions,
  arguments: { app: { description: 'the app, the same as --app', completes: 'app' } },
  watchable: true,
  examples: [
    { line: 'escale status', says: 'of the app in this folder' },
    { line: 'escale status shop --env production --watch', says: 'again whenever it changed' },
    { line: 'escale status -o json | jq .units', says: 'for scripts' },
  ],
  async handler(context, { options, args }) {
    const address = await addressOf(context, { ...options, app: args.app ?? options.app })
    const client = await context.client()
    const found = await client.call('getStatus', { ...callOf(address), signal: context.interrupted })
    const { out, world } = context
    await out.show(found, () => statusText(titleOf(address), found, out, world.clock.nowMs()))
  },
})

function statusText(title: string, found: AppStatus, out: Output, nowMs: number): string {
  const { style } = out
  const table = { wide: out.format === 'wide', style, ...(out.width !== undefined && { width: out.width }) }
  const release = found.release === undefined ? 'no release' : `release ${String(found.release)}`
  const blocks: string[] = []
  if (found.removedAt !== undefined)
    blocks.push(`${style.bold(title)} was removed from ${found.cluster}; kept data is left`)
  else blocks.push(`${style.bold(title)} on ${found.cluster}: ${release}`)
  if (found.deployment !== undefined) blocks[0] += `\n${deploymentLine(found.deployment, style, nowMs)}`
  if (found.units.length > 0) {
    blocks.push(
      formatTable<Unit>(
        found.units,
        [
          { title: 'NAME', value: (unit) => unit.name },
          {
            title: 'KIND',
            value: (unit) => (unit.mode === undefined || unit.mode === 'replicated' ? unit.kind : unit.mode),
          },
          {
            title: 'READY',
            value: readiness,
            right: true,
            colour: (unit, colours) =>
              unit.desired !== undefined && unit.ready < unit.desired ? colours.yellow : colours.green,
          },
          { title: 'STATE', value: unitState },
          {
            title: 'IMAGE',
            value: (unit) => unit.instances.find((each) => each.wanted)?.image ?? '',
            shrinks: true,
            wide: true,
            sparse: true,
          },
          { title: 'REASON', value: reasonOf, shrinks: true, sparse: true },
        ],
        table,
      ),
    )
  }
  const instances = found.units.flatMap((unit) => unit.instances.map((instance) => ({ unit: unit.name, instance })))
  if (out.format === 'wide' && instances.length > 0) blocks.push(instanceTable(instances, table, nowMs))
  if (found.routes.length > 0) {
    blocks.push(
      formatTable(
        found.routes,
        [
          { title: 'ROUTE', value: (route) => `${route.service}.${route.route}` },
          { title: 'ADDRESS', value: (route) => route.url },
        ],
        table,
      ),
    )
  }
  if (found.volumes.length > 0) blocks.push(`volumes: ${found.volumes.join(', ')}`)
  return blocks.join('\n\n')
}

function deploymentLine(deployment: NonNullable<AppStatus['deployment']>, style: Style, nowMs: number): string {
  const colour = deployment.state === 'succeeded' ? style.green : deployment.ended ? style.red : style.cyan
  const when = deployment.endedAt ?? deployment.createdAt
  const why = deployment.reason === undefined ? '' : `: ${harmless(deployment.reason)}`
  return `${deployment.kind} of release ${String(deployment.release)} ${colour(deployment.state)} ${formatAge(when, nowMs)} ago by ${harmless(deployment.by)}${why} ${style.dim(deployment.id)}`
}

const readiness = (unit: Unit): string => {
  if (unit.kind === 'job') return '-'
  return unit.desired === undefined ? String(unit.ready) : `${String(unit.ready)}/${String(unit.desired)}`
}

function unitState(unit: Unit): string {
  if (unit.stopped) return 'stopped'
  const wanted = unit.instances.filter((instance) => instance.wanted)
  const counts = new Map<string, number>()
  for (const { state } of wanted) counts.set(state, (counts.get(state) ?? 0) + 1)
  if (counts.size === 0) return unit.kind === 'job' ? '-' : 'none'
  if (counts.size === 1) return [...counts.keys()][0]!
  return [...counts].map(([state, number]) => `${String(number)} ${state}`).join(', ')
}

/** Why the youngest one that ended or waits does so. */
const reasonOf = (unit: Unit): string =>
  [...unit.instances]
    .sort((a, b) => (a.since < b.since ? 1 : -1))
    .find((each) => each.reason !== undefined && each.state !== 'ready')?.reason ?? ''

/** Some targets name slots after their unit, some count them. */
const slotOf = (unit: string, slot: string | undefined): string =>
  slot === undefined || slot.startsWith(`${unit}-`) ? (slot ?? unit) : `${unit}-${slot}`

const instanceTable = (
  rows: readonly { readonly unit: string; readonly instance: Instance }[],
  options: Parameters<typeof formatTable>[2],
  nowMs: number,
): string =>
  formatTable(
    rows,
    [
      { title: 'INSTANCE', value: ({ instance }) => instance.id },
      { title: 'OF', value: ({ unit, instance }) => slotOf(unit, instance.slot) },
      {
        title: 'STATE',
        value: ({ instance }) =>
          `${instance.state}${instance.exitCode === undefined ? '' : ` (${String(instance.exitCode)})`}`,
      },
      { title: 'NODE', value: ({ instance }) => instance.node ?? '', sparse: true },
      { title: 'ADDRESS', value: ({ instance }) => Object.values(instance.addresses ?? {}).join(', '), sparse: true },
      { title: 'SINCE', value: ({ instance }) => formatAge(instance.since, nowMs), right: true },
    ],
    options,
  )
