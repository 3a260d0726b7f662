/** A deployment under way, as lines. */
import type { AppStatus, Deployment, Event } from '../../client/types.ts'
import type { Style } from '../output/style.ts'
import { harmless } from '../output/width.ts'

type Step = Deployment['steps'][number]
type UnitStatus = AppStatus['units'][number]

/** A wait whose conditions are met by what came before it is under way, though the server has not judged it yet. */
export function isUnderWay(step: Step, steps: readonly Step[]): boolean {
  if (step.state === 'running') return true
  if (step.state !== 'pending' || (step.kind !== 'wait' && step.kind !== 'gate')) return false
  const before = new Set(step.after)
  return steps.every((each) => !before.has(each.id) || each.state === 'done')
}

/** What is wanted is told by the release that stands, so it says nothing while a count is being changed. */
const changesCounts: ReadonlySet<Deployment['kind']> = new Set(['scale', 'stop', 'start'])

export const unitsShown = (deployment: Deployment, units: readonly UnitStatus[]): readonly UnitStatus[] =>
  changesCounts.has(deployment.kind) ? units.map(({ desired: _desired, ...unit }) => unit) : units

export function readinessOf(step: Step, units: readonly UnitStatus[]): string {
  if (step.kind !== 'wait' || step.unit === undefined || step.state === 'done') return ''
  const unit = units.find((each) => each.name === step.unit)
  if (unit === undefined) return ''
  const wanted = unit.desired === undefined ? '' : `/${String(unit.desired)}`
  const failing = unit.instances.filter((instance) => instance.state === 'failed').length
  return `${String(unit.ready)}${wanted} ready${failing === 0 ? '' : `, ${String(failing)} failed`}`
}

export function stepLine(step: Step, steps: readonly Step[], units: readonly UnitStatus[], style: Style): string {
  const title = harmless(step.title)
  const readiness = readinessOf(step, units)
  const tail = readiness === '' ? '' : `  ${style.dim(readiness)}`
  switch (step.state) {
    case 'done':
      return `  ${style.green('✓')} ${title}`
    case 'failed':
      return `  ${style.red('✗')} ${title}${tail}`
    case 'running':
    case 'pending':
      return isUnderWay(step, steps) ? `  ${style.cyan('◐')} ${title}${tail}` : `  ${style.dim(`· ${title}`)}`
  }
}

/** What fits: what is under way or failed always, else the last that was done and the next that come. */
export function stepLines(
  deployment: Deployment,
  units: readonly UnitStatus[],
  style: Style,
  most: number,
): readonly string[] {
  const { steps } = deployment
  if (steps.length <= most) return steps.map((step) => stepLine(step, steps, units, style))
  const done = steps.filter((step) => step.state === 'done').length
  const open = steps.filter((step) => step.state !== 'done')
  const urgent = open.filter((step) => step.state === 'failed' || isUnderWay(step, steps))
  const room = Math.max(1, most - 2)
  const shown = [...urgent, ...open.filter((step) => !urgent.includes(step))].slice(0, room)
  const inOrder = open.filter((step) => shown.includes(step))
  const left = open.length - inOrder.length
  return [
    `  ${style.green('✓')} ${String(done)} of ${String(steps.length)} steps done`,
    ...inOrder.map((step) => stepLine(step, steps, units, style)),
    ...(left === 0 ? [] : [`  ${style.dim(`· and ${String(left)} more`)}`]),
  ]
}

/** Events that a person who waits wants to know at once. */
const telling: ReadonlySet<string> = new Set([
  'deployment.waiting',
  'deployment.approved',
  'deployment.rollingBack',
  'deployment.superseded',
  'instance.failed',
  'instance.unready',
  'run.failed',
])

export function eventLine(event: Event, style: Style): string | undefined {
  if (!telling.has(event.type)) return undefined
  const reason = event.reason === undefined ? '' : `: ${harmless(event.reason)}`
  const colour = event.type === 'deployment.approved' ? style.green : style.yellow
  return `  ${colour('!')} ${harmless(event.subject)} ${event.type.replace('.', ' ')}${reason}`
}

/** What is told several times at once is told once, with how often. */
export function eventLines(events: readonly Event[], style: Style): readonly string[] {
  const counts = new Map<string, number>()
  for (const event of events) {
    const line = eventLine(event, style)
    if (line !== undefined) counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  return [...counts].map(([line, count]) => (count === 1 ? line : `${line} (${String(count)} times)`))
}
